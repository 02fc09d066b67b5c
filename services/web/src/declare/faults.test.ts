import { expect, it } from "vitest";
import { zh } from "../words/zh";
import { inWords } from "./faults";

const told = (what: string) => inWords({ where: "/x", what }, zh).what;

it("says what it knows in the reader's words, and the rest as it came", () => {
  expect(told("String should match pattern '^\\d{6}(\\d{6})?$'")).toBe(zh.faults.codeForm);
  expect(
    told("latitude 103.4 is not between -90 and 90 degrees. Are lon and lat swapped? GeoJSON has [lon, lat]."),
  ).toBe(zh.faults.swapped);
  expect(told("latitude 95 is not between -90 and 90 degrees.")).toBe(zh.faults.outOfRange);
  expect(told("is missing: give title_zh or title_en, or better both")).toBe(zh.faults.titleMissing);
  expect(told("something new")).toBe("something new");
});
