/** One of several, with which it is now. */
import type { ComponentChildren } from "preact";
import { useContext, useId } from "preact/hooks";
import { Faults, FaultsContext } from "../ui/field";
import { useSpeech } from "../words/words";

export interface Option<Value> {
  value: Value;
  text: ComponentChildren;
  isNow?: boolean;
  class?: string;
}

interface ChoiceProps<Value> {
  pointer: string;
  label: string;
  options: readonly Option<Value>[];
  value: Value | null;
  onChange: (value: Value) => void;
}

export function Choice<Value extends string>({ pointer, label, options, value, onChange }: ChoiceProps<Value>) {
  const { words } = useSpeech();
  const name = useId();
  const faults = useContext(FaultsContext).get(pointer) ?? [];
  return (
    <fieldset class="levels" data-pointer={pointer}>
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} class={`level-choice ${option.class ?? ""}`}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span class="option">{option.text}</span>
          {option.isNow && <small class="now">{words.changing.now}</small>}
        </label>
      ))}
      <Faults of={faults} />
    </fieldset>
  );
}
