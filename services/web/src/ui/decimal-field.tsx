/** A field for a number with a point; what is typed stays text until it is read. */
import type { ComponentChildren } from "preact";
import { Field } from "./field";

interface DecimalProps {
  label: string;
  pointer: string;
  hint?: ComponentChildren;
  class?: string;
  value: string;
  onValue: (value: string) => void;
}

export function DecimalField({ value, onValue, ...field }: DecimalProps) {
  return (
    <Field {...field}>
      {(tied) => (
        <input {...tied} inputMode="decimal" value={value} onInput={(event) => onValue(event.currentTarget.value)} />
      )}
    </Field>
  );
}
