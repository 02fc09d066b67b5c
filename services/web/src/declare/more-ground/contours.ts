/** A file of intensity contours (ShakeMap's `cont_mmi.json`, or GeoJSON of areas) to what a declaration takes. Pure: what
 * cannot be used is a `ContourFault` that says what and where, and nothing of the file is taken then. */
import type { PreviewRequest } from "../../api/answers";
import { enclosed, LinesCross } from "./lines";
import { type LonLat, type Polygon, positionsOf, type Ring, thinned } from "./rings";

export type Contour = NonNullable<PreviewRequest["intensity_contours"]>[number];

/** The limits of the service, and of what a page can work through. */
export const FILE_BYTES_MAX = 10 * 2 ** 20;
export const CONTOURS_MAX = 100;
const POSITIONS_MAX = 10_000;
const READ_MAX = 300_000;
/** The least that draws a zone. */
const FELT_FROM = 6;
const VALUE_NAMES = ["value", "intensity", "mmi"];
const UNITS = ["mmi", "intensity", "mi"];
const FIRST_THIN_DEG = 0.0002;
const KM_PER_DEG = 111.2;

export interface Contours {
  name: string;
  /** The strongest first. */
  contours: Contour[];
  positions: number;
  notes: {
    /** Lines that ended within the map. */
    mended: number;
    /** Levels below 1, which no scale has. */
    below: number;
    /** How far outlines may be off since positions were left out, in km; 0 if none was. */
    thinnedKm: number;
    /** Nothing reaches the least intensity that draws a zone. */
    isWeak: boolean;
  };
}

export type FaultCode =
  | "notJson"
  | "notCollection"
  | "noFeatures"
  | "noValue"
  | "valueRange"
  | "units"
  | "shape"
  | "noPosition"
  | "range"
  | "swapped"
  | "ring"
  | "antimeridian"
  | "cross"
  | "tooManyLevels"
  | "tooManyPositions"
  | "nothing";

export class ContourFault extends Error {
  constructor(
    readonly code: FaultCode,
    /** The path in the file, such as `features[3].geometry.type`; empty for the whole file. */
    readonly where = "",
    readonly found = "",
  ) {
    super(`${code} ${where} ${found}`);
  }
}

export function readContours(name: string, text: string): Contours {
  const levels = new Levels();
  featuresOf(text).forEach((feature, number) => {
    levels.add(feature, `features[${number}]`);
  });
  const { found, mended } = levels.grounds();
  const felt = found.filter(({ intensity }) => intensity >= 1);
  if (felt.length === 0) throw new ContourFault("nothing");
  if (felt.length > CONTOURS_MAX) throw new ContourFault("tooManyLevels", "", String(felt.length));
  const { grounds, toleranceDeg } = fitting(felt);
  return {
    name,
    contours: grounds.map(({ intensity, polygons }) => ({
      intensity,
      geometry: { type: "MultiPolygon", coordinates: polygons },
    })),
    positions: positionsOf(grounds.flatMap(({ polygons }) => polygons)),
    notes: {
      mended,
      below: found.length - felt.length,
      thinnedKm: toleranceDeg * KM_PER_DEG,
      isWeak: felt.every(({ intensity }) => intensity < FELT_FROM),
    },
  };
}

interface Ground {
  intensity: number;
  polygons: Polygon[];
}

/** With as many positions as the service takes; as few are left out as can be. */
function fitting(grounds: Ground[]): { grounds: Ground[]; toleranceDeg: number } {
  const count = (all: Ground[]) => positionsOf(all.flatMap(({ polygons }) => polygons));
  let [fit, toleranceDeg] = [grounds, 0];
  while (count(fit) > POSITIONS_MAX) {
    toleranceDeg = toleranceDeg === 0 ? FIRST_THIN_DEG : toleranceDeg * 2;
    fit = grounds.map((one) => ({ ...one, polygons: thinned(one.polygons, toleranceDeg) }));
  }
  return { grounds: fit.filter(({ polygons }) => polygons.length > 0), toleranceDeg };
}

