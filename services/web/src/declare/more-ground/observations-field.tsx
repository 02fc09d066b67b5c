/** Intensity observations as rows, pasted or from a file; a file's rows can be seen and mended like pasted ones. */
import { useContext, useMemo, useState } from "preact/hooks";
import { Faults, FaultsContext, Field } from "../../ui/field";
import { FileButton } from "../../ui/file-button";
import { fill, useSpeech } from "../../words/words";
import { FileRefused, textOf, unreadable } from "./files";
import type { GroundProps } from "./more-ground";
import { FILE_BYTES_MAX, observationsOf } from "./observations";
import { rowFindings } from "./says";

const POINTER = "/intensity_observations";

export function ObservationsField({ draft, change }: GroundProps) {
  const { words, number } = useSpeech();
  const says = words.moreGround;
  const [refused, setRefused] = useState<FileRefused | null>(null);
  const rows = useMemo(() => observationsOf(draft.observations), [draft.observations]);
  const told = useContext(FaultsContext).get(POINTER) ?? [];
  const faults = rowFindings(rows.faults, says)
    .map((finding) => finding.what)
    .filter((what) => !told.includes(what));
  const take = async (file: File) => {
    try {
      change({ observations: await textOf(file, FILE_BYTES_MAX) });
      setRefused(null);
    } catch (error) {
      if (!(error instanceof FileRefused)) throw error;
      setRefused(error);
    }
  };
  return (
    <>
      <h3>{says.observations}</h3>
      <Field label={says.observations} pointer={POINTER} class="untitled" hint={says.observationsHint}>
        {(tied) => (
          <>
            <textarea
              {...tied}
              aria-invalid={tied["aria-invalid"] || faults.length > 0}
              rows={draft.observations === "" ? 2 : 6}
              class="numbers"
              placeholder="103.40, 31.00, 11"
              value={draft.observations}
              onInput={(e) => change({ observations: e.currentTarget.value })}
            />
            <Faults of={refused ? [unreadable(refused, says), ...faults] : faults} />
          </>
        )}
      </Field>
      {rows.observations.length > 0 && (
        <p role="status">{fill(says.observationsRead, { count: number(rows.observations.length) })}</p>
      )}
      <div class="buttons">
        <FileButton label={says.chooseObservations} accept=".csv,.txt,.tsv" onFile={(file) => void take(file)} />
        {draft.observations !== "" && (
          <button type="button" onClick={() => change({ observations: "" })}>
            {words.clear}
          </button>
        )}
      </div>
    </>
  );
}
