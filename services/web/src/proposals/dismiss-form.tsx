/** Dismissing: nothing is declared, and it is kept why. */
import { useState } from "preact/hooks";
import type { Schemas } from "../api/answers";
import type { Session } from "../session/session";
import { Field } from "../ui/field";
import { WentWrong } from "../ui/told";
import { useSpeech } from "../words/words";
import { useDeciding } from "./use-deciding";

interface DismissProps {
  session: Session;
  proposalId: string;
  onDismissed: () => void;
}

export function DismissForm({ session, proposalId, onDismissed }: DismissProps) {
  const { words } = useSpeech();
  const wording = words.proposing;
  const [reason, setReason] = useState("");
  const deciding = useDeciding(session);
  const dismiss = async (event: SubmitEvent) => {
    event.preventDefault();
    const body: Schemas["DismissRequest"] = { reason: reason.trim() };
    if (await deciding.send(`/incidents/proposals/${proposalId}/dismiss`, body)) onDismissed();
  };
  return (
    <form class="card" onSubmit={dismiss}>
      <h2>{wording.dismissTitle}</h2>
      <Field label={wording.dismissReason} hint={wording.dismissHint}>
        {(tied) => (
          <input {...tied} required maxLength={500} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />
        )}
      </Field>
      <WentWrong error={deciding.error} />
      <button type="submit" disabled={deciding.isBusy || reason.trim() === ""}>
        {deciding.isUnsure ? wording.dismissAgain : wording.dismiss}
      </button>
    </form>
  );
}
