/** The map to draw on, and whom it would reach: how many, who not and why. */
import type { Geometry } from "geojson";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Preview } from "../api/answers";
import type { Felt } from "../map/felt";
import { GroundMap } from "../map/ground-map";
import { stationSpots, stationsOf, townSpots, townsNear } from "../map/known";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { WentWrong } from "../ui/told";
import { useLanguageName } from "../words/languages";
import { fill, useSpeech, wordFor } from "../words/words";
import { type Draft, withCorner } from "./draft";
import { drawnPlace, drawnRadiusM, middleOf } from "./ground";
import { observationsOf } from "./more-ground/observations";
import { type Aim, aimed, drawnVenues } from "./more-ground/venues";
import type { PartProps } from "./page";
import type { PreviewState } from "./use-preview";

const NONE: Felt["contours"] = [];

interface PanelProps extends PartProps {
  session: Session;
  preview: PreviewState;
  /** What the next click on the map is for; none: the place. */
  aim?: Aim | null;
  onAim?: (aim: Aim | null) => void;
  /** A place that is shown and not drawn. */
  kept?: { place: Geometry; radiusM: number } | null;
  /** What is said before the first look. */
  hint?: string;
}

export function PreviewPanel({ draft, change, session, preview, aim, onAim, kept, hint }: PanelProps) {
  const spoken = useSpeech();
  const { words } = spoken;
  const place = useMemo(
    () => drawnPlace(draft),
    [draft.placeForm, draft.latDeg, draft.lonDeg, draft.corners, draft.meant],
  );
  const known = useAsked(() => stationsOf(session), [session]);
  const middle = middleOf(draft)?.join();
  const towns = useAsked(
    async (signal) => {
      const at = middleOf(draft);
      return at ? townsNear(session, at[1], at[0], signal) : [];
    },
    [middle],
  );
  const shown = preview.isOld ? null : preview.seen;
  const spots = useMemo(
    () => [
      ...(shown && known.value ? stationSpots(shown.stations, known.value, spoken) : []),
      ...townSpots(towns.value ?? [], spoken),
    ],
    [shown, known.value, towns.value, spoken.language],
  );
  const felt = useDrawn(draft);
  const pick = ([lon, lat]: [number, number]) => {
    if (aim) {
      change({ venues: aimed(draft.venues, aim, [lon, lat]) });
      onAim?.(null);
    } else if (draft.placeForm === "polygon") change({ corners: withCorner(draft.corners, [lon, lat]) });
    else
      change({
        latDeg: lat.toFixed(4),
        lonDeg: lon.toFixed(4),
        ...(draft.placeForm === "circle" ? {} : { placeForm: "point" }),
      });
  };
  return (
    <section class="card">
      {aim && <AimNotice onCancel={() => onAim?.(null)} />}
      <GroundMap
        label={words.map}
        place={kept ? kept.place : place}
        radiusM={kept ? kept.radiusM : drawnRadiusM(draft)}
        zones={shown}
        spots={spots}
        felt={felt}
        {...(kept ? {} : { onPick: pick })}
      />
      <button type="button" class="wide" disabled={preview.isBusy} onClick={preview.look}>
        {preview.isBusy ? words.previewing : words.preview}
      </button>
      <WentWrong error={preview.error} />
      <div aria-live="polite">
        {preview.isOld && <p class="notice">{words.previewOld}</p>}
        {!preview.seen && !preview.isBusy && <p class="hint">{hint ?? words.previewNothing}</p>}
        {shown && <Reach preview={shown} />}
      </div>
    </section>
  );
}

/** Brings the map to whoever is to click it. */
function AimNotice({ onCancel }: { onCancel: () => void }) {
  const { words } = useSpeech();
  const element = useRef<HTMLParagraphElement>(null);
  useEffect(() => element.current?.scrollIntoView({ block: "start" }), []);
  return (
    <p class="notice" role="status" ref={element}>
      {words.moreGround.clickNow}{" "}
      <button type="button" onClick={onCancel}>
        {words.moreGround.cancel}
      </button>
    </p>
  );
}

function useDrawn(draft: Draft): Felt {
  const observations = useMemo(() => observationsOf(draft.observations).observations, [draft.observations]);
  const venues = useMemo(() => drawnVenues(draft.venues), [draft.venues]);
  const contours = draft.contours?.contours ?? NONE;
  return useMemo(() => ({ contours, observations, venues }), [contours, observations, venues]);
}

export function Reach({ preview }: { preview: Preview }) {
  const { words, number } = useSpeech();
  const languageName = useLanguageName();
  const { stations, volunteers } = preview.audience;
  const notAsked = Object.values(volunteers.not_reachable).reduce((sum, count) => sum + count, 0);
  return (
    <div class="reach" data-testid="reach">
      <p class="big-number">{fill(words.canBeAsked, { count: number(volunteers.reachable) })}</p>
      <p>{fill(words.stationsInReach, { count: number(stations.in_reach) })}</p>
      <ZoneLines preview={preview} />
      <Counts
        title={words.byRing}
        counts={volunteers.by_ring.map((ring) => [fill(words.withinKm, { km: number(ring.within_km) }), ring.count])}
      />
      <Counts title={words.byRole} counts={named(volunteers.by_role, words.roles)} />
      <Counts
        title={words.byLanguage}
        counts={Object.entries(volunteers.by_language)
          .sort(([, a], [, b]) => b - a)
          .map(([code, count]) => [languageName(code), count])}
      />
      <Counts title={words.byChannel} counts={named(volunteers.by_channel, words.channels)} />
      {notAsked > 0 && (
        <Counts
          title={fill(words.notAsked, { count: number(notAsked) })}
          counts={named(volunteers.not_reachable, words.reasons)}
        />
      )}
    </div>
  );
}

function ZoneLines({ preview }: { preview: Preview }) {
  const { words, number, named: nameOf } = useSpeech();
  return (
    <ul class="plain">
      {preview.features.map(({ properties }) => {
        const resolved = preview.resolved[properties.kind];
        const people = resolved?.people;
        return (
          <li key={properties.zone_id}>
            <span class={`zone-dot zone-${properties.kind}`} />{" "}
            <strong>{wordFor(words.zoneKinds, properties.kind)}</strong> {number(properties.area_km2)} km² ·{" "}
            {people ? fill(words.people, { count: number(people.estimate) }) : words.peopleUnknown}
            {resolved && resolved.areas.length > 0 && (
              <div class="hint">{resolved.areas.slice(0, 8).map(nameOf).join(" · ")}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function named(counts: Record<string, number>, table: Record<string, string>): [string, number][] {
  return Object.entries(counts).map(([word, count]) => [wordFor(table, word), count]);
}

function Counts({ title, counts }: { title: string; counts: [string, number][] }) {
  const { number } = useSpeech();
  const most = Math.max(1, ...counts.map(([, count]) => count));
  const shown = counts.filter(([, count]) => count > 0);
  if (shown.length === 0) return null;
  return (
    <div class="counts">
      <h3>{title}</h3>
      <table>
        <tbody>
          {shown.map(([word, count]) => (
            <tr key={word}>
              <th scope="row">{word}</th>
              <td class="number">{number(count)}</td>
              <td class="bar">
                <meter min={0} max={most} value={count} aria-hidden="true" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
