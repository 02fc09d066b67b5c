import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ContourFault, type Contours, readContours } from "./contours";
import { areaOf, holds, type LonLat, type Polygon } from "./rings";

const SHAKEMAP = new URL(
  "../../../../../../shared/data/alerts/usgs/shakemap/integration_test_0001/cont_mmi.json",
  import.meta.url,
);
const isThere = existsSync(SHAKEMAP);

type Level = [value: number, ...lines: LonLat[][]];

function file(...levels: Level[]): string {
  const features = levels.map(([value, ...coordinates]) => ({
    type: "Feature",
    properties: { value, units: "mmi", color: "#fff", weight: 2 },
    geometry: { type: "MultiLineString", coordinates },
  }));
  return JSON.stringify({ type: "FeatureCollection", features });
}

function circle(lon: number, lat: number, radius: number, corners = 48): LonLat[] {
  const points = Array.from({ length: corners }, (_, n): LonLat => {
    const turn = (2 * Math.PI * n) / corners;
    return [lon + radius * Math.cos(turn), lat + radius * Math.sin(turn)];
  });
  return [...points, points[0] as LonLat];
}

function polygonsOf(read: Contours, intensity: number): Polygon[] {
  const found = read.contours.filter((one) => one.intensity === intensity);
  return found.flatMap((one) => one.geometry.coordinates as Polygon[]);
}

function isIn(read: Contours, intensity: number, at: LonLat): boolean {
  return holds(polygonsOf(read, intensity).flat(), at);
}

function area(read: Contours, intensity: number): number {
  return polygonsOf(read, intensity).reduce(
    (sum, [shell = [], ...holes]) => sum + areaOf(shell) - holes.reduce((all, hole) => all + areaOf(hole), 0),
    0,
  );
}

function fault(text: string): [string, string] {
  try {
    readContours("x.json", text);
  } catch (error) {
    if (error instanceof ContourFault) return [error.code, error.where];
    throw error;
  }
  return ["none", ""];
}

describe("lines", () => {
  it("that are closed nest, the strongest first", () => {
    const read = readContours("x.json", file([6, circle(103, 31, 2)], [8, circle(103, 31, 1)]));
    expect(read.contours.map((one) => one.intensity)).toEqual([8, 6]);
    expect(area(read, 8)).toBeCloseTo(Math.PI, 1);
    expect(isIn(read, 6, [103.1, 31.1])).toBe(true);
    expect(read.notes).toEqual({ mended: 0, below: 0, thinnedKm: 0, isWeak: false });
  });

  it("that run off the map are closed along its edge, on the side of the stronger ones", () => {
    // The map's east edge is at 104: the second level is the west half of a circle around (104, 31).
    const half = circle(104, 31, 1, 80).slice(20, 61);
    const read = readContours("x.json", file([5, circle(102, 31, 2)], [6, half], [7, circle(103.6, 31, 0.3)]));
    expect(area(read, 6)).toBeCloseTo(Math.PI / 2, 1);
    expect([isIn(read, 6, [103.9, 31.2]), isIn(read, 6, [101, 31])]).toEqual([true, false]);
  });

  it("round a low inside a high are a hole", () => {
    const read = readContours(
      "x.json",
      file([6, circle(103, 31, 3), circle(103, 31, 1)], [5, circle(103, 31, 0.5)], [7, circle(101.2, 31, 0.3)]),
    );
    expect([isIn(read, 6, [103, 31]), isIn(read, 6, [101.2, 31])]).toEqual([false, true]);
    expect(polygonsOf(read, 6).map((polygon) => polygon.length)).toEqual([2]);
  });

  it("that come in pieces are joined, and one that ends within the map is closed and told", () => {
    const ring = circle(103, 31, 2);
    const pieces: LonLat[][] = [ring.slice(0, 20), ring.slice(19, 40).reverse(), ring.slice(39)];
    const read = readContours("x.json", file([6, ...pieces], [8, circle(103, 31, 1).slice(0, 40)]));
    expect(area(read, 6)).toBeCloseTo(4 * Math.PI, 0);
    expect(polygonsOf(read, 6)).toHaveLength(1);
    expect(read.notes.mended).toBe(1);
  });

  it("on both sides of a ridge that crosses the map leave the ridge between them", () => {
    const line = (lat: number): LonLat[] => [100, 102, 104].map((lon) => [lon, lat]);
    const read = readContours(
      "x.json",
      file([6, line(30), line(33)], [7, line(31), line(32)], [5, line(29), line(34)]),
    );
    expect([29.5, 30.5, 31.5, 32.5, 33.5].map((lat) => isIn(read, 7, [103, lat]))).toEqual([
      false,
      false,
      true,
      false,
      false,
    ]);
    expect([29.5, 31.5, 33.5].map((lat) => isIn(read, 6, [103, lat]))).toEqual([false, true, false]);
    expect(area(read, 5)).toBeCloseTo(20, 5);
  });
});

