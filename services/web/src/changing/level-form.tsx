/** Raising and lowering the level. */
import { useState } from "preact/hooks";
import { isRaise, LEVELS } from "../api/level";
import { fill, useSpeech } from "../words/words";
import { Choice } from "./choice";
import { ChangeForm, type ChangeProps } from "./form";
import { useSender } from "./use-sender";

export function LevelForm(props: ChangeProps) {
  const { words } = useSpeech();
  const { incident } = props;
  const [level, setLevel] = useState(incident.level);
  const [reason, setReason] = useState("");
  const text = fill(isRaise(incident.level, level) ? words.changing.raise : words.changing.lower, { level });
  const sender = useSender(props.session, `/incidents/${incident.incident_id}/level`, {
    onDone: () => props.onDone(`${words.level} ${level}`),
    onConflict: props.again,
  });
  const isSame = level === incident.level;
  return (
    <ChangeForm
      {...props}
      title={words.changing.titles.level}
      fields={["/level"]}
      sender={sender}
      reason={reason}
      onReason={setReason}
      check={() =>
        isSame && sender.sending.state !== "unsure" ? [{ where: "/level", what: words.changing.chooseLevel }] : []
      }
      submit={isSame ? words.changing.level : text}
      onSubmit={() => sender.send({ level, reason })}
    >
      <Choice
        pointer="/level"
        label={words.level}
        options={LEVELS.map((one) => ({
          value: one,
          class: `level-${one}`,
          isNow: one === incident.level,
          text: (
            <>
              <strong>{one}</strong> <span>{words.levels[one]}</span>
            </>
          ),
        }))}
        value={level}
        onChange={setLevel}
      />
      <p class="hint">
        {words.changing.levelEffect} {incident.needs_by_hand ? words.changing.needsStay : words.changing.needsFollow}
      </p>
    </ChangeForm>
  );
}
