import { expect, test } from "vitest";
import type { Board } from "../api/answers";
import { alikeTogether } from "./quotas";

const LEAD: Board["quotas"][number] = {
  need_id: "a",
  zone_kind: "core",
  role: "team-lead",
  language: null,
  count: 4,
  accepted: 4,
  awaited: 0,
  state: "filled",
};

test("quotas of one zone, role and language are one line, open while one of them is", () => {
  const lines = alikeTogether([LEAD, { ...LEAD, need_id: "b", accepted: 1, awaited: 3, state: "open" }]);
  expect(lines).toEqual([{ ...LEAD, count: 8, accepted: 5, awaited: 3, state: "open" }]);
});

test("another zone, role or language is another line, in the order they came", () => {
  const others = [
    { ...LEAD, zone_kind: "ripple" as const },
    { ...LEAD, role: "counsellor" as const },
    { ...LEAD, language: "cng" },
  ];
  expect(alikeTogether([LEAD, ...others])).toEqual([LEAD, ...others]);
});
