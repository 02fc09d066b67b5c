/** Contour lines to the ground they enclose, also where they run off the map's edge. Pure.
 *
 * Lines of one level never cross. Those that end at the frame of the map cut it into faces, of which every second is
 * inside; a closed line turns inside out what it holds. So a level can be read in two ways, one the opposite of the other,
 * and the lines of the other levels tell which is meant: higher ones lie inside, lower ones outside. */
import { areaOf, at, holds, type Line, type LonLat, middleOf, nested, type Polygon, type Ring } from "./rings";

/** A line that ends this near to the frame (as a share of the map's size) is taken to run off the map. */
const EDGE_SHARE = 0.03;
/** So many lines of a level are asked on which side they lie. */
const WITNESSES_MAX = 8;

export interface Enclosed {
  /** By intensity, the strongest first; a level that encloses nothing is left out. */
  levels: { intensity: number; polygons: Polygon[] }[];
  /** Lines that end within the map, and were joined or taken on to its edge. */
  mended: number;
}

/** Lines of one level cross each other, as contours never do. */
export class LinesCross extends Error {
  constructor(readonly intensity: number) {
    super(`lines of ${intensity} cross`);
  }
}

export function enclosed(lines: ReadonlyMap<number, readonly Line[]>): Enclosed {
  const levels = [...lines].map(([intensity, all]) => ({
    intensity,
    lines: all.filter((line) => line.some((one) => !isSame(one, at(line, 0)))),
  }));
  const frame = new Frame(levels.flatMap((level) => level.lines));
  const witnesses = levels.map((level) => ({ intensity: level.intensity, points: witnessesOf(level.lines) }));
  let mended = 0;
  const found = levels
    .sort((a, b) => b.intensity - a.intensity)
    .map((level) => {
      const { rings, chords, ...rest } = sorted(joined(level.lines), frame);
      mended += rest.mended;
      const others = witnesses
        .filter((other) => other.intensity !== level.intensity)
        .flatMap((other) => other.points.map((point) => ({ point, isInside: other.intensity > level.intensity })));
      return { intensity: level.intensity, polygons: nested(meant(level.intensity, rings, chords, frame, others)) };
    })
    .filter((level) => level.polygons.length > 0);
  return { levels: found, mended };
}

interface Witness {
  point: LonLat;
  isInside: boolean;
}

function witnessesOf(lines: readonly Line[]): LonLat[] {
  const step = Math.max(1, Math.ceil(lines.length / WITNESSES_MAX));
  return lines.filter((_, number) => number % step === 0).map(middleOf);
}

/** The one of the two readings that the other levels agree with. Nobody to ask: what a closed line holds is inside, and of
 * the parts that open ones cut off the smaller. */
function meant(
  intensity: number,
  rings: readonly Ring[],
  chords: readonly Line[],
  frame: Frame,
  others: readonly Witness[],
): Ring[] {
  const readings = [0, 1].map((parity) => [...rings, ...alongFrame(intensity, chords, frame, parity)]);
  const [first = [], second = []] = readings;
  const agreeing = others.filter((one) => holds(first, one.point) === one.isInside).length;
  const against = others.length - agreeing;
  if (agreeing !== against) return agreeing > against ? first : second;
  if (chords.length === 0) return first;
  const size = (reading: readonly Ring[]) => reading.slice(rings.length).reduce((sum, ring) => sum + areaOf(ring), 0);
  return size(first) <= size(second) ? first : second;
}

/** The chords closed along every second stretch of the frame. Without any, the frame is wholly outside or inside. */
function alongFrame(intensity: number, chords: readonly Line[], frame: Frame, parity: number): Ring[] {
  if (chords.length === 0) return parity === 0 ? [] : [frame.ring()];
  const ends = chords
    .flatMap((line, chord) => [
      { chord, isFirst: true, along: frame.along(at(line, 0)) },
      { chord, isFirst: false, along: frame.along(at(line, -1)) },
    ])
    .sort((a, b) => a.along - b.along);
  const touching = chords.flatMap((line) => line.slice(1, -1).filter((point) => frame.gap(point) === 0));
  const numberOf = new Map(ends.map((end, number) => [`${end.chord}${end.isFirst}`, number] as const));
  const pending = new Set(ends.map((_, number) => number).filter((number) => number % 2 === parity));
  const rings: Ring[] = [];
  for (const start of pending) {
    const ring: Ring = [];
    let number = start;
    do {
      if (!pending.delete(number)) throw new LinesCross(intensity);
      const [from, to] = [at(ends, number), at(ends, (number + 1) % ends.length)];
      ring.push(...frame.passed(from.along, to.along, touching));
      const line = at(chords, to.chord);
      ring.push(...(to.isFirst ? line : [...line].reverse()));
      number = numberOf.get(`${to.chord}${!to.isFirst}`) ?? start;
    } while (number !== start);
    ring.push(at(ring, 0));
    rings.push(ring);
  }
  return rings;
}

