import { expect, it } from "vitest";
import type { Change } from "../api/answers";
import { speech } from "../words/words";
import { told, whoMade } from "./history";

const EN = speech("en");
const change = (what: string, before: unknown, after: unknown): Change => ({
  what,
  before,
  after,
  reason: null,
  changed_at: "2026-01-01T00:00:00Z",
  changed_by: null,
});
const AREA = {
  place: { type: "Point", coordinates: [103.4, 31] },
  radius_m: 0,
  magnitude: null,
  intensity_observations: 0,
  intensity_contours: [],
  venues: [],
  area_codes: ["513221"],
};

it("tells levels, phases and how many people are wanted", () => {
  expect(told(change("level-raised", "III", "I"), EN).details).toEqual(["III → I"]);
  expect(told(change("phase-advanced", "acute", "recovery"), speech("zh")).details).toEqual(["应急救助 → 恢复重建"]);
  const need = { need_id: "a", zone_kind: "core", role: "support", per_team: 2, teams: 3 };
  expect(told(change("needs-stated", [need], [{ ...need, teams: 5 }]), EN).details).toEqual(["6 → 10 people"]);
});

it("tells of an area only what is different", () => {
  const square = {
    type: "Polygon",
    coordinates: [
      [
        [103, 31],
        [104, 31],
        [104, -30.5],
        [103, 31],
      ],
    ],
  };
  const after = { ...AREA, place: square, magnitude: 8, intensity_contours: [7, 8] };
  expect(told(change("area-revised", AREA, after), EN).details).toEqual([
    "place: 31.0000°, 103.4000° → polygon of 3 corners",
    "magnitude: not known → 8",
    "contours: 0 → 2",
  ]);
});

it("names the other incident, and shows what it has no word for", () => {
  expect(told(change("merged", "open", "some-id"), EN)).toEqual({ what: "Merged into", details: [], other: "some-id" });
  expect(told(change("something-new", 1, 2), EN)).toEqual({ what: "something-new", details: [], other: null });
});

it("says who made a change", () => {
  expect(whoMade("me", "me", EN)).toBe("you");
  expect(whoMade("5bc8d4d1-9c1c-4b78", "me", EN)).toBe("account 5bc8d4d1");
  expect(whoMade(null, "me", EN)).toBe("by itself");
});
