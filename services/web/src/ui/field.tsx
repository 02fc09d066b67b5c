/** A labelled field with its hint and what is wrong with it, tied together for screen readers. */
import type { ComponentChildren } from "preact";
import { createContext } from "preact";
import { useContext, useId } from "preact/hooks";

/** What is wrong, by the JSON pointer of the field. */
export const FaultsContext = createContext<ReadonlyMap<string, string[]>>(new Map());

export interface Tied {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
}

interface FieldProps {
  label: string;
  /** The pointer that the service names the field by. */
  pointer?: string;
  hint?: ComponentChildren;
  class?: string;
  children: (tied: Tied) => ComponentChildren;
}

export function Field({ label, pointer, hint, class: extra, children }: FieldProps) {
  const id = useId();
  const all = useContext(FaultsContext);
  const faults = (pointer === undefined ? undefined : all.get(pointer)) ?? [];
  const about = `${id}-about`;
  return (
    <div class={`field ${extra ?? ""}`} data-pointer={pointer}>
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": about, "aria-invalid": faults.length > 0 })}
      <div id={about} class="about">
        <Faults of={faults} />
        {hint && <div class="hint">{hint}</div>}
      </div>
    </div>
  );
}

export function Faults({ of }: { of: readonly string[] }) {
  return (
    <>
      {of.map((fault) => (
        <div class="fault" key={fault}>
          {fault}
        </div>
      ))}
    </>
  );
}

export function ExerciseMark({ label }: { label: string }) {
  return <span class="exercise-mark">{label}</span>;
}

export function LevelMark({ level }: { level: string }) {
  return <span class={`level level-${level}`}>{level}</span>;
}
