import { expect, it } from "vitest";
import type { IncidentRow } from "../api/answers";
import { apartKm, called, othersOf } from "./others";

function row(incident_id: string, lon: number, more: Partial<IncidentRow> = {}): IncidentRow {
  return {
    incident_id,
    state: "open",
    kind: "flood",
    level: "II",
    phase: "acute",
    title_zh: `事件${incident_id}`,
    title_en: `Incident ${incident_id}`,
    occurred_at: "2026-01-01T00:00:00Z",
    area_codes: [],
    exercise: false,
    declared_at: "2026-01-01T00:00:00Z",
    closed_at: null,
    box: [lon, 30, lon, 30],
    ...more,
  };
}

const HERE = {
  ...row("here", 100),
  may_be_same_as: [{ incident_id: "likely", apart_km: 40, apart_minutes: 3 }],
};

it("offers open incidents of the same world, the likely ones first, then the near ones", () => {
  const open = [
    row("far", 110),
    row("near", 101),
    row("unknown", 0, { box: null }),
    row("likely", 105),
    row("drill", 100, { exercise: true }),
    row("closed", 100, { state: "closed" }),
    HERE,
  ];
  const others = othersOf(HERE, open);
  expect(others.map((one) => one.row.incident_id)).toEqual(["likely", "near", "far", "unknown"]);
  expect(others.map((one) => one.isLikely)).toEqual([true, false, false, false]);
  expect(others[0]?.apartKm).toBe(40);
  expect(others[3]?.apartKm).toBeNull();
});

it("measures between the middles, also over the antimeridian", () => {
  expect(apartKm([0, 0, 2, 0], [1, 1, 1, 1])).toBeCloseTo(111.2, 0);
  expect(apartKm([179, 0, 179, 0], [-179, 0, -179, 0])).toBeCloseTo(222.4, 0);
});

it("finds by either title", () => {
  const others = othersOf(HERE, [row("A1", 1), row("B2", 2)]);
  expect(called(others, " incident a").map((one) => one.row.incident_id)).toEqual(["A1"]);
  expect(called(others, "事件B").map((one) => one.row.incident_id)).toEqual(["B2"]);
  expect(called(others, "")).toHaveLength(2);
});
