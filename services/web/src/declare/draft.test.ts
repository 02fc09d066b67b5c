import { describe, expect, it } from "vitest";
import {
  anotherNeed,
  codesOf,
  cornersOf,
  type Draft,
  declaration,
  emptyDraft,
  peopleWanted,
  previewKey,
  previewOf,
  withCorner,
  withoutLastCorner,
} from "./draft";

const SAYS = { wrongNumber: "no number", unplaced: "no place" };
const draft = (part: Partial<Draft>): Draft => ({
  ...emptyDraft("2008-05-12T14:28"),
  latDeg: "31.0",
  lonDeg: "103.4",
  ...part,
});

describe("a declaration", () => {
  it("says the time with China's offset and leaves out what was not said", () => {
    const { request, findings } = declaration(draft({ titleZh: " 汶川地震 " }), SAYS);
    expect(findings).toEqual([]);
    expect(request).toEqual({
      kind: "earthquake",
      level: "III",
      title_zh: "汶川地震",
      occurred_at: "2008-05-12T14:28:00+08:00",
      place: { lat_deg: 31, lon_deg: 103.4 },
      exercise: false,
    });
  });

  it("closes a ring that was left open, and not one that is closed", () => {
    const open = declaration(draft({ placeForm: "polygon", corners: "103,31\n104,31\n104,30" }), SAYS);
    const closed = declaration(draft({ placeForm: "polygon", corners: "103,31\n104,31\n104,30\n103,31" }), SAYS);
    expect(open.request.place).toEqual({
      type: "Polygon",
      coordinates: [
        [
          [103, 31],
          [104, 31],
          [104, 30],
          [103, 31],
        ],
      ],
    });
    expect(closed.request.place).toEqual(open.request.place);
  });

  it("never loses a corner in silence", () => {
    const { findings } = declaration(draft({ placeForm: "polygon", corners: "103,31\n104;31\n104,30" }), SAYS);
    expect(findings).toEqual([{ where: "/place/coordinates", what: "no number" }]);
  });

  it("names the field of what is no number", () => {
    const { findings } = declaration(
      draft({ placeForm: "circle", latDeg: "x", radiusKm: "", magnitude: "eight" }),
      SAYS,
    );
    expect(findings.map((one) => one.where)).toEqual(["/place/lat_deg", "/place/radius_m", "/magnitude"]);
  });

  it("takes a radius in kilometres and codes with any separator", () => {
    const { request } = declaration(
      draft({ placeForm: "circle", radiusKm: "2.5", areaCodes: "513221，510181、510182" }),
      SAYS,
    );
    expect(request.place).toEqual({ lat_deg: 31, lon_deg: 103.4, radius_m: 2500 });
    expect(request.area_codes).toEqual(["513221", "510181", "510182"]);
  });
});

describe("a preview", () => {
  it("asks with GeoJSON, longitude first", () => {
    expect(previewOf(draft({}), null, SAYS).request.place).toEqual({ type: "Point", coordinates: [103.4, 31] });
  });

  it("uses the ground of a named place, and says when there is none", () => {
    const ground = { type: "Point" as const, coordinates: [103, 31] };
    const named = draft({ placeForm: "address", address: "汶川" });
    expect(previewOf(named, ground, SAYS).request.place).toEqual(ground);
    expect(previewOf(named, null, SAYS).findings).toEqual([{ where: "/place/address", what: "no place" }]);
  });

  it("grows old by what decides the zones, and by nothing else", () => {
    const before = previewKey(draft({}));
    expect(previewKey(draft({ titleZh: "x", narrative: "y", exercise: true }))).toBe(before);
    for (const part of [
      { level: "I" },
      { latDeg: "30" },
      { placeForm: "circle" },
      { magnitude: "8" },
    ] as Partial<Draft>[]) {
      expect(previewKey(draft(part))).not.toBe(before);
    }
  });
});

describe("corners and needs", () => {
  it("adds and takes back corners", () => {
    const text = withCorner(withCorner("", [103, 31]), [104, 30.5]);
    expect(cornersOf(text)).toEqual([
      [103, 31],
      [104, 30.5],
    ]);
    expect(cornersOf(withoutLastCorner(text))).toEqual([[103, 31]]);
  });

  it("counts people and gives a new line an id of its own", () => {
    const one = anotherNeed([]);
    const two = anotherNeed([one]);
    expect(two.need_id).not.toBe(one.need_id);
    expect(peopleWanted([{ ...one, per_team: 2, teams: 3 }, two])).toBe(7);
    expect(codesOf("  ")).toEqual([]);
  });
});
