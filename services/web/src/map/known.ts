/** What the instance itself knows to put on the map: stations of the register, towns of the gazetteer. */
import type { Place, Station, StationInReach } from "../api/answers";
import type { Session } from "../session/session";
import type { Speech } from "../words/words";
import type { Spot } from "./ground-map";

const PAGE = 1000;
/** A county console shows its own; a nation's whole register would hide the map. */
const STATIONS_MAX = 5000;
const TOWNS = 12;

const kept = new WeakMap<Session, Promise<Map<string, Station>>>();

/** The register's stations by id, asked once for a sign-in. */
export function stationsOf(session: Session): Promise<Map<string, Station>> {
  let asked = kept.get(session);
  if (!asked) {
    asked = askStations(session);
    asked.catch(() => kept.delete(session));
    kept.set(session, asked);
  }
  return asked;
}

async function askStations(session: Session): Promise<Map<string, Station>> {
  const found = new Map<string, Station>();
  let after: string | null = "";
  while (after !== null && found.size < STATIONS_MAX) {
    const page: { items: Station[]; next_after_ref: string | null } = await session.call(
      `/registry/stations?limit=${PAGE}&after_ref=${encodeURIComponent(after)}`,
    );
    for (const station of page.items) found.set(station.station_id, station);
    after = page.next_after_ref;
  }
  return found;
}

export function stationSpots(
  inReach: readonly StationInReach[],
  known: ReadonlyMap<string, Station>,
  speech: Speech,
): Spot[] {
  return inReach.flatMap((one) => {
    const station = known.get(one.station_id);
    return station?.position
      ? [
          {
            id: one.station_id,
            name: `${speech.named(station)} · ${speech.number(one.distance_km)} km`,
            latDeg: station.position.lat_deg,
            lonDeg: station.position.lon_deg,
            kind: "station" as const,
          },
        ]
      : [];
  });
}

export async function townsNear(
  session: Session,
  latDeg: number,
  lonDeg: number,
  signal: AbortSignal,
): Promise<Place[]> {
  const near = await session.call<{ nearest: Place[] }>(
    `/incidents/reverse?lat_deg=${latDeg}&lon_deg=${lonDeg}&limit=${TOWNS}`,
    { signal },
  );
  return near.nearest;
}

export function townSpots(towns: readonly Place[], speech: Speech): Spot[] {
  return towns.flatMap((town) =>
    town.position
      ? [
          {
            id: town.key,
            name: speech.named(town),
            latDeg: town.position.lat_deg,
            lonDeg: town.position.lon_deg,
            kind: "town" as const,
          },
        ]
      : [],
  );
}
