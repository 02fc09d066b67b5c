/** Which fields the form shows, by the pointers that the service names them by, and what they are called. */
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
};

export const FIELDS = Object.keys(LABELS);

export function labelOf(where: string, words: Words): { field: string; label: string } | null {
  const field = fieldOf(where, FIELDS);
  const label = field === null ? undefined : LABELS[field];
  return field !== null && label ? { field, label: label(words) } : null;
}
