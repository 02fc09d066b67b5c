/** Levels and phases in their order. Pure. */
import type { Level, Phase } from "./answers";

/** The gravest first. */
export const LEVELS: readonly Level[] = ["I", "II", "III", "IV"];
export const PHASES: readonly Phase[] = ["acute", "transition", "recovery"];

export function isRaise(from: Level, to: Level): boolean {
  return LEVELS.indexOf(to) < LEVELS.indexOf(from);
}
