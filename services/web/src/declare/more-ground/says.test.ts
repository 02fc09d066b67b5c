import { expect, it } from "vitest";
import { groundEn } from "../../words/ground-en";
import { emptyDraft } from "../draft";
import { ContourFault } from "./contours";
import { fileFault, rowFindings, stillMeant } from "./says";
import { anotherVenue } from "./venues";

it("names file and place of what is wrong, and rows up to as many as somebody reads", () => {
  expect(fileFault("a.json", new ContourFault("notJson", "3:14"), groundEn)).toBe(
    "“a.json”, line 3, column 14: this is no JSON",
  );
  expect(fileFault("a.json", new ContourFault("nothing"), groundEn)).toBe("“a.json”: no ground is enclosed");
  const faults = Array.from({ length: 13 }, (_, n) => ({ row: n + 1, code: "number" as const, found: "x".repeat(99) }));
  const told = rowFindings(faults, groundEn).map((one) => one.what);
  expect(told).toHaveLength(11);
  expect(told[0]).toMatch(/^row 1: “x{40}…”/);
  expect(told[10]).toBe("3 more rows are wrong");
});

it("forgets what was said of rows, of a file and of venues that are others now", () => {
  const one = (where: string) => ({ where, what: "wrong" });
  const findings = [one("/level"), one("/intensity_observations"), one("/venues/1/radius_m")];
  const draft = { ...emptyDraft(""), venues: [anotherVenue([])] };
  expect(stillMeant(findings, draft, { observations: "" }).map((f) => f.where)).toEqual([
    "/level",
    "/venues/1/radius_m",
  ]);
  expect(stillMeant(findings, draft, { venues: [] }).map((f) => f.where)).toEqual([
    "/level",
    "/intensity_observations",
  ]);
  expect(stillMeant(findings, draft, { venues: draft.venues, level: "I" })).toBe(findings);
});
