import { expect, it } from "vitest";
import { degrees, stepFor } from "./graticule";

it("puts a few lines on any screen", () => {
  for (const span of [170, 40, 8, 1.3, 0.2, 0.05]) {
    const lines = span / stepFor(span);
    expect(lines).toBeGreaterThanOrEqual(4);
    expect(lines).toBeLessThan(14);
  }
});

it("says degrees as finely as the lines lie", () => {
  expect(degrees(103.4, "E", "W", 0.2)).toBe("103.4°E");
  expect(degrees(-30, "N", "S", 10)).toBe("30°S");
});
