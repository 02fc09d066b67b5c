/** What a person adds to a proposal, and what the two say together as requests. Pure. */
import type { Geometry } from "geojson";
import type { Kind, Level, PreviewRequest, Schemas } from "../api/answers";
import type { Finding } from "../api/client";
import { codesOf } from "../declare/draft";
import { withOffset } from "../words/time";
import { type Picture, type Proposal, type ProposalRow, titlesOf } from "./model";

export type How = "declare" | "attach" | "revise";

export interface Typed {
  how: How;
  attachTo: string;
  /** Empty: as the feed says. */
  level: Level | "";
  kind: Kind;
  titleZh: string;
  titleEn: string;
  occurredAt: string;
  latDeg: string;
  lonDeg: string;
  radiusKm: string;
  areaCodes: string;
  reason: string;
}

export function nothingTyped(proposal: Proposal): Typed {
  return {
    how: proposal.incident_id === null ? "declare" : "revise",
    attachTo: "",
    level: "",
    kind: proposal.picture.kind,
    titleZh: "",
    titleEn: "",
    occurredAt: "",
    latDeg: "",
    lonDeg: "",
    radiusKm: "",
    areaCodes: "",
    reason: "",
  };
}

export type Gap = "level" | "title" | "time" | "place" | "incident";

/** What neither the feed nor the person has said, and acceptance needs. */
export function gaps({ picture }: Proposal, typed: Typed): Gap[] {
  if (typed.how === "revise") return [];
  if (typed.how === "attach") return typed.attachTo ? [] : ["incident"];
  const { title_zh, title_en } = titlesOf(picture);
  const missing: Gap[] = [];
  if (!(typed.level || picture.level)) missing.push("level");
  if (!(title_zh || title_en || typed.titleZh.trim() || typed.titleEn.trim())) missing.push("title");
  if (!picture.occurred_at && !typed.occurredAt) missing.push("time");
  if (!picture.place && !(typed.latDeg.trim() && typed.lonDeg.trim())) missing.push("place");
  return missing;
}

export interface Said<T> {
  request: T;
  findings: Finding[];
}

export function acceptance(
  { picture, revision }: Proposal,
  typed: Typed,
  wrongNumber: string,
): Said<Schemas["AcceptRequest"]> {
  const shared = { revision, ...(typed.level && typed.level !== picture.level ? { level: typed.level } : {}) };
  if (typed.how !== "declare") {
    const reason = typed.reason.trim() ? { reason: typed.reason.trim() } : {};
    const attach = typed.how === "attach" ? { attach_to: typed.attachTo } : {};
    return { request: { ...shared, ...attach, ...reason }, findings: [] };
  }
  const codes = codesOf(typed.areaCodes);
  const place = placeOf(picture, typed, wrongNumber);
  return {
    request: {
      ...shared,
      ...(codes.length > 0 ? { area_codes: codes } : {}),
      ...(typed.kind === picture.kind ? {} : { kind: typed.kind }),
      ...(typed.titleZh.trim() ? { title_zh: typed.titleZh.trim() } : {}),
      ...(typed.titleEn.trim() ? { title_en: typed.titleEn.trim() } : {}),
      ...(typed.occurredAt && !picture.occurred_at ? { occurred_at: withOffset(typed.occurredAt) } : {}),
      ...(place.request ? { place: { ...place.request } } : {}),
    },
    findings: place.findings,
  };
}

interface Position {
  lat_deg: number;
  lon_deg: number;
  radius_m?: number;
}

/** The place that the person gives where the feed says none; text that is no number cannot even be asked about. */
function placeOf(picture: Picture, typed: Typed, wrongNumber: string): Said<Position | null> {
  if (picture.place) return { request: null, findings: [] };
  const findings: Finding[] = [];
  const read = (text: string, where: string) => {
    const value = Number(text.trim().replace(",", "."));
    if (text.trim() === "" || !Number.isFinite(value)) findings.push({ where, what: wrongNumber });
    return value;
  };
  const position = { lat_deg: read(typed.latDeg, "/place/lat_deg"), lon_deg: read(typed.lonDeg, "/place/lon_deg") };
  const radius = typed.radiusKm.trim() ? { radius_m: read(typed.radiusKm, "/place/radius_m") * 1000 } : {};
  return { request: { ...position, ...radius }, findings };
}

/** Whom it would reach can be asked once kind, level and place are known; null before. */
export function previewOf(picture: Picture, typed: Typed): PreviewRequest | null {
  const level = typed.level || picture.level;
  const given = placeOf(picture, typed, "");
  const place =
    picture.place ??
    (given.findings.length === 0 && given.request
      ? { type: "Point", coordinates: [given.request.lon_deg, given.request.lat_deg] }
      : null);
  if (!level || !place) return null;
  return {
    kind: typed.how === "declare" ? typed.kind : picture.kind,
    level,
    place: place as PreviewRequest["place"],
    radius_m: picture.place ? picture.radius_m : (given.request?.radius_m ?? 0),
    magnitude: picture.magnitude,
    intensity_observations: picture.observations,
    intensity_contours: contoursOf(picture) as NonNullable<PreviewRequest["intensity_contours"]>,
  };
}

/** The areas where at least so much was felt, the strongest first. Points say nothing of an area. */
export function contoursOf(picture: Picture): { intensity: number; geometry: Geometry }[] {
  return picture.contours
    .filter(({ shape }) => shape.type === "Polygon" || shape.type === "MultiPolygon")
    .map(({ intensity, shape }) => ({ intensity, geometry: shape }))
    .sort((a, b) => b.intensity - a.intensity);
}

const OLD_MS = 3 * 24 * 3_600_000;

export type Warning =
  | "exercise"
  | "old"
  | "restricted"
  | "withdrawn"
  | "expired"
  | "changed-since"
  | "changed-dismissed";

/** What a person should know before they accept. */
export function warnings(proposal: Proposal, now: Date): Warning[] {
  const { picture } = proposal;
  const found: Warning[] = [];
  if (proposal.withdrawn) found.push("withdrawn");
  if (proposal.exercise) found.push("exercise");
  if (picture.is_restricted) found.push("restricted");
  if (picture.occurred_at !== null && now.getTime() - new Date(picture.occurred_at).getTime() > OLD_MS)
    found.push("old");
  if (picture.expires_at !== null && new Date(picture.expires_at) < now) found.push("expired");
  const more = saidMore(proposal);
  if (more) found.push(more);
  return found;
}

/** Whether the source has spoken since a person decided. */
export function saidMore(
  row: Omit<ProposalRow, "title_zh" | "title_en">,
): "changed-since" | "changed-dismissed" | null {
  if (row.accepted_revision !== null && row.accepted_revision < row.revision) return "changed-since";
  if (row.state !== "dismissed" || row.decided_at === null) return null;
  return new Date(row.changed_at) > new Date(row.decided_at) ? "changed-dismissed" : null;
}
