/** Where the place of a draft lies on the map, as far as that is known before anybody is asked. Pure. */
import type { Geometry } from "geojson";
import { cornersOf, type Draft, type LonLat } from "./draft";

function numberOf(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(value) ? value : null;
}

export function drawnPlace(draft: Draft): Geometry | null {
  if (draft.placeForm === "polygon") {
    const corners = cornersOf(draft.corners);
    const [first] = corners;
    if (!first) return null;
    if (corners.length === 1) return { type: "Point", coordinates: first };
    return corners.length === 2
      ? { type: "LineString", coordinates: corners }
      : { type: "Polygon", coordinates: [[...corners, first]] };
  }
  const middle = middleOf(draft);
  return middle ? { type: "Point", coordinates: middle } : null;
}

export function drawnRadiusM(draft: Draft): number {
  return draft.placeForm === "circle" ? (numberOf(draft.radiusKm) ?? 0) * 1000 : 0;
}

/** A position in the middle of the place, to look around from. */
export function middleOf(draft: Draft): LonLat | null {
  if (draft.placeForm === "address") {
    const position = draft.meant?.position;
    return position ? [position.lon_deg, position.lat_deg] : null;
  }
  if (draft.placeForm === "polygon") {
    const corners = cornersOf(draft.corners);
    if (corners.length === 0) return null;
    const mean = (part: 0 | 1) => corners.reduce((sum, corner) => sum + corner[part], 0) / corners.length;
    return [mean(0), mean(1)];
  }
  const [lat, lon] = [numberOf(draft.latDeg), numberOf(draft.lonDeg)];
  if (draft.placeForm === "areas" || lat === null || lon === null) return null;
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? [lon, lat] : null;
}
