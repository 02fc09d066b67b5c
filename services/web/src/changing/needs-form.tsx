/** Stating the needs anew. */
import { useContext, useState } from "preact/hooks";
import type { NeedLine } from "../api/answers";
import { anotherNeed, peopleWanted } from "../declare/draft";
import { NeedLines } from "../declare/needs-fields";
import { useAsked } from "../ui/asked";
import { Faults, FaultsContext } from "../ui/field";
import { fill, useSpeech } from "../words/words";
import { ChangeForm, type ChangeProps } from "./form";
import { useSender } from "./use-sender";

export function NeedsForm(props: ChangeProps) {
  const { words } = useSpeech();
  const { incident, session } = props;
  const [needs, setNeeds] = useState<NeedLine[]>(incident.needs);
  const [reason, setReason] = useState("");
  const sender = useSender(session, `/incidents/${incident.incident_id}/needs`, {
    onDone: () => props.onDone(words.changing.needsDone),
    onConflict: props.again,
  });
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.needs}
      fields={["/needs"]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      isReasonOptional
      check={() => (needs.length === 0 ? [{ where: "/needs", what: words.changing.needMissing }] : [])}
      submit={words.changing.needsDone}
      onSubmit={() => sender.send({ needs, ...(reason.trim() ? { reason } : {}) })}
    >
      <Lines {...props} needs={needs} onChange={setNeeds} />
    </ChangeForm>
  );
}

function Lines({
  session,
  incident,
  needs,
  onChange,
}: ChangeProps & { needs: NeedLine[]; onChange: (needs: NeedLine[]) => void }) {
  const { words } = useSpeech();
  const { kind, level, phase } = incident;
  const faults = useContext(FaultsContext).get("/needs") ?? [];
  const template = useAsked(
    (signal) =>
      session.call<{ items: { needs: NeedLine[] }[] }>(
        `/incidents/templates?kind=${kind}&level=${level}&phase=${phase}`,
        { signal },
      ),
    [kind, level, phase],
  );
  const lines = template.value?.items[0]?.needs;
  return (
    <div data-pointer="/needs">
      <p class="hint" aria-live="polite">
        {fill(words.peopleWanted, { count: peopleWanted(needs) })}
      </p>
      <Faults of={faults} />
      <NeedLines needs={needs} onChange={onChange} />
      <div class="buttons">
        <button type="button" onClick={() => onChange([...needs, anotherNeed(needs)])}>
          {words.addNeed}
        </button>
        <button type="button" disabled={!lines} onClick={() => lines && onChange(lines)}>
          {fill(words.changing.templateLines, { level, phase: words.phases[phase] })}
        </button>
      </div>
      <p class="hint">{words.changing.needsEffect}</p>
    </div>
  );
}
