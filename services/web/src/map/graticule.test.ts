import { expect, it } from "vitest";
import { degrees, stepFor } from "./graticule";

it("puts lines on any screen that lie apart, and as many as fit", () => {
  for (const px of [280, 660, 1200]) {
    for (const span of [90, 40, 8, 1.3, 0.2, 0.1]) {
      const apart = (stepFor(span, px) / span) * px;
      expect(apart).toBeGreaterThanOrEqual(60);
      expect(apart).toBeLessThan(60 * 3.5);
    }
  }
});

it("says degrees as finely as the lines lie", () => {
  expect(degrees(103.4, "E", "W", 0.2)).toBe("103.4°E");
  expect(degrees(-30, "N", "S", 10)).toBe("30°S");
});
