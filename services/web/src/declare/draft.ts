/** The form as it is typed, and what it says as requests. Pure: what is wrong with a value is for the service to say,
 * but text that is no number cannot even be asked about. */
import type { Feature } from "geojson";
import type { Candidate, DeclareRequest, Kind, Level, NeedLine, PreviewRequest } from "../api/answers";
import type { Finding } from "../api/client";
import type { GroundWords } from "../words/ground-zh";
import { withOffset } from "../words/time";
import type { Contours } from "./more-ground/contours";
import { observationsOf } from "./more-ground/observations";
import { rowFindings } from "./more-ground/says";
import { type TypedVenue, venuesOf } from "./more-ground/venues";
import { Numbers } from "./numbers";

export type PlaceForm = "point" | "circle" | "polygon" | "areas" | "address";
export type LonLat = [number, number];
export type Ground = Feature["geometry"];

export interface Draft {
  kind: Kind;
  level: Level;
  titleZh: string;
  titleEn: string;
  occurredAt: string;
  magnitude: string;
  placeForm: PlaceForm;
  latDeg: string;
  lonDeg: string;
  radiusKm: string;
  corners: string;
  placeCodes: string;
  address: string;
  /** What an address was taken for. */
  meant: Candidate | null;
  areaCodes: string;
  /** None: the template of kind and level. */
  needs: NeedLine[] | null;
  narrative: string;
  exercise: boolean;
  contours: Contours | null;
  /** A row each: longitude, latitude, intensity. */
  observations: string;
  venues: TypedVenue[];
  /** The incident this one is part of; it counts only while both are of one world. */
  parent: { incidentId: string; exercise: boolean } | null;
}

export function emptyDraft(occurredAt: string): Draft {
  return {
    kind: "earthquake",
    level: "III",
    titleZh: "",
    titleEn: "",
    occurredAt,
    magnitude: "",
    placeForm: "point",
    latDeg: "",
    lonDeg: "",
    radiusKm: "",
    corners: "",
    placeCodes: "",
    address: "",
    meant: null,
    areaCodes: "",
    needs: null,
    narrative: "",
    exercise: false,
    contours: null,
    observations: "",
    venues: [],
    parent: null,
  };
}

/** What is said of what cannot even be asked about, in the reader's words. */
export interface Says {
  wrongNumber: string;
  unplaced: string;
  moreGround: GroundWords;
}

export interface Said<T> {
  request: T;
  findings: Finding[];
}

export function codesOf(text: string): string[] {
  return text.split(/[\s,，、;；]+/).filter((code) => code !== "");
}

/** The corners that are written down, one a line; lines that are none are left to `polygonOf`. */
export function cornersOf(text: string): LonLat[] {
  return text
    .split("\n")
    .map((line) =>
      line
        .trim()
        .split(/[\s,，]+/)
        .map(Number),
    )
    .filter((pair): pair is LonLat => pair.length === 2 && pair.every(Number.isFinite));
}

export function withCorner(text: string, [lon, lat]: LonLat): string {
  const line = `${lon.toFixed(4)}, ${lat.toFixed(4)}`;
  return text.trim() === "" ? line : `${text.trim()}\n${line}`;
}

export function withoutLastCorner(text: string): string {
  return text.trim().split("\n").slice(0, -1).join("\n");
}

/** A ring that ends where it begins. What is no corner is a finding, because a lost corner moves the fence. */
function polygonOf(text: string, whatIsWrong: string): Said<{ type: "Polygon"; coordinates: LonLat[][] }> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const corners = cornersOf(text);
  const findings: Finding[] =
    corners.length === lines.length ? [] : [{ where: "/place/coordinates", what: whatIsWrong }];
  const [first] = corners;
  const last = corners.at(-1);
  const isClosed = first && last && corners.length > 1 && first[0] === last[0] && first[1] === last[1];
  const ring = first && !isClosed ? [...corners, first] : corners;
  return { request: { type: "Polygon", coordinates: [ring] }, findings };
}

function placeOf(draft: Draft, numbers: Numbers, whatIsWrong: string): DeclareRequest["place"] {
  const position = () => ({
    lat_deg: numbers.read(draft.latDeg, "/place/lat_deg"),
    lon_deg: numbers.read(draft.lonDeg, "/place/lon_deg"),
  });
  switch (draft.placeForm) {
    case "point":
      return position();
    case "circle":
      return { ...position(), radius_m: numbers.read(draft.radiusKm, "/place/radius_m") * 1000 };
    case "polygon": {
      const polygon = polygonOf(draft.corners, whatIsWrong);
      numbers.findings.push(...polygon.findings);
      return polygon.request;
    }
    case "areas":
      return { area_codes: codesOf(draft.placeCodes) };
    case "address":
      return { address: draft.address.trim() };
  }
}

