/** What a change says, in the reader's words. Pure. */
import type { Change, NeedLine } from "../api/answers";
import { peopleWanted } from "../declare/draft";
import { fill, type Speech, wordFor } from "../words/words";

export interface Line {
  what: string;
  details: string[];
  /** The other incident that the change is about. */
  other: string | null;
}

/** An area as a change notes it: many numbers are counted. */
interface Extent {
  place: { type: string; coordinates: unknown };
  radius_m: number;
  magnitude: number | null;
  intensity_observations: number;
  intensity_contours: unknown[];
  venues: unknown[];
  area_codes: string[];
}

const OF_ANOTHER = new Set(["merged", "told-apart", "reopened"]);

export function told(change: Change, speech: Speech): Line {
  const { changing } = speech.words;
  return {
    what: wordFor(changing.whats, change.what),
    details: detailsOf(change, speech),
    other: OF_ANOTHER.has(change.what) ? String(change.after) : null,
  };
}

function detailsOf({ what, before, after }: Change, speech: Speech): string[] {
  const { words } = speech;
  switch (what) {
    case "level-raised":
    case "level-lowered":
      return [`${before} → ${after}`];
    case "phase-advanced":
      return [`${wordFor(words.phases, String(before))} → ${wordFor(words.phases, String(after))}`];
    case "needs-stated": {
      const [was, is] = [before, after].map((needs) => peopleWanted((needs ?? []) as NeedLine[]));
      return [fill(words.changing.people, { before: was ?? 0, after: is ?? 0 })];
    }
    case "area-revised":
      return differences(before as Extent, after as Extent, speech);
    default:
      return [];
  }
}

function differences(before: Extent, after: Extent, speech: Speech): string[] {
  const { changing } = speech.words;
  const number = (value: number | null) => (value === null ? changing.unknown : speech.number(value));
  const shown: [string, (extent: Extent) => string, (extent: Extent) => unknown][] = [
    [changing.moved, (one) => placeText(one.place, speech), (one) => one.place],
    [changing.radiusChange, (one) => number(one.radius_m / 1000), (one) => one.radius_m],
    [changing.magnitudeChange, (one) => number(one.magnitude), (one) => one.magnitude],
    [changing.codesChange, (one) => one.area_codes.join(", "), (one) => one.area_codes],
    [changing.observationsChange, (one) => number(one.intensity_observations), (one) => one.intensity_observations],
    [changing.contoursChange, (one) => number(one.intensity_contours.length), (one) => one.intensity_contours],
    [changing.venuesChange, (one) => number(one.venues.length), (one) => one.venues],
  ];
  return shown
    .filter(([, , value]) => JSON.stringify(value(before)) !== JSON.stringify(value(after)))
    .map(([text, show]) => fill(text, { before: show(before), after: show(after) }));
}

function placeText(place: Extent["place"], speech: Speech): string {
  if (place.type === "Point") {
    const [lon = 0, lat = 0] = place.coordinates as number[];
    return `${lat.toFixed(4)}°, ${lon.toFixed(4)}°`;
  }
  const text = JSON.stringify(place.coordinates);
  const [positions, rings] = [/\[-?\d/g, /\[\[-?\d/g].map((form) => text.match(form)?.length ?? 0);
  return fill(speech.words.changing.corners, { count: (positions ?? 0) - (rings ?? 0) });
}

/** Who made it: the reader, another account, or nobody. */
export function whoMade(account: string | null, reader: string, speech: Speech): string {
  const { changing } = speech.words;
  if (account === null) return changing.itself;
  return account === reader ? changing.you : fill(changing.account, { id: account.slice(0, 8) });
}
