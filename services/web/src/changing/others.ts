/** The incidents that one may be merged into, in the order in which they are likely. Pure. */
import type { Incident, IncidentRow } from "../api/answers";

export interface Other {
  row: IncidentRow;
  /** None: not known. */
  apartKm: number | null;
  isLikely: boolean;
}

type Box = NonNullable<IncidentRow["box"]>;
type Known = Pick<Incident, "incident_id" | "exercise" | "box" | "may_be_same_as">;

const EARTH_KM = 6371;

/** Open ones of the same world: first those that may be the same, then by distance. */
export function othersOf(incident: Known, open: readonly IncidentRow[]): Other[] {
  const likely = new Map(incident.may_be_same_as.map((one) => [one.incident_id, one.apart_km]));
  return open
    .filter((row) => row.incident_id !== incident.incident_id && row.exercise === incident.exercise)
    .filter((row) => row.state === "open")
    .map((row) => ({
      row,
      apartKm: likely.get(row.incident_id) ?? (incident.box && row.box ? apartKm(incident.box, row.box) : null),
      isLikely: likely.has(row.incident_id),
    }))
    .sort((a, b) => Number(b.isLikely) - Number(a.isLikely) || (a.apartKm ?? Infinity) - (b.apartKm ?? Infinity));
}

/** Between the middles of two boxes, over the sphere: only to tell them apart. */
export function apartKm(one: Box, other: Box): number {
  const [[lon1, lat1], [lon2, lat2]] = [middle(one), middle(other)];
  const half = (degrees: number) => Math.sin((degrees * Math.PI) / 360) ** 2;
  const along = Math.cos((lat1 * Math.PI) / 180) * Math.cos((lat2 * Math.PI) / 180);
  return 2 * EARTH_KM * Math.asin(Math.sqrt(half(lat2 - lat1) + along * half(lon2 - lon1)));
}

function middle([west, south, east, north]: Box): [number, number] {
  return [(west + east) / 2, (south + north) / 2];
}

/** Those whose title, in either language, holds what was typed. */
export function called(others: readonly Other[], text: string): Other[] {
  const wanted = text.trim().toLowerCase();
  return others.filter(({ row }) => `${row.title_zh ?? ""} ${row.title_en ?? ""}`.toLowerCase().includes(wanted));
}
