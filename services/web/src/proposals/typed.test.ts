import { expect, it } from "vitest";
import type { Picture, Proposal } from "./model";
import { acceptance, gaps, nothingTyped, previewOf, warnings } from "./typed";

const PLACE = { type: "Point" as const, coordinates: [103.4, 31] };
const silent: Picture = {
  sender: "a@b",
  identifier: "1",
  sent_at: null,
  action: "propose",
  exercise: false,
  is_restricted: false,
  kind: "earthquake",
  level: null,
  level_reason: null,
  occurred_at: null,
  expires_at: null,
  place: null,
  radius_m: 0,
  area_names: [],
  area_codes: [],
  title_zh: null,
  title_en: null,
  title_other: null,
  magnitude: null,
  intensity_max: null,
  contours: [],
  observations: [],
  exposure: {},
  notes: [],
};
const full: Picture = {
  ...silent,
  occurred_at: "2026-01-01T00:00:00Z",
  level: "II",
  title_other: "Tremblement",
  place: PLACE,
  radius_m: 5000,
  magnitude: 7,
};
const proposal = (picture: Picture, more: Partial<Proposal> = {}): Proposal => ({
  proposal_id: "p",
  revision: 3,
  accepted_revision: null,
  state: "proposed",
  withdrawn: false,
  source: "s",
  kind: picture.kind,
  level: picture.level,
  occurred_at: null,
  area_codes: [],
  exercise: picture.exercise,
  incident_id: null,
  reason: null,
  first_seen_at: "2026-01-01T00:00:00Z",
  changed_at: "2026-01-01T00:00:00Z",
  picture,
  messages: [],
  decided_at: null,
  ...more,
});

it("says what is missing until feed and person together say it", () => {
  const bare = proposal(silent);
  const typed = nothingTyped(bare);
  const said = { ...typed, level: "III" as const, occurredAt: "2026-01-01T08:30" };
  expect(gaps(bare, typed)).toEqual(["level", "title", "time", "place"]);
  expect(gaps(bare, { ...said, titleZh: "震", latDeg: "31", lonDeg: "103" })).toEqual([]);
  expect(gaps(bare, { ...typed, titleEn: "  " })).toContain("title");
  expect(gaps(proposal(full), nothingTyped(proposal(full)))).toEqual([]);
  expect(gaps(bare, { ...typed, how: "attach" })).toEqual(["incident"]);
  expect(gaps(bare, { ...typed, how: "attach", attachTo: "i" })).toEqual([]);
});

it("sends only what the person says otherwise, bound to the revision that was read", () => {
  const read = proposal(full);
  const typed = nothingTyped(read);
  expect(acceptance(read, typed, "no").request).toEqual({ revision: 3 });
  expect(acceptance(read, { ...typed, level: "II" }, "no").request).toEqual({ revision: 3 });
  const said = { ...typed, level: "I" as const, kind: "flood" as const, areaCodes: "513221，510181", latDeg: "1" };
  expect(acceptance(read, said, "no").request).toEqual({
    revision: 3,
    level: "I",
    kind: "flood",
    area_codes: ["513221", "510181"],
  });
});

it("sends nothing to an incident that is there but what may be sent", () => {
  const read = proposal(full);
  const typed = { ...nothingTyped(read), how: "attach" as const, attachTo: "i", titleZh: "x", areaCodes: "513221" };
  expect(acceptance(read, { ...typed, reason: " same quake " }, "no").request).toEqual({
    revision: 3,
    attach_to: "i",
    reason: "same quake",
  });
  const accepted = proposal(full, { state: "accepted", incident_id: "i" });
  expect(acceptance(accepted, nothingTyped(accepted), "no").request).toEqual({ revision: 3 });
});

it("places what the feed does not, and points at what is no number", () => {
  const bare = proposal(silent);
  const typed = { ...nothingTyped(bare), level: "III" as const, latDeg: "31,5", lonDeg: "103", radiusKm: "2" };
  expect(acceptance(bare, typed, "no").request.place).toEqual({ lat_deg: 31.5, lon_deg: 103, radius_m: 2000 });
  expect(acceptance(bare, { ...typed, occurredAt: "2026-01-01T08:30" }, "no").request.occurred_at).toBe(
    "2026-01-01T08:30:00+08:00",
  );
  expect(acceptance(bare, { ...typed, lonDeg: "east" }, "no").findings).toEqual([
    { where: "/place/lon_deg", what: "no" },
  ]);
  expect(previewOf(silent, typed)).toMatchObject({ place: { coordinates: [103, 31.5] }, radius_m: 2000 });
  expect(previewOf(silent, { ...typed, lonDeg: "" })).toBeNull();
});

it("previews what would be declared: what was felt too, and the level the person chose", () => {
  const square = { type: "Polygon" as const, coordinates: [[[0, 0]]] };
  const felt = {
    ...full,
    contours: [
      { intensity: 8, shape: square },
      { intensity: 9, shape: PLACE },
    ],
  };
  const typed = { ...nothingTyped(proposal(felt)), level: "I" as const };
  expect(previewOf(felt, typed)).toMatchObject({
    kind: "earthquake",
    level: "I",
    place: PLACE,
    radius_m: 5000,
    magnitude: 7,
    intensity_contours: [{ intensity: 8, geometry: square }],
  });
  expect(previewOf({ ...felt, level: null }, nothingTyped(proposal(felt)))).toBeNull();
});

it("warns of what a person should know", () => {
  const now = new Date("2026-01-02T00:00:00Z");
  const odd = { ...full, exercise: true, is_restricted: true, expires_at: "2026-01-01T00:00:00Z" };
  expect(warnings(proposal(full), now)).toEqual([]);
  expect(warnings(proposal(odd, { withdrawn: true, accepted_revision: 2 }), now)).toEqual([
    "withdrawn",
    "exercise",
    "restricted",
    "expired",
    "changed-since",
  ]);
  expect(warnings(proposal(full, { accepted_revision: 3 }), now)).toEqual([]);
  expect(warnings(proposal(full), new Date("2026-01-05T00:00:00Z"))).toEqual(["old"]);
  const dismissed = { state: "dismissed" as const, decided_at: "2026-01-01T00:00:01Z" };
  expect(warnings(proposal(full, dismissed), now)).toEqual([]);
  const later = { ...dismissed, changed_at: "2026-01-01T00:00:02Z" };
  expect(warnings(proposal(full, later), now)).toEqual(["changed-dismissed"]);
});