function featuresOf(text: string): unknown[] {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const place = /line (\d+) column (\d+)/.exec(String(error));
    throw new ContourFault("notJson", place ? `${place[1]}:${place[2]}` : "");
  }
  const features = isRecord(document) ? document.features : undefined;
  if (!Array.isArray(features)) throw new ContourFault("notCollection");
  if (features.length === 0) throw new ContourFault("noFeatures");
  return features;
}

/** What features say, by intensity: lines, which are yet to be closed, and areas. */
class Levels {
  private readonly lines = new Map<number, LonLat[][]>();
  private readonly areas: Ground[] = [];
  private read = 0;

  add(feature: unknown, where: string): void {
    const properties = isRecord(feature) && isRecord(feature.properties) ? feature.properties : {};
    const intensity = intensityOf(properties, `${where}.properties`);
    if (!isRecord(feature) || feature.geometry === null) return; // a level of which the map shows nothing
    const geometry = isRecord(feature.geometry) ? feature.geometry : {};
    const { type, coordinates } = geometry;
    const path = `${where}.geometry.coordinates`;
    if (type === "LineString") this.addLines(intensity, [this.line(coordinates, path)]);
    else if (type === "MultiLineString") {
      this.addLines(
        intensity,
        list(coordinates, path).map((line, number) => this.line(line, `${path}[${number}]`)),
      );
    } else if (type === "Polygon") this.areas.push({ intensity, polygons: [this.polygon(coordinates, path)] });
    else if (type === "MultiPolygon") {
      const polygons = list(coordinates, path).map((one, number) => this.polygon(one, `${path}[${number}]`));
      this.areas.push({ intensity, polygons });
    } else throw new ContourFault("shape", `${where}.geometry.type`, shown(type));
  }

  grounds(): { found: Ground[]; mended: number } {
    try {
      const { levels, mended } = enclosed(this.lines);
      return { found: [...levels, ...this.areas].sort((a, b) => b.intensity - a.intensity), mended };
    } catch (error) {
      if (error instanceof LinesCross) throw new ContourFault("cross", "", String(error.intensity));
      throw error;
    }
  }

  private addLines(intensity: number, lines: LonLat[][]): void {
    this.lines.set(intensity, [...(this.lines.get(intensity) ?? []), ...lines]);
  }

  private polygon(value: unknown, where: string): Polygon {
    return list(value, where).map((part, number) => {
      const ring: Ring = this.line(part, `${where}[${number}]`);
      if (ring.length < 4 || String(ring[0]) !== String(ring.at(-1)))
        throw new ContourFault("ring", `${where}[${number}]`);
      return ring;
    });
  }

  private line(value: unknown, where: string): LonLat[] {
    const positions = list(value, where);
    this.read += positions.length;
    if (this.read > READ_MAX) throw new ContourFault("tooManyPositions", where, String(READ_MAX));
    const line = positions.map((one, number) => position(one, `${where}[${number}]`));
    line.forEach(([lon], number) => {
      const before = line[number - 1];
      if (before && Math.abs(lon - before[0]) > 180) throw new ContourFault("antimeridian", `${where}[${number}]`);
    });
    return line;
  }
}

function intensityOf(properties: Record<string, unknown>, where: string): number {
  const name = VALUE_NAMES.find((one) => properties[one] !== undefined && properties[one] !== null);
  if (name === undefined) throw new ContourFault("noValue", where);
  if (typeof properties.units === "string" && !UNITS.includes(properties.units.toLowerCase())) {
    throw new ContourFault("units", `${where}.units`, shown(properties.units));
  }
  const value = properties[name];
  if (typeof value !== "number" || !(value >= 0 && value <= 12)) {
    throw new ContourFault("valueRange", `${where}.${name}`, shown(value));
  }
  return value;
}

function position(value: unknown, where: string): LonLat {
  const [lon, lat]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof lon !== "number" || typeof lat !== "number") throw new ContourFault("noPosition", where, shown(value));
  if (Math.abs(lat) > 90 && Math.abs(lat) <= 180 && Math.abs(lon) <= 90) {
    throw new ContourFault("swapped", where, shown(value));
  }
  if (Math.abs(lat) > 90) throw new ContourFault("range", where, shown(value));
  if (Math.abs(lon) > 180) throw new ContourFault("antimeridian", where);
  return [lon, lat];
}

function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new ContourFault("noPosition", where, shown(value));
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "-";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
