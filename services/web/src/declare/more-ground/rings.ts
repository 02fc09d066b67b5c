/** Rings of positions: what they hold, how they nest, and the same with fewer positions. Pure. */
import type { LonLat } from "../draft";

export type { LonLat };
export type Line = readonly LonLat[];
/** The last position repeats the first. */
export type Ring = LonLat[];
/** A shell, then its holes. */
export type Polygon = Ring[];

const PROBES = 7;

/** The item at a number that is known to be there; from the end if negative. */
export function at<T>(items: readonly T[], number: number): T {
  const item = items.at(number);
  if (item === undefined) throw new RangeError(`no item ${number} of ${items.length}`);
  return item;
}

export function areaOf(ring: Line): number {
  return Math.abs(signedArea(ring));
}

function signedArea(ring: Line): number {
  let sum = 0;
  for (let number = 1; number < ring.length; number += 1) {
    const [[x0, y0], [x1, y1]] = [at(ring, number - 1), at(ring, number)];
    sum += x0 * y1 - x1 * y0;
  }
  return sum / 2;
}

/** Whether an odd number of the rings goes round the position. */
export function holds(rings: readonly Line[], [lon, lat]: LonLat): boolean {
  let isInside = false;
  for (const ring of rings) {
    for (let number = 1; number < ring.length; number += 1) {
      const [[x0, y0], [x1, y1]] = [at(ring, number - 1), at(ring, number)];
      if (y0 > lat !== y1 > lat && lon < x0 + ((lat - y0) / (y1 - y0)) * (x1 - x0)) isInside = !isInside;
    }
  }
  return isInside;
}

/** In the middle of the piece that lies half way along. */
export function middleOf(line: Line): LonLat {
  const half = Math.max(1, Math.floor(line.length / 2));
  const [[x0, y0], [x1, y1]] = [at(line, half - 1), at(line, half)];
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

/** Rings that do not cross, as polygons with holes. */
export function nested(rings: readonly Ring[]): Polygon[] {
  const largestFirst = rings
    .flatMap(simple)
    .map((ring) => ({ ring, area: areaOf(ring) }))
    .filter(({ area }) => area > 0)
    .sort((a, b) => b.area - a.area)
    .map(({ ring }) => ring);
  const placed: { ring: Ring; polygon: Polygon; depth: number }[] = [];
  for (const ring of largestFirst) {
    const around = placed.filter((other) => liesIn(ring, other.ring));
    const isHole = around.length % 2 === 1;
    const innermost = around.at(-1);
    const polygon = isHole && innermost ? innermost.polygon : [];
    polygon.push(turned(ring, isHole ? -1 : 1));
    placed.push({ ring, polygon, depth: around.length });
  }
  return placed.filter(({ depth }) => depth % 2 === 0).map(({ polygon }) => polygon);
}

/** A ring that comes back to a position is two that touch there, which encloses the same and is a valid outline. */
function simple(ring: Ring): Ring[] {
  const loops: Ring[] = [];
  const path: LonLat[] = [];
  const seen = new Map<string, number>();
  for (const point of ring) {
    const before = seen.get(String(point));
    if (before === undefined) {
      seen.set(String(point), path.length);
      path.push(point);
      continue;
    }
    const loop = path.splice(before + 1);
    for (const passed of loop) seen.delete(String(passed));
    loops.push([point, ...loop, point]);
  }
  return loops.filter((loop) => loop.length > 3);
}

/** Rings may touch, so that most of some positions decide and no single one. */
function liesIn(ring: Ring, other: Ring): boolean {
  const step = Math.max(1, Math.floor((ring.length - 1) / PROBES));
  const probes = ring.slice(1).filter((_, number) => number % step === 0);
  const inside = probes.filter((_, number) => holds([other], midpoint(ring, number * step)));
  return inside.length * 2 > probes.length;
}

function midpoint(ring: Ring, number: number): LonLat {
  const [[x0, y0], [x1, y1]] = [at(ring, number), at(ring, number + 1)];
  return [(x0 + x1) / 2, (y0 + y1) / 2];
}

/** Shells counter-clockwise, holes clockwise, as RFC 7946 has them. */
function turned(ring: Ring, sign: 1 | -1): Ring {
  return Math.sign(signedArea(ring)) === sign ? ring : [...ring].reverse();
}

export function positionsOf(polygons: readonly Polygon[]): number {
  return polygons.flat().reduce((sum, ring) => sum + ring.length, 0);
}

/** Without positions that lie within the tolerance of the line between those that stay (Douglas and Peucker 1973). Rings
 * that are smaller than that are left out. */
export function thinned(polygons: readonly Polygon[], toleranceDeg: number): Polygon[] {
  const thin = polygons.map((polygon) => polygon.map((ring) => thinnedRing(ring, toleranceDeg)));
  return thin
    .filter((polygon) => at(polygon, 0).length > 3)
    .map(([shell = [], ...holes]) => [shell, ...holes.filter((hole) => hole.length > 3)]);
}

function thinnedRing(ring: Ring, toleranceDeg: number): Ring {
  const last = ring.length - 1;
  const farthest = largest(ring, (point) => distance(point, at(ring, 0), at(ring, 0)), 0, last);
  const kept = new Set([0, farthest.number, last]);
  const pending: [number, number][] = [
    [0, farthest.number],
    [farthest.number, last],
  ];
  for (let stretch = pending.pop(); stretch; stretch = pending.pop()) {
    const [from, to] = stretch;
    const far = largest(ring, (point) => distance(point, at(ring, from), at(ring, to)), from, to);
    if (far.value <= toleranceDeg) continue;
    kept.add(far.number);
    pending.push([from, far.number], [far.number, to]);
  }
  return ring.filter((_, number) => kept.has(number));
}

function largest(ring: Ring, value: (point: LonLat) => number, from: number, to: number) {
  let best = { number: from, value: -1 };
  for (let number = from + 1; number < to; number += 1) {
    const here = value(at(ring, number));
    if (here > best.value) best = { number, value: here };
  }
  return best;
}

/** From a position to the stretch between two others. */
function distance([x, y]: LonLat, [x0, y0]: LonLat, [x1, y1]: LonLat): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length));
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}
