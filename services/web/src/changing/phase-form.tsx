/** Going over to another phase. */
import { useState } from "preact/hooks";
import { PHASES } from "../api/level";
import { fill, useSpeech } from "../words/words";
import { Choice } from "./choice";
import { ChangeForm, type ChangeProps } from "./form";
import { useSender } from "./use-sender";

export function PhaseForm(props: ChangeProps) {
  const { words } = useSpeech();
  const { incident } = props;
  const [phase, setPhase] = useState(incident.phase);
  const [reason, setReason] = useState("");
  const text = fill(words.changing.toPhase, { phase: words.phases[phase] });
  const sender = useSender(props.session, `/incidents/${incident.incident_id}/phase`, {
    onDone: () => props.onDone(text),
    onConflict: props.again,
  });
  const isSame = phase === incident.phase;
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.phase}
      fields={["/phase"]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      check={() =>
        isSame && sender.sending.state !== "unsure" ? [{ where: "/phase", what: words.changing.choosePhase }] : []
      }
      submit={isSame ? words.changing.phase : text}
      onSubmit={() => sender.send({ phase, reason })}
    >
      <Choice
        pointer="/phase"
        label={words.changing.phase}
        options={PHASES.map((one) => ({ value: one, isNow: one === incident.phase, text: words.phases[one] }))}
        value={phase}
        onChange={setPhase}
      />
      <p class="hint">
        {words.changing.phaseEffect} {incident.needs_by_hand ? words.changing.needsStay : words.changing.needsFollow}
      </p>
    </ChangeForm>
  );
}
