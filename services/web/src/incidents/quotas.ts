/** Quotas as they are read: those of one zone, role and language together, whichever teams they are for. */
import type { Board } from "../api/answers";

type Quota = Board["quotas"][number];

/** Where there is no zone of a kind, its teams are wanted in another, so that the same words come twice. */
export function alikeTogether(quotas: readonly Quota[]): Quota[] {
  const found = new Map<string, Quota>();
  for (const quota of quotas) {
    const words = [quota.zone_kind, quota.role, quota.language].join("|");
    const before = found.get(words);
    found.set(words, before ? summed(before, quota) : quota);
  }
  return [...found.values()];
}

function summed(one: Quota, other: Quota): Quota {
  return {
    ...one,
    count: one.count + other.count,
    accepted: one.accepted + other.accepted,
    awaited: one.awaited + other.awaited,
    state: one.state === "filled" && other.state === "filled" ? "filled" : "open",
  };
}
