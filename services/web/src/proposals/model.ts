/** What feeds propose, as it is answered. */
import type { Geometry } from "geojson";
import type { Kind, Level, PreviewRequest } from "../api/answers";

export type ProposalState = "proposed" | "accepted" | "dismissed";

export interface ProposalRow {
  proposal_id: string;
  revision: number;
  accepted_revision: number | null;
  state: ProposalState;
  withdrawn: boolean;
  source: string;
  kind: Kind;
  level: Level | null;
  title_zh: string | null;
  title_en: string | null;
  occurred_at: string | null;
  area_codes: string[];
  exercise: boolean;
  incident_id: string | null;
  reason: string | null;
  decided_at: string | null;
  first_seen_at: string;
  changed_at: string;
}

/** What one message says, or all of a proposal's together. */
export interface Picture {
  sender: string;
  identifier: string | null;
  sent_at: string | null;
  action: "propose" | "revise" | "withdraw";
  exercise: boolean;
  is_restricted: boolean;
  kind: Kind;
  level: Level | null;
  level_reason: { zh: string; en: string } | null;
  occurred_at: string | null;
  expires_at: string | null;
  place: Geometry | null;
  radius_m: number;
  area_names: string[];
  area_codes: string[];
  title_zh: string | null;
  title_en: string | null;
  title_other: string | null;
  magnitude: number | null;
  intensity_max: number | null;
  contours: { intensity: number; shape: Geometry }[];
  observations: NonNullable<PreviewRequest["intensity_observations"]>;
  exposure: Record<string, number>;
  notes: string[];
}

export interface Message {
  source: string;
  received_at: string;
  message: Picture;
}

export interface Proposal extends Omit<ProposalRow, "title_zh" | "title_en"> {
  picture: Picture;
  messages: Message[];
}

/** Its title in both languages; one in another language stands for the English one. */
export function titlesOf(picture: Picture): { title_zh: string | null; title_en: string | null } {
  return { title_zh: picture.title_zh, title_en: picture.title_en ?? picture.title_other };
}
