/** Which fields the form shows, by the pointers that the service names them by, and what they are called. */

import { fill } from "../words/words";
import type { Words } from "../words/zh";
import { fieldOf } from "./findings";

const LABELS: Record<string, (words: Words) => string> = {
  "/kind": (words) => words.kind,
  "/level": (words) => words.level,
  "/title_zh": (words) => words.titleZh,
  "/title_en": (words) => words.titleEn,
  "/occurred_at": (words) => words.occurredAt,
  "/magnitude": (words) => words.magnitude,
  "/place": (words) => words.where,
  "/place/lat_deg": (words) => words.latDeg,
  "/place/lon_deg": (words) => words.lonDeg,
  "/place/radius_m": (words) => words.radiusKm,
  "/place/coordinates": (words) => words.corners,
  "/place/area_codes": (words) => words.areaCodesPlace,
  "/place/address": (words) => words.address,
  "/area_codes": (words) => words.areaCodes,
  "/needs": (words) => words.needs,
  "/narrative": (words) => words.narrative,
  "/intensity_contours": (words) => words.moreGround.contours,
  "/intensity_observations": (words) => words.moreGround.observations,
  "/venues": (words) => words.moreGround.venues,
  "/parent_id": (words) => words.moreGround.parent,
};

const VENUE_LABELS: Record<string, (words: Words) => string> = {
  kind: (words) => words.moreGround.venueKind,
  zone_kind: (words) => words.moreGround.venueZone,
  name_zh: (words) => words.moreGround.venueZh,
  name_en: (words) => words.moreGround.venueEn,
  "position/lat_deg": (words) => words.latDeg,
  "position/lon_deg": (words) => words.lonDeg,
  radius_m: (words) => words.moreGround.radiusM,
};
const VENUE = /^\/venues\/(\d+)\/(.+)$/;

export const FIELDS = Object.keys(LABELS);
/** Those of "more about the ground", which is folded. */
export const GROUND_FIELDS = ["/intensity_contours", "/intensity_observations", "/venues", "/parent_id"];

/** With those of each venue. */
export function fieldsOf(venues: number): string[] {
  const parts = Object.keys(VENUE_LABELS);
  const own = Array.from({ length: venues }, (_, number) => parts.map((part) => `/venues/${number}/${part}`));
  return [...FIELDS, ...own.flat()];
}

export function labelOf(where: string, words: Words): { field: string; label: string } | null {
  const [venue, number, part = ""] = VENUE.exec(where) ?? [];
  const ofVenue = VENUE_LABELS[part];
  if (venue && ofVenue) {
    const which = fill(words.moreGround.venue, { number: Number(number) + 1 });
    return { field: where, label: `${which} · ${ofVenue(words)}` };
  }
  const field = fieldOf(where, FIELDS);
  const label = field === null ? undefined : LABELS[field];
  return field !== null && label ? { field, label: label(words) } : null;
}
