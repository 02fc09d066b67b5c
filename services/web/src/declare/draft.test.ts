import { describe, expect, it } from "vitest";
import { groundEn } from "../words/ground-en";
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
import { anotherVenue } from "./more-ground/venues";

const SAYS = { wrongNumber: "no number", unplaced: "no place", moreGround: groundEn };
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

describe("more about the ground", () => {
  const square = { type: "MultiPolygon" as const, coordinates: [] };
  const notes = { mended: 0, below: 0, thinnedKm: 0, isWeak: false };
  const known = draft({
    contours: { name: "cont_mmi.json", contours: [{ intensity: 9, geometry: square }], positions: 0, notes },
    observations: "103.4, 31.0, 11",
    venues: [anotherVenue([], { kind: "school", nameZh: "北川中学", latDeg: "31.8", lonDeg: "104.4", radiusM: "300" })],
    parent: { incidentId: "a", exercise: false },
  });
  const said = {
    intensity_contours: [{ intensity: 9, geometry: square }],
    intensity_observations: [{ lon_deg: 103.4, lat_deg: 31, intensity: 11 }],
    venues: [
      {
        kind: "school",
        zone_kind: "affected",
        name_zh: "北川中学",
        name_en: "北川中学",
        position: { lat_deg: 31.8, lon_deg: 104.4 },
        radius_m: 300,
      },
    ],
  };

  it("is in the declaration and, but for the parent, in the preview", () => {
    expect(declaration(known, SAYS).request).toMatchObject({ ...said, parent_id: "a" });
    const { request, findings } = previewOf(known, null, SAYS);
    expect(request).toMatchObject(said);
    expect(request).not.toHaveProperty("parent_id");
    expect(findings).toEqual([]);
  });

  it("has no parent of the other world", () => {
    expect(declaration({ ...known, exercise: true }, SAYS).request).not.toHaveProperty("parent_id");
  });

  it("names row and field of what cannot be asked about", () => {
    const wrong = { ...known, observations: "103.4, 31.0, 11\n\n31.0, 103.4, 9", venues: [anotherVenue([])] };
    for (const { findings } of [declaration(wrong, SAYS), previewOf(wrong, null, SAYS)]) {
      expect(findings.map((one) => one.where)).toEqual([
        "/intensity_observations",
        "/venues/0/name_zh",
        "/venues/0/position/lat_deg",
        "/venues/0/position/lon_deg",
      ]);
      expect(findings[0]?.what).toMatch(/^row 3: .*swapped/);
    }
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
      { observations: "103, 31, 9" },
      { venues: [anotherVenue([])] },
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
