/** Saying that two which may be the same are not. */
import { useState } from "preact/hooks";
import { useSpeech } from "../words/words";
import { ChangeForm, type ChangeProps } from "./form";
import { useSender } from "./use-sender";

export function DifferentForm(props: ChangeProps & { other: string }) {
  const { words } = useSpeech();
  const [reason, setReason] = useState("");
  const sender = useSender(props.session, `/incidents/${props.incident.incident_id}/different`, {
    onDone: () => props.onDone(words.changing.different),
    onConflict: props.again,
  });
  return (
    <ChangeForm
      {...props}
      title={words.changing.differentAsk}
      fields={["/other"]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      submit={words.changing.differentDone}
      onSubmit={() => sender.send({ other: props.other, reason })}
    />
  );
}
