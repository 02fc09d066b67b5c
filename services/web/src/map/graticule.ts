/** Which lines a graticule has, and what is written at them. Pure. */

const STEPS_DEG = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];
const LINES_WANTED = 4;

/** The widest step that still puts a few lines on the screen. */
export function stepFor(spanDeg: number): number {
  return STEPS_DEG.find((step) => spanDeg / step >= LINES_WANTED) ?? 0.01;
}

export function degrees(value: number, positive: string, negative: string, step: number): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  return `${Math.abs(value).toFixed(digits)}°${value < 0 ? negative : positive}`;
}
