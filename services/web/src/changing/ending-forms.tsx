/** Closing an incident, and letting a closed one go on as another. */
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { fill, useSpeech } from "../words/words";
import { ChangeForm, type ChangeProps } from "./form";
import { useSender } from "./use-sender";

export function CloseForm(props: ChangeProps) {
  const { words, titled } = useSpeech();
  const [reason, setReason] = useState("");
  const sender = useSender(props.session, `/incidents/${props.incident.incident_id}/close`, {
    onDone: () => props.onDone(words.changing.whats.closed),
    onConflict: props.again,
  });
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.close}
      fields={[]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      submit={words.changing.closeNext}
      onSubmit={() => sender.send({ reason })}
      grave={{
        ask: fill(words.changing.closeAsk, { title: titled(props.incident) }),
        effects: words.changing.closeEffects,
        confirm: words.changing.closeConfirm,
      }}
    />
  );
}

export function ReopenForm(props: ChangeProps) {
  const { words, titled } = useSpeech();
  const [, go] = useLocation();
  const { incident } = props;
  const [reason, setReason] = useState("");
  const sender = useSender<{ continued_as: string }>(props.session, `/incidents/${incident.incident_id}/reopen`, {
    onDone: (answer) => go(`/incidents/${answer.continued_as}`),
    onConflict: props.again,
  });
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.reopen}
      fields={[]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      isPossible={incident.state === "closed" && incident.continued_as === null && incident.merged_into === null}
      submit={words.changing.reopenNext}
      onSubmit={() => sender.send({ reason })}
      grave={{
        ask: fill(words.changing.reopenAsk, { title: titled(incident) }),
        effects: words.changing.reopenEffects,
        confirm: words.changing.reopenConfirm,
      }}
    />
  );
}
