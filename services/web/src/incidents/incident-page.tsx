/** One incident: what it is, its zones on the map, and how far the search for helpers is. Live. */
import { useMemo, useState } from "preact/hooks";
import type { Board, Incident, Zones } from "../api/answers";
import { Refused } from "../api/client";
import { Actions, mayChange } from "../changing/actions";
import { peopleWanted } from "../declare/draft";
import { NeedText } from "../declare/needs-fields";
import { settling, type Told, useStream } from "../live/stream";
import { GroundMap } from "../map/ground-map";
import { stationSpots, stationsOf, townSpots, townsNear } from "../map/known";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { ExerciseMark, LevelMark } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime, ownTime } from "../words/time";
import { fill, useSpeech, wordFor } from "../words/words";
import { BoardPanel } from "./board-panel";
import { named, useBriefs } from "./briefs";
import { ALERT_CHANGES, CHANGES, ZONE_CHANGES } from "./changes";
import { HistoryPanel } from "./history-panel";
import { Liveness } from "./list-page";
import { Relations } from "./relations";
import { SameIncidents } from "./same";

/** What does not exist yet is nothing, not a failure: zones and alert come a moment after the declaration. */
function notYet(error: unknown): null {
  if (error instanceof Refused && (error.problem.status === 404 || error.problem.status === 403)) return null;
  throw error;
}

export function IncidentPage({ session, incidentId }: { session: Session; incidentId: string }) {
  const { words } = useSpeech();
  const path = encodeURIComponent(incidentId);
  const incident = useAsked((signal) => session.call<Incident>(`/incidents/${path}`, { signal }), [incidentId]);
  const zones = useAsked(
    (signal) => session.call<Zones>(`/geofencing/incidents/${path}/zones`, { signal }).catch(notYet),
    [incidentId],
  );
  const board = useAsked(
    (signal) => session.call<Board>(`/alerts/incidents/${path}`, { signal }).catch(notYet),
    [incidentId],
  );
  const [settled] = useState(() => ({
    incident: settling(incident.again),
    zones: settling(zones.again),
    board: settling(board.again),
  }));
  const hear = (again: () => void) => (told: Told) => {
    if (told.incidentId === incidentId) again();
  };
  const isLive = useStream(session, "incident-events", CHANGES, hear(settled.incident));
  useStream(session, "zone-events", ZONE_CHANGES, hear(settled.zones));
  useStream(session, "alert-events", ALERT_CHANGES, hear(settled.board));
  const briefs = useBriefs(session, incident.value ? named(incident.value) : []);
  const again = () => {
    for (const one of [incident, zones, board]) one.again();
  };
  if (incident.value === null) {
    return incident.error ? <WentWrong error={incident.error} /> : <p class="hint">{words.loading}</p>;
  }
  return (
    <article class={incident.value.exercise ? "drill" : ""}>
      <Heading incident={incident.value} isLive={isLive} />
      <WentWrong error={incident.error ?? zones.error ?? board.error} />
      <Relations incident={incident.value} briefs={briefs} />
      {mayChange(session) ? (
        <Actions session={session} incident={incident.value} briefs={briefs} again={again} />
      ) : (
        <SameIncidents incident={incident.value} briefs={briefs} />
      )}
      <div class="columns">
        <div class="beside">
          <ZonesPanel session={session} incident={incident.value} zones={zones.value} />
        </div>
        <div class="fields">
          <BoardPanel board={board.value} />
          <Facts incident={incident.value} />
          <HistoryPanel incident={incident.value} briefs={briefs} reader={session.subject} />
        </div>
      </div>
    </article>
  );
}

function Heading({ incident, isLive }: { incident: Incident; isLive: boolean }) {
  const { words, titled, language } = useSpeech();
  const own = ownTime(incident.occurred_at, language);
  return (
    <>
      <div class="title-line">
        <LevelMark level={incident.level} />
        <h1>{titled(incident)}</h1>
        {incident.exercise && <ExerciseMark label={words.exercise} />}
        <Liveness isLive={isLive} />
      </div>
      <p class="hint">
        {wordFor(words.kinds, incident.kind)} · {wordFor(words.phases, incident.phase)} ·{" "}
        {incident.state === "open" ? words.open : words.closed} · {words.occurredAt}{" "}
        <time dateTime={incident.occurred_at} title={own ?? undefined}>
          {civilTime(incident.occurred_at, language)}
        </time>{" "}
        {words.beijingTime}
      </p>
    </>
  );
}

interface ZonesProps {
  session: Session;
  incident: Incident;
  zones: Zones | null;
}

function ZonesPanel({ session, incident, zones }: ZonesProps) {
  const spoken = useSpeech();
  const { words, number, language } = spoken;
  const known = useAsked(() => stationsOf(session), [session]);
  const middle = zones?.features[0]?.properties.centre;
  const towns = useAsked(
    async (signal) => (middle ? townsNear(session, middle.lat_deg, middle.lon_deg, signal) : []),
    [middle?.lat_deg, middle?.lon_deg],
  );
  const spots = useMemo(
    () => [
      ...(zones && known.value ? stationSpots(zones.stations, known.value, spoken) : []),
      ...townSpots(towns.value ?? [], spoken),
    ],
    [zones, known.value, towns.value, language],
  );
  return (
    <section class="card" data-testid="zones">
      <h2>{words.zones}</h2>
      <GroundMap label={words.map} place={incident.place} radiusM={incident.radius_m} zones={zones} spots={spots} />
      {zones === null ? (
        <p class="hint">{words.zonesComing}</p>
      ) : (
        <>
          {zones.lifted_at && (
            <p class="notice">{fill(words.changing.zonesLifted, { time: civilTime(zones.lifted_at, language) })}</p>
          )}
          <ul class="plain">
            {zones.features.map(({ properties }) => (
              <li key={properties.zone_id}>
                <span class={`zone-dot zone-${properties.kind}`} />{" "}
                <strong>{wordFor(words.zoneKinds, properties.kind)}</strong> {number(properties.area_km2)} km²
                <div class="hint">{properties.explanation[language]}</div>
              </li>
            ))}
          </ul>
          <p>{fill(words.stationsInReach, { count: number(zones.stations.length) })}</p>
        </>
      )}
    </section>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const { words, language } = useSpeech();
  return (
    <section class="card">
      <details>
        <summary>
          {words.needs} · {fill(words.peopleWanted, { count: peopleWanted(incident.needs) })}
        </summary>
        <ul class="needs">
          {incident.needs.map((need) => (
            <li key={need.need_id}>
              <NeedText need={need} />
            </li>
          ))}
        </ul>
      </details>
      <dl>
        <dt>{words.declaredAt}</dt>
        <dd>{civilTime(incident.declared_at, language)}</dd>
        <dt>{words.areaCodes}</dt>
        <dd>{incident.area_codes.join(", ")}</dd>
        {incident.magnitude !== null && (
          <>
            <dt>{words.magnitude}</dt>
            <dd>{incident.magnitude}</dd>
          </>
        )}
        {incident.narrative && (
          <>
            <dt>{words.narrative}</dt>
            <dd class="narrative">{incident.narrative}</dd>
          </>
        )}
      </dl>
    </section>
  );
}
