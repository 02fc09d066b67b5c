/** Alerts as a feed sends them (CAP 1.2): drills about a made-up event, handed in by API. */
import { type APIRequestContext, expect } from "@playwright/test";
import { token } from "./console";

const SENDER = "feed@example.org";

export interface Alert {
  identifier: string;
  headline: string;
  /** The alert that this one updates. */
  updates?: Alert;
  /** Minutes after the first. */
  later?: number;
  /** Corners, as CAP writes them: latitude,longitude. None: only the name of a place. */
  polygon?: string;
  areaDesc?: string;
}

const sentAt = ({ later = 0 }: Alert) => `2026-01-05T10:${String(later).padStart(2, "0")}:00+08:00`;

const idOf = ({ identifier }: Alert) => identifier.replaceAll(" ", "-");

function cap(alert: Alert): string {
  const { headline, updates, polygon, areaDesc = "story" } = alert;
  return `<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>${idOf(alert)}</identifier><sender>${SENDER}</sender><sent>${sentAt(alert)}</sent>
<status>Exercise</status><msgType>${updates ? "Update" : "Alert"}</msgType><scope>Public</scope>
${updates ? `<references>${SENDER},${idOf(updates)},${sentAt(updates)}</references>` : ""}
<info><language>en</language><category>Geo</category><event>Flood</event><urgency>Immediate</urgency>
<severity>Severe</severity><certainty>Observed</certainty><headline>${headline}</headline>
<area><areaDesc>${areaDesc}</areaDesc>${polygon ? `<polygon>${polygon}</polygon>` : ""}</area></info>
</alert>`;
}

/** Returns the id of the proposal that it makes or changes. */
export async function handIn(request: APIRequestContext, alert: Alert): Promise<string> {
  const answer = await request.post("/incidents/feeds/story?name=story.xml", {
    headers: { Authorization: `Bearer ${await token(request)}`, "Content-Type": "application/cap+xml" },
    data: cap(alert),
  });
  expect(answer.ok(), await answer.text()).toBe(true);
  const { proposals } = await answer.json();
  return proposals[0].proposal_id;
}

/** Leaves nothing behind that waits for a person. */
export async function dismiss(request: APIRequestContext, proposalId: string): Promise<void> {
  const headers = { Authorization: `Bearer ${await token(request)}`, "Idempotency-Key": crypto.randomUUID() };
  const data = { reason: "the story has ended" };
  await request.post(`/incidents/proposals/${proposalId}/dismiss`, { headers, data });
}
