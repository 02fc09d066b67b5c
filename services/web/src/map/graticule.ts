/** Which lines a graticule has, and what is written at them. Pure. */

const STEPS_DEG = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const APART_PX = 60;

/** The finest step whose lines lie far enough apart on the screen for what is written at them. */
export function stepFor(spanDeg: number, spanPx: number): number {
  return STEPS_DEG.find((step) => (step / spanDeg) * spanPx >= APART_PX) ?? 30;
}

export function degrees(value: number, positive: string, negative: string, step: number): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  return `${Math.abs(value).toFixed(digits)}°${value < 0 ? negative : positive}`;
}
