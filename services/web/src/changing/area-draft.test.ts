import { describe, expect, it } from "vitest";
import { en } from "../words/en";
import { areaDraft, areaKey, areaPreview, revision, shownFields, withPart } from "./area-draft";

const SAYS = { ...en, wrongNumber: "no number", unplaced: "no place", nothingChanged: "nothing" };
const POINT = {
  kind: "earthquake" as const,
  level: "II" as const,
  place: { type: "Point" as const, coordinates: [103.4, 31] },
  radius_m: 12_500,
  magnitude: 7.5,
  area_codes: ["513221", "510181"],
  intensity_observations: [],
  intensity_contours: [],
  venues: [],
};
const RING = [
  [103, 31],
  [104, 31],
  [104, 30],
  [103, 31],
];
const SQUARE = { ...POINT, radius_m: 0, place: { type: "Polygon" as const, coordinates: [RING] } };

describe("a revision", () => {
  it("says nothing of what was not changed, and refuses to say nothing at all", () => {
    expect(revision(areaDraft(POINT), POINT, SAYS)).toEqual({
      request: {},
      findings: [{ where: "", what: "nothing" }],
    });
    const sorted = { ...areaDraft(POINT), draft: { ...areaDraft(POINT).draft, areaCodes: "510181 513221" } };
    expect(revision(sorted, POINT, SAYS).request).toEqual({});
  });

  it("says what was changed, and that a magnitude is no longer known", () => {
    const area = { ...areaDraft(POINT), reachKm: "20" };
    expect(revision(area, POINT, SAYS).request).toEqual({ radius_m: 20_000 });
    expect(revision(withPart(area, { magnitude: "" }, POINT), POINT, SAYS).request).toEqual({
      radius_m: 20_000,
      magnitude: null,
    });
    expect(revision(withPart(areaDraft(POINT), { areaCodes: "513221" }, POINT), POINT, SAYS).request).toEqual({
      area_codes: ["513221"],
    });
    expect(revision(withPart(areaDraft(POINT), { areaCodes: " " }, POINT), POINT, SAYS).request).toEqual({});
  });

  it("starts a place that is said anew from where it is, with all of its numbers", () => {
    expect(revision({ ...areaDraft(POINT), isAnew: true }, POINT, SAYS).request).toEqual({
      place: { lat_deg: 31, lon_deg: 103.4, radius_m: 12_500 },
    });
    expect(revision({ ...areaDraft(SQUARE), isAnew: true }, SQUARE, SAYS).request).toEqual({
      place: SQUARE.place,
      radius_m: 0,
    });
  });

  it("lets a drawing in a point's place not reach as far beyond itself as the point did", () => {
    const drawn = withPart({ ...areaDraft(POINT), isAnew: true }, { placeForm: "polygon" }, POINT);
    const said = revision(withPart(drawn, { corners: "103,31\n104,31\n104,30" }, POINT), POINT, SAYS);
    expect(said.request).toEqual({ place: SQUARE.place, radius_m: 0 });
  });

  it("takes areas as the place and as the areas concerned, and leaves their reach to the service", () => {
    const area = withPart({ ...areaDraft(POINT), isAnew: true }, { placeForm: "areas", placeCodes: "510182" }, POINT);
    expect(revision(area, POINT, SAYS).request).toEqual({
      place: { area_codes: ["510182"] },
      area_codes: ["510182"],
    });
  });

  it("names the field of what is no number, of those that are shown", () => {
    const wrong = withPart({ ...areaDraft(POINT), reachKm: "far" }, { latDeg: "x", magnitude: "big" }, POINT);
    const findings = revision(wrong, POINT, SAYS).findings.map((one) => one.where);
    expect(findings).toEqual(["/magnitude", "/radius_m"]);
    expect(shownFields(wrong)).toEqual(["/area_codes", "/radius_m", "/magnitude"]);
  });
});

describe("its preview", () => {
  it("asks with all that decides the zones, as it would then stand", () => {
    const felt = { ...POINT, intensity_observations: [{ lon: 103, lat: 31, intensity: 9 }] as never };
    const { request, findings } = areaPreview({ ...areaDraft(felt), reachKm: "1" }, felt, null, SAYS);
    expect(findings).toEqual([]);
    expect(request).toMatchObject({
      kind: "earthquake",
      level: "II",
      place: POINT.place,
      radius_m: 1000,
      magnitude: 7.5,
      intensity_observations: felt.intensity_observations,
    });
  });

  it("grows old with each of its parts", () => {
    const area = areaDraft(POINT);
    const keys = [area, { ...area, isAnew: true }, { ...area, reachKm: "1" }, withPart(area, { latDeg: "1" }, POINT)];
    expect(new Set(keys.map(areaKey)).size).toBe(4);
  });
});
