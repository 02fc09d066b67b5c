/** A revision of the area as it is typed, and what it says as requests: only what is different. Pure. */
import type { Geometry, Position } from "geojson";
import type { AreaRequest, Incident, PreviewRequest } from "../api/answers";
import type { Finding } from "../api/client";
import {
  codesOf,
  type Draft,
  declaration,
  emptyDraft,
  type Ground,
  type PlaceForm,
  previewKey,
  previewOf,
  type Said,
  type Says,
} from "../declare/draft";

export interface AreaDraft {
  /** Whether the place is said anew; else it stays. */
  isAnew: boolean;
  /** How far a place reaches beyond itself. Circles, areas and names bring their own. */
  reachKm: string;
  draft: Draft;
}

type Known = Pick<
  Incident,
  | "kind"
  | "level"
  | "place"
  | "radius_m"
  | "magnitude"
  | "area_codes"
  | "intensity_observations"
  | "intensity_contours"
  | "venues"
>;
export type AreaSays = Says & { nothingChanged: string };
type Revision = Omit<AreaRequest, "reason">;

export function areaDraft(incident: Known): AreaDraft {
  const { place } = incident;
  return {
    isAnew: false,
    reachKm: String(incident.radius_m / 1000),
    draft: {
      ...emptyDraft(""),
      kind: incident.kind,
      level: incident.level,
      magnitude: incident.magnitude === null ? "" : String(incident.magnitude),
      areaCodes: incident.area_codes.join(", "),
      ...typed(place, incident.radius_m),
    },
  };
}

function typed(place: Geometry, radiusM: number): Partial<Draft> {
  if (place.type === "Point") {
    const [lon, lat] = place.coordinates;
    const at = { latDeg: String(lat), lonDeg: String(lon) };
    return radiusM > 0
      ? { ...at, placeForm: "circle", radiusKm: String(radiusM / 1000) }
      : { ...at, placeForm: "point" };
  }
  if (place.type !== "Polygon" || place.coordinates.length !== 1) return {};
  const corners = (place.coordinates[0] as Position[]).slice(0, -1);
  return { placeForm: "polygon", corners: corners.map(([lon, lat]) => `${lon}, ${lat}`).join("\n") };
}

/** A drawing that takes a point's place does not reach beyond itself, unless somebody says so. */
export function withPart(area: AreaDraft, part: Partial<Draft>, incident: Known): AreaDraft {
  const draft = { ...area.draft, ...part };
  const isNewDrawing = part.placeForm === "polygon" && incident.place.type === "Point";
  return { ...area, draft, ...(isNewDrawing ? { reachKm: "0" } : {}) };
}

export function hasReach({ isAnew, draft }: Pick<AreaDraft, "isAnew" | "draft">): boolean {
  return !isAnew || draft.placeForm === "point" || draft.placeForm === "polygon";
}

const PLACE_FIELDS: Record<PlaceForm, readonly string[]> = {
  point: ["/place/lat_deg", "/place/lon_deg"],
  circle: ["/place/lat_deg", "/place/lon_deg", "/place/radius_m"],
  polygon: ["/place/coordinates"],
  areas: ["/place/area_codes"],
  address: ["/place/address"],
};

/** The pointers of the fields that are shown. */
export function shownFields(area: AreaDraft): string[] {
  const place = area.isAnew ? ["/place", ...PLACE_FIELDS[area.draft.placeForm]] : [];
  const codes = area.isAnew && area.draft.placeForm === "areas" ? [] : ["/area_codes"];
  return [...place, ...codes, ...(hasReach(area) ? ["/radius_m"] : []), ...(isQuake(area.draft) ? ["/magnitude"] : [])];
}

export function isQuake(draft: Pick<Draft, "kind">): boolean {
  return draft.kind === "earthquake";
}

/** Metres that were typed as kilometres; null is no number. */
function metres(text: string): number | null {
  const km = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(km) ? Math.round(km * 1_000_000) / 1000 : null;
}

export function revision(area: AreaDraft, incident: Known, says: AreaSays): Said<Revision> {
  const said = declaration(area.draft, says);
  const shown = shownFields(area);
  const findings = said.findings.filter((one) => shown.includes(one.where));
  const request: Revision = {
    ...(area.isAnew ? { place: said.request.place } : {}),
    ...reachSaid(area, incident, says, findings),
    ...magnitudeSaid(area, incident, said.request.magnitude ?? null),
    ...codesSaid(area, incident),
  };
  if (findings.length === 0 && Object.keys(request).length === 0)
    findings.push({ where: "", what: says.nothingChanged });
  return { request, findings };
}

function reachSaid(area: AreaDraft, incident: Known, says: Says, findings: Finding[]): Revision {
  if (!hasReach(area)) return {};
  const radius_m = metres(area.reachKm);
  if (radius_m === null) findings.push({ where: "/radius_m", what: says.wrongNumber });
  return area.isAnew || radius_m !== incident.radius_m ? { radius_m } : {};
}

function magnitudeSaid(area: AreaDraft, incident: Known, magnitude: number | null): Revision {
  return isQuake(area.draft) && magnitude !== incident.magnitude ? { magnitude } : {};
}

function codesSaid({ isAnew, draft }: AreaDraft, incident: Known): Revision {
  const area_codes = codesOf(isAnew && draft.placeForm === "areas" ? draft.placeCodes : draft.areaCodes);
  const isSame = [...area_codes].sort().join() === [...incident.area_codes].sort().join();
  return area_codes.length === 0 || isSame ? {} : { area_codes };
}

/** What decides the zones: what is revised, and all else as it stands. */
export function areaPreview(area: AreaDraft, incident: Known, ground: Ground | null, says: Says): Said<PreviewRequest> {
  const { kind, level, intensity_observations, intensity_contours, venues } = incident;
  const asked = previewOf(area.draft, ground, says);
  const findings = asked.findings.filter((one) => area.isAnew || one.where === "/magnitude");
  const reach_m = hasReach(area) ? metres(area.reachKm) : null;
  if (hasReach(area) && reach_m === null) findings.push({ where: "/radius_m", what: says.wrongNumber });
  const request: PreviewRequest = {
    kind,
    level,
    place: area.isAnew ? asked.request.place : (incident.place as PreviewRequest["place"]),
    radius_m: reach_m ?? asked.request.radius_m ?? 0,
    magnitude: isQuake(area.draft) ? (asked.request.magnitude ?? null) : incident.magnitude,
    ...(intensity_observations ? { intensity_observations } : {}),
    ...(intensity_contours ? { intensity_contours } : {}),
    ...(venues ? { venues } : {}),
  };
  return { request, findings };
}

export function areaKey(area: AreaDraft): string {
  return JSON.stringify([area.isAnew, area.reachKm, previewKey(area.draft)]);
}
