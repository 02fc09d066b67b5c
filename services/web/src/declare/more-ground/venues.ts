/** Places where affected people are although it is not the place of the event, as they are typed and as they are sent. Pure. */
import type { Candidate, Schemas, Station, ZoneKind } from "../../api/answers";
import type { LonLat } from "../draft";
import { Numbers } from "../numbers";

export type Venue = Schemas["StatedVenue"];
export type VenueKind = Schemas["VenueKind"];

export const VENUE_KINDS: VenueKind[] = ["school", "shelter", "hospital", "station", "other"];
export const VENUES_MAX = 200;
/** Assumed until somebody says otherwise: a building and its grounds. */
const RADIUS_M = "500";

export interface TypedVenue {
  /** Tells the rows of the form apart; never sent. */
  key: string;
  kind: VenueKind;
  zoneKind: ZoneKind;
  nameZh: string;
  nameEn: string;
  latDeg: string;
  lonDeg: string;
  radiusM: string;
}

/** What the next click on the map is for: the position of a venue, or (None) a new one. */
export interface Aim {
  venue: string | null;
}

export function aimed(venues: readonly TypedVenue[], { venue }: Aim, at: LonLat): TypedVenue[] {
  return venue === null
    ? [...venues, anotherVenue(venues, clicked(at))]
    : venues.map((one) => (one.key === venue ? { ...one, ...clicked(at) } : one));
}

export function anotherVenue(venues: readonly TypedVenue[], part: Partial<TypedVenue> = {}): TypedVenue {
  const taken = new Set(venues.map((venue) => venue.key));
  let number = venues.length + 1;
  while (taken.has(`venue-${number}`)) number += 1;
  const blank = { nameZh: "", nameEn: "", latDeg: "", lonDeg: "", radiusM: RADIUS_M };
  return { key: `venue-${number}`, kind: "other", zoneKind: "affected", ...blank, ...part };
}

type Position = { lat_deg: number; lon_deg: number };

function positioned({ lat_deg, lon_deg }: Position): Pick<TypedVenue, "latDeg" | "lonDeg"> {
  return { latDeg: String(lat_deg), lonDeg: String(lon_deg) };
}

function clicked([lon, lat]: LonLat): Pick<TypedVenue, "latDeg" | "lonDeg"> {
  return { latDeg: lat.toFixed(4), lonDeg: lon.toFixed(4) };
}

/** A station of the register or a place of the gazetteer as a venue. */
export function knownVenue(found: Station | Candidate, kind: VenueKind): Partial<TypedVenue> {
  const names = { nameZh: found.name_zh ?? "", nameEn: found.name_en ?? "" };
  return { kind, ...names, ...(found.position ? positioned(found.position) : {}) };
}

/** Stations whose name in either language holds the words; those without a known position cannot be venues by name. */
export function stationsCalled(stations: Iterable<Station>, text: string): Station[] {
  const words = text.trim().toLowerCase();
  if (words === "") return [];
  return [...stations].filter(
    (one) => one.position && [one.name_zh, one.name_en].some((name) => name?.toLowerCase().includes(words)),
  );
}

/** As they are sent. A name in one language stands for both, as a title does. */
export function venuesOf(venues: readonly TypedVenue[], numbers: Numbers, nameMissing: string): Venue[] {
  return venues.map((venue, number) => {
    const where = `/venues/${number}`;
    const [zh, en] = [venue.nameZh.trim(), venue.nameEn.trim()];
    if (!zh && !en) numbers.findings.push({ where: `${where}/name_zh`, what: nameMissing });
    return {
      kind: venue.kind,
      zone_kind: venue.zoneKind,
      name_zh: zh || en,
      name_en: en || zh,
      position: {
        lat_deg: numbers.read(venue.latDeg, `${where}/position/lat_deg`),
        lon_deg: numbers.read(venue.lonDeg, `${where}/position/lon_deg`),
      },
      radius_m: numbers.read(venue.radiusM, `${where}/radius_m`),
    };
  });
}

/** Those that can be drawn as they stand. */
export function drawnVenues(venues: readonly TypedVenue[]): Venue[] {
  return venues.flatMap((venue) => {
    const numbers = new Numbers("");
    const [drawn] = venuesOf([{ ...venue, nameZh: venue.nameZh.trim() || "·" }], numbers, "");
    if (!drawn || numbers.findings.length > 0) return [];
    const { lat_deg, lon_deg } = drawn.position;
    return Math.abs(lat_deg) <= 90 && Math.abs(lon_deg) <= 180 && drawn.radius_m > 0 ? [drawn] : [];
  });
}
