/** Asks once more before what cannot be taken back, and says what it does. The button that does it wakes up late and
 * nothing leads the focus to it, so that neither a double click nor a key held down fires it. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useSpeech } from "../words/words";
import { submitText, useHeading } from "./step";
import type { Sending } from "./use-sender";

const WAKE_MS = 1000;

export interface Grave {
  ask: string;
  effects: readonly string[];
  confirm: string;
}

interface GraveProps {
  grave: Grave;
  isReal: boolean;
  sending: Sending;
  isStopped: boolean;
  onYes: () => void;
  onBack: () => void;
  children: ComponentChildren;
}

export function GraveStep({ grave, isReal, sending, isStopped, onYes, onBack, children }: GraveProps) {
  const { words } = useSpeech();
  const [isAwake, setAwake] = useState(false);
  const heading = useHeading();
  useEffect(() => {
    const timer = setTimeout(() => setAwake(true), WAKE_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <section class="change grave-step" aria-label={grave.ask}>
      <h3 ref={heading} tabIndex={-1}>
        {grave.ask}
      </h3>
      <p class={isReal ? "grave" : "hint"}>{isReal ? words.changing.isReal : words.changing.isExercise}</p>
      <ul>
        {grave.effects.map((effect) => (
          <li key={effect}>{effect}</li>
        ))}
      </ul>
      {children}
      <div class="buttons">
        <button type="button" onClick={onBack} disabled={sending.state === "busy"}>
          {words.changing.back}
        </button>
        <button type="button" class="danger" disabled={!isAwake || isStopped} onClick={onYes}>
          {submitText(sending, grave.confirm, words.changing)}
        </button>
      </div>
    </section>
  );
}