/** Only what was said: the service's own defaults stand for the rest. */
export function declaration(draft: Draft, says: Omit<Says, "unplaced">): Said<DeclareRequest> {
  const numbers = new Numbers(says.wrongNumber);
  const codes = codesOf(draft.areaCodes);
  const request: DeclareRequest = {
    kind: draft.kind,
    level: draft.level,
    occurred_at: withOffset(draft.occurredAt),
    place: placeOf(draft, numbers, says.wrongNumber),
    exercise: draft.exercise,
    ...(draft.titleZh.trim() ? { title_zh: draft.titleZh.trim() } : {}),
    ...(draft.titleEn.trim() ? { title_en: draft.titleEn.trim() } : {}),
    ...(draft.magnitude.trim() ? { magnitude: numbers.read(draft.magnitude, "/magnitude") } : {}),
    ...(draft.narrative.trim() ? { narrative: draft.narrative.trim() } : {}),
    ...(codes.length > 0 ? { area_codes: codes } : {}),
    ...(draft.needs ? { needs: draft.needs } : {}),
    ...moreGround(draft, numbers, says.moreGround),
    ...(draft.parent?.exercise === draft.exercise ? { parent_id: draft.parent.incidentId } : {}),
  };
  return { request, findings: numbers.findings };
}

type MoreGround = Pick<PreviewRequest, "intensity_contours" | "intensity_observations" | "venues">;

/** What is known of the ground besides the place. */
export function moreGround(draft: Draft, numbers: Numbers, words: GroundWords): MoreGround {
  const rows = observationsOf(draft.observations);
  numbers.findings.push(...rowFindings(rows.faults, words));
  const venues = venuesOf(draft.venues, numbers, words.venueNameMissing);
  return {
    ...(draft.contours ? { intensity_contours: draft.contours.contours } : {}),
    ...(rows.observations.length > 0 ? { intensity_observations: rows.observations } : {}),
    ...(venues.length > 0 ? { venues } : {}),
  };
}

const DECIDE_ZONES = ["/place", "/magnitude", "/intensity_contours", "/intensity_observations", "/venues"];

/** What decides the zones. `ground` is where areas or an address lie, as the register and the gazetteer know it. */
export function previewOf(draft: Draft, ground: Ground | null, says: Says): Said<PreviewRequest> {
  const { request, findings } = declaration(draft, says);
  const numbers = new Numbers(says.wrongNumber);
  const place = ground ?? request.place;
  const geometry =
    "lat_deg" in place ? { type: "Point", coordinates: [Number(place.lon_deg), Number(place.lat_deg)] } : place;
  const concern = findings.filter((one) => DECIDE_ZONES.some((part) => one.where.startsWith(part)));
  if (!("type" in geometry)) {
    concern.push({ where: draft.placeForm === "areas" ? "/place/area_codes" : "/place/address", what: says.unplaced });
  }
  return {
    request: {
      kind: draft.kind,
      level: draft.level,
      place: geometry as PreviewRequest["place"],
      ...(draft.placeForm === "circle" ? { radius_m: numbers.read(draft.radiusKm, "/place/radius_m") * 1000 } : {}),
      ...(request.magnitude === undefined ? {} : { magnitude: request.magnitude }),
      ...moreGround(draft, numbers, says.moreGround),
    },
    findings: concern,
  };
}

/** What of the form decides the preview: another text means that the preview shown is an old one. */
export function previewKey(draft: Draft): string {
  const { kind, level, magnitude, placeForm, latDeg, lonDeg, radiusKm, corners, placeCodes, address, meant } = draft;
  const { contours, observations, venues } = draft;
  return JSON.stringify([
    kind,
    level,
    magnitude,
    placeForm,
    latDeg,
    lonDeg,
    radiusKm,
    corners,
    placeCodes,
    address,
    meant?.key,
    contours?.contours,
    observations,
    venues,
  ]);
}

export function peopleWanted(needs: readonly NeedLine[]): number {
  return needs.reduce((sum, need) => sum + need.per_team * need.teams, 0);
}

/** A new line with an id that none of the others has. */
export function anotherNeed(needs: readonly NeedLine[]): NeedLine {
  const taken = new Set(needs.map((need) => need.need_id));
  let number = needs.length + 1;
  while (taken.has(`need-${number}`)) number += 1;
  return { need_id: `need-${number}`, zone_kind: "core", role: "pfa-trained", per_team: 1, teams: 1 };
}