it("a level that touches the map's edge in passing is two parts there, which is a valid outline", () => {
  const line: LonLat[] = [
    [100, 30],
    [103, 31],
    [100, 32],
  ];
  const read = readContours("x.json", file([6, line], [5, circle(100.5, 31, 0.2)]));
  expect(polygonsOf(read, 6).map(([shell = []]) => [shell.length, areaOf(shell)])).toEqual([
    [4, 1.5],
    [4, 1.5],
  ]);
});

describe("a file", () => {
  it("of areas is taken as it is, without heights", () => {
    const shell = circle(103, 31, 1, 4).map(([lon, lat]) => [lon, lat, 500]);
    const geometry = { type: "Polygon", coordinates: [shell] };
    const text = JSON.stringify({ features: [{ properties: { intensity: 5.5 }, geometry }] });
    const read = readContours("x.geojson", text);
    expect(read.contours).toEqual([
      { intensity: 5.5, geometry: { type: "MultiPolygon", coordinates: [[circle(103, 31, 1, 4)]] } },
    ]);
    expect(read.notes.isWeak).toBe(true);
  });

  it("with more positions than the service takes is simplified, and says by how much", () => {
    const read = readContours("x.json", file([6, circle(103, 31, 3, 9000)], [7, circle(103, 31, 2, 9000)]));
    expect(read.positions).toBeLessThanOrEqual(10_000);
    expect(read.notes.thinnedKm).toBeGreaterThan(0);
    expect(read.notes.thinnedKm).toBeLessThan(1);
    expect(area(read, 6)).toBeCloseTo(9 * Math.PI, 2);
  });
});

describe("a file that cannot be used", () => {
  it("says what and where", () => {
    const feature = (properties: unknown, type = "MultiLineString", coordinates: unknown = [circle(103, 31, 1)]) =>
      JSON.stringify({ features: [{ properties, geometry: { type, coordinates } }] });
    expect(fault("{")[0]).toBe("notJson");
    expect(fault("[]")).toEqual(["notCollection", ""]);
    expect(fault('{"features": []}')).toEqual(["noFeatures", ""]);
    expect(fault(feature({}))).toEqual(["noValue", "features[0].properties"]);
    expect(fault(feature({ value: 60 }))).toEqual(["valueRange", "features[0].properties.value"]);
    expect(fault(feature({ value: "6" }))).toEqual(["valueRange", "features[0].properties.value"]);
    expect(fault(feature({ value: 6, units: "pctg" }))).toEqual(["units", "features[0].properties.units"]);
    expect(fault(feature({ value: 6 }, "Point", [103, 31]))).toEqual(["shape", "features[0].geometry.type"]);
    const at = "features[0].geometry.coordinates[0]";
    expect(fault(feature({ value: 6 }, "MultiLineString", [[[103, null]]]))).toEqual(["noPosition", `${at}[0]`]);
    expect(fault(feature({ value: 6 }, "MultiLineString", [circle(31, 103, 1)]))).toEqual(["swapped", `${at}[0]`]);
    expect(fault(feature({ value: 6 }, "Polygon", [circle(103, 31, 1).slice(1)]))).toEqual(["ring", at]);
    expect(
      fault(
        file([
          6,
          [
            [179, 10],
            [-179, 11],
            [179, 12],
          ],
        ]),
      ),
    ).toEqual(["antimeridian", `${at}[1]`]);
    expect(
      fault(
        file(
          [
            6,
            [
              [100, 30],
              [104, 34],
            ],
            [
              [100, 34],
              [104, 30],
            ],
          ],
          [5, circle(102, 32, 2)],
        ),
      )[0],
    ).toBe("cross");
    expect(
      fault(
        file([
          6,
          [
            [103, 31],
            [103, 31],
          ],
        ]),
      ),
    ).toEqual(["nothing", ""]);
    const many = Array.from({ length: 101 }, (_, n): Level => [6 + n / 100, circle(103, 31, 2 - n / 100)]);
    expect(fault(file(...many))[0]).toBe("tooManyLevels");
  });
});

it.skipIf(!isThere)("ShakeMap's own file is read: every level lies within the weaker ones", () => {
  const read = readContours("cont_mmi.json", readFileSync(fileURLToPath(SHAKEMAP), "utf-8"));
  expect(read.contours.map((one) => one.intensity)).toEqual([8.5, 8, 7.5, 7, 6.5, 6, 5.5, 5]);
  expect(read.notes.mended).toBe(0);
  const sizes = read.contours.map((one) => area(read, one.intensity));
  expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  for (const [number, stronger] of read.contours.slice(0, -1).entries()) {
    const weaker = read.contours[number + 1]?.intensity ?? 0;
    for (const [shell = []] of polygonsOf(read, stronger.intensity)) {
      const within = shell.filter((at) => isIn(read, weaker, at)).length;
      expect(within / shell.length).toBeGreaterThan(0.5); // what lies on the map's edge lies on both
    }
  }
});
