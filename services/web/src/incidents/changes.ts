/** Events that change what is shown, by topic. */
export const CHANGES = [
  "incident.declared",
  "incident.area-revised",
  "incident.need-stated",
  "incident.level-raised",
  "incident.level-lowered",
  "incident.phase-advanced",
  "incident.merged",
  "incident.told-apart",
  "incident.reopened",
  "incident.closed",
] as const;

export const ZONE_CHANGES = ["zone.fenced", "zone.revised", "zone.reach-changed", "zone.lifted"] as const;

export const ALERT_CHANGES = [
  "alert.opened",
  "alert.wave-sent",
  "alert.page-sent",
  "alert.page-failed",
  "alert.answered",
  "alert.quota-filled",
  "alert.quota-reopened",
  "alert.exhausted",
  "alert.closed",
] as const;
