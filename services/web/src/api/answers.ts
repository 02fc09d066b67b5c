/** What the services answer, as far as the console reads it. What it sends is typed by `contract.ts`. */
import type { Geometry, MultiPolygon } from "geojson";
import type { components } from "./contract";

export type Schemas = components["schemas"];
export type Kind = Schemas["IncidentKind"];
export type Level = Schemas["Level"];
export type NeedLine = Schemas["NeedLine"];
export type Role = NeedLine["role"];
export type ZoneKind = NeedLine["zone_kind"];
export type Phase = "acute" | "transition" | "recovery";
export type DeclareRequest = Schemas["DeclareRequest"];
export type PreviewRequest = Schemas["PreviewRequest"];
export type AreaRequest = Schemas["AreaRequest"];

export interface IncidentRow {
  incident_id: string;
  state: "open" | "closed";
  kind: Kind;
  level: Level;
  phase: Phase;
  title_zh: string | null;
  title_en: string | null;
  occurred_at: string;
  area_codes: string[];
  exercise: boolean;
  declared_at: string;
  closed_at: string | null;
  /** West, south, east, north of the place, in degrees. */
  box: [number, number, number, number] | null;
}

export interface Likeness {
  incident_id: string;
  apart_km: number;
  apart_minutes: number;
}

/** A change with the account that made it; none: the system did. */
export interface Change {
  what: string;
  before: unknown;
  after: unknown;
  reason: string | null;
  changed_at: string;
  changed_by: string | null;
}

export interface Incident extends IncidentRow {
  place: Geometry;
  radius_m: number;
  magnitude: number | null;
  intensity_observations: PreviewRequest["intensity_observations"];
  intensity_contours: PreviewRequest["intensity_contours"];
  venues: PreviewRequest["venues"];
  needs: NeedLine[];
  needs_by_hand: boolean;
  narrative: string | null;
  declared_by: string | null;
  parent_id: string | null;
  merged_into: string | null;
  continued_as: string | null;
  children: string[];
  may_be_same_as: Likeness[];
  changes: Change[];
}

export interface Declared {
  incident_id: string;
  problems: { where: string; what: string; what_zh: string }[];
}

export interface ZoneProperties {
  zone_id: string;
  kind: ZoneKind;
  area_km2: number;
  centre: { lat_deg: number; lon_deg: number };
  explanation: { zh: string; en: string };
}

export interface StationInReach {
  station_id: string;
  inside: ZoneKind | null;
  distance_km: number;
  bearing_deg: number;
}

export interface Zones {
  type: "FeatureCollection";
  features: { type: "Feature"; id: string; geometry: MultiPolygon; properties: ZoneProperties }[];
  stations: StationInReach[];
  /** When the incident ended; a preview does not say it. */
  lifted_at?: string | null;
}

export interface Ring {
  within_km: number;
  count: number;
}

export interface People {
  estimate: number;
  by: string;
  share_of_zone_known: number;
  oldest_year: number | null;
}

export interface AreaTouched {
  code: string;
  name_zh: string | null;
  name_en: string | null;
  tier: string;
  share: number;
}

export interface Preview extends Zones {
  reach_km: number;
  audience: {
    stations: { in_reach: number; by_ring: Ring[] };
    volunteers: {
      reachable: number;
      by_ring: Ring[];
      by_role: Partial<Record<Role, number>>;
      by_language: Record<string, number>;
      by_channel: Record<string, number>;
      not_reachable: Record<string, number>;
    };
  };
  resolved: Partial<Record<ZoneKind, { areas: AreaTouched[]; people: People | null }>>;
}

export interface Place {
  key: string;
  code: string | null;
  within: string | null;
  name_zh: string | null;
  name_en: string | null;
  tier: string | null;
  position: { lat_deg: number; lon_deg: number } | null;
}

export interface Candidate extends Place {
  score: number;
  is_guess: boolean;
  parents: { code: string; name_zh: string | null; name_en: string | null }[];
}

export interface Station {
  station_id: string;
  name_zh: string | null;
  name_en: string | null;
  position?: { lat_deg: number; lon_deg: number } | null;
}

export interface Board {
  state: "waiting" | "open" | "closed";
  exhausted: boolean;
  stations_in_reach: number;
  quotas: {
    need_id: string;
    zone_kind: ZoneKind;
    role: Role;
    language: string | null;
    count: number;
    accepted: number;
    awaited: number;
    state: "open" | "filled";
  }[];
  waves: {
    wave: number;
    ring_km: number;
    asked: number;
    explanation: { zh: string; en: string } | null;
    sent_at: string;
  }[];
  pages: { purpose: string; state: string; pages: number }[];
  asks_by_state: Record<string, number>;
}