/** Lines that end where another begins are one. */
function joined(lines: readonly Line[]): Line[] {
  const whole: Line[] = lines.filter(isClosed);
  const open = new Set(lines.filter((line) => !isClosed(line)));
  const byEnd = new Map<string, Line[]>();
  for (const line of open) {
    for (const end of [at(line, 0), at(line, -1)]) byEnd.set(String(end), [...(byEnd.get(String(end)) ?? []), line]);
  }
  for (const line of open) {
    open.delete(line);
    let grown = line;
    for (let turned = 0; turned < 2; turned += 1) {
      for (let next = follower(grown, byEnd, open); next && !isClosed(grown); next = follower(grown, byEnd, open)) {
        open.delete(next);
        const onwards = isSame(at(next, 0), at(grown, -1)) ? next : [...next].reverse();
        grown = [...grown, ...onwards.slice(1)];
      }
      grown = [...grown].reverse();
    }
    whole.push(grown);
  }
  return whole;
}

function follower(line: Line, byEnd: ReadonlyMap<string, readonly Line[]>, open: ReadonlySet<Line>): Line | undefined {
  return byEnd.get(String(at(line, -1)))?.find((other) => open.has(other));
}

function sorted(lines: readonly Line[], frame: Frame): { rings: Ring[]; chords: Line[]; mended: number } {
  const [rings, chords]: [Ring[], Line[]] = [[], []];
  let mended = 0;
  for (const line of lines) {
    if (isClosed(line)) {
      rings.push([...line]);
      continue;
    }
    const gaps = [frame.gap(at(line, 0)), frame.gap(at(line, -1))];
    if (Math.max(...gaps) > frame.near) mended += 1;
    if (Math.min(...gaps) > frame.near) rings.push([...line, at(line, 0)]);
    else chords.push([frame.nearest(at(line, 0)), ...line, frame.nearest(at(line, -1))].filter(isNew));
  }
  return { rings: rings.filter((ring) => ring.length > 3), chords, mended };
}

function isNew(point: LonLat, number: number, line: readonly LonLat[]): boolean {
  return number === 0 || !isSame(point, at(line, number - 1));
}

function isSame(a: LonLat, b: LonLat): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function isClosed(line: Line): boolean {
  return line.length > 3 && isSame(at(line, 0), at(line, -1));
}

/** The box around all lines, which is where those that run off the map end. */
class Frame {
  private readonly west: number;
  private readonly south: number;
  private readonly wide: number;
  private readonly high: number;

  constructor(lines: readonly Line[]) {
    let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [lon, lat] of lines.flat()) {
      [west, east] = [Math.min(west, lon), Math.max(east, lon)];
      [south, north] = [Math.min(south, lat), Math.max(north, lat)];
    }
    [this.west, this.south, this.wide, this.high] = [west, south, east - west, north - south];
  }

  get near(): number {
    return EDGE_SHARE * Math.max(this.wide, this.high);
  }

  ring(): Ring {
    const corners = [0, 1, 2, 3].map((number) => this.corner(number));
    return [...corners, at(corners, 0)];
  }

  nearest(point: LonLat): LonLat {
    const candidates = this.footprints(point);
    return candidates.reduce((best, one) => (apart(one, point) < apart(best, point) ? one : best));
  }

  gap(point: LonLat): number {
    return apart(this.nearest(point), point);
  }

  /** How far along the frame a position on it lies: from the south-west corner, counter-clockwise. */
  along([lon, lat]: LonLat): number {
    const [fromWest, fromSouth] = [lon - this.west, lat - this.south];
    if (fromSouth === 0) return fromWest;
    if (lon === this.west + this.wide) return this.wide + fromSouth;
    if (lat === this.south + this.high) return 2 * this.wide + this.high - fromWest;
    return 2 * (this.wide + this.high) - fromSouth;
  }

  /** Its corners, and positions of lines that touch it, that are passed on the way from one position to another. */
  passed(from: number, to: number, touching: readonly LonLat[]): LonLat[] {
    const corners = [0, 1, 2, 3].map((number) => this.corner(number));
    const places = [...corners, ...touching].map((point) => ({ point, along: this.along(point) }));
    const isBetween = (along: number) => (from < to ? from < along && along < to : along > from || along < to);
    const onTheWay = places.filter(({ along }) => isBetween(along));
    const inOrder = onTheWay.sort((a, b) => Number(a.along < from) - Number(b.along < from) || a.along - b.along);
    return inOrder.map(({ point }) => point);
  }

  private corner(number: number): LonLat {
    const east = number === 1 || number === 2 ? this.wide : 0;
    return [this.west + east, this.south + (number >= 2 ? this.high : 0)];
  }

  private footprints([lon, lat]: LonLat): LonLat[] {
    const [east, north] = [this.west + this.wide, this.south + this.high];
    return [
      [lon, this.south],
      [east, lat],
      [lon, north],
      [this.west, lat],
    ];
  }
}

function apart(a: LonLat, b: LonLat): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
