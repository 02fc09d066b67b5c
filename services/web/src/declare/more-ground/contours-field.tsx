/** Intensity contours from a file on disk: read here, shown on the map, sent only with the declaration. */
import { useContext, useState } from "preact/hooks";
import { Faults, FaultsContext } from "../../ui/field";
import { FileButton } from "../../ui/file-button";
import { fill, useSpeech } from "../../words/words";
import { ContourFault, type Contours, FILE_BYTES_MAX, readContours } from "./contours";
import { FileRefused, textOf, unreadable } from "./files";
import type { GroundProps } from "./more-ground";
import { fileFault } from "./says";

const POINTER = "/intensity_contours";

export function ContoursField({ draft, change }: GroundProps) {
  const { words } = useSpeech();
  const says = words.moreGround;
  const faults = useContext(FaultsContext).get(POINTER) ?? [];
  const [refused, setRefused] = useState<{ name: string; error: unknown } | null>(null);
  const take = async (file: File) => {
    setRefused(null);
    try {
      change({ contours: readContours(file.name, await textOf(file, FILE_BYTES_MAX)) });
    } catch (error) {
      setRefused({ name: file.name, error });
    }
  };
  const remove = () => {
    setRefused(null);
    change({ contours: null });
  };
  return (
    <section data-pointer={POINTER} aria-label={says.contours}>
      <h3>{says.contours}</h3>
      <div role="status">{draft.contours && <ReadContours read={draft.contours} />}</div>
      <div role="alert">
        <Faults of={refused ? [told(refused.name, refused.error), ...faults] : faults} />
      </div>
      <div class="buttons">
        <FileButton
          label={draft.contours ? says.otherContours : says.chooseContours}
          accept=".json,.geojson"
          onFile={(file) => void take(file)}
        />
        {draft.contours && (
          <button type="button" onClick={remove}>
            {says.removeContours}
          </button>
        )}
      </div>
      <p class="hint">{says.contoursHint}</p>
    </section>
  );

  function told(name: string, error: unknown): string {
    if (error instanceof FileRefused) return unreadable(error, says);
    if (error instanceof ContourFault) return fileFault(name, error, says);
    return fill(words.unknownError, { what: String(error) });
  }
}

function ReadContours({ read }: { read: Contours }) {
  const { words, number } = useSpeech();
  const says = words.moreGround;
  const { name, contours, positions, notes } = read;
  const worthALook = [
    notes.mended > 0 && fill(says.mended, { count: number(notes.mended) }),
    notes.below > 0 && fill(says.below, { count: number(notes.below) }),
    notes.thinnedKm > 0 && fill(says.thinned, { km: number(Math.ceil(notes.thinnedKm * 10) / 10) }),
    notes.isWeak && says.isWeak,
  ].filter((note) => note !== false);
  return (
    <>
      <p>
        {fill(says.contoursRead, {
          name,
          count: number(contours.length),
          lowest: number(contours.at(-1)?.intensity ?? 0),
          highest: number(contours.at(0)?.intensity ?? 0),
          positions: number(positions),
        })}
      </p>
      {worthALook.map((note) => (
        <p class="notice" key={note}>
          {note}
        </p>
      ))}
    </>
  );
}
