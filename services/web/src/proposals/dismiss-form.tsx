/** Dismissing: nothing is declared, and it is kept why. */
import { useState } from "preact/hooks";
import type { Schemas } from "../api/answers";
import { useSender } from "../changing/use-sender";
import type { Session } from "../session/session";
import { Field } from "../ui/field";
import { WentWrong } from "../ui/told";
import { useSpeech } from "../words/words";

interface DismissProps {
  session: Session;
  proposalId: string;
  /** It was dismissed, or somebody else has decided. */
  onDecided: () => void;
}

export function DismissForm({ session, proposalId, onDecided }: DismissProps) {
  const { words } = useSpeech();
  const wording = words.proposing;
  const [reason, setReason] = useState("");
  const path = `/incidents/proposals/${proposalId}/dismiss`;
  const { sending, send } = useSender(session, path, { onDone: onDecided, onConflict: onDecided });
  const dismiss = (event: SubmitEvent) => {
    event.preventDefault();
    const body: Schemas["DismissRequest"] = { reason: reason.trim() };
    send(body);
  };
  return (
    <form class="card" onSubmit={dismiss}>
      <h2>{wording.dismissTitle}</h2>
      <Field label={wording.dismissReason} hint={wording.dismissHint}>
        {(tied) => (
          <input {...tied} required maxLength={500} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />
        )}
      </Field>
      {sending.state === "unsure" && (
        <p class="notice bad" role="alert">
          {words.noAnswer}
        </p>
      )}
      {sending.state === "failed" && <WentWrong error={sending.error} />}
      <button type="submit" disabled={sending.state === "busy" || reason.trim() === ""}>
        {sending.state === "unsure" ? wording.dismissAgain : wording.dismiss}
      </button>
    </form>
  );
}
