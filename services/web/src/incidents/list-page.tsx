/** The incidents of the reader's areas, newest first, and live. */
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import type { IncidentRow } from "../api/answers";
import { settling, useStream } from "../live/stream";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { ExerciseMark, LevelMark } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime } from "../words/time";
import { useSpeech, wordFor } from "../words/words";
import { CHANGES } from "./changes";

const PAGE = 50;
type Shown = "open" | "closed" | "all";

export function IncidentsPage({ session, mayDeclare }: { session: Session; mayDeclare: boolean }) {
  const { words } = useSpeech();
  const [shown, setShown] = useState<Shown>("open");
  const [limit, setLimit] = useState(PAGE);
  const state = shown === "all" ? "" : `&state=${shown}`;
  const asked = useAsked(
    (signal) =>
      session.call<{ items: IncidentRow[]; next_cursor: string | null }>(`/incidents?limit=${limit}${state}`, {
        signal,
      }),
    [shown, limit],
  );
  const [lookAgain] = useState(() => settling(asked.again));
  const isLive = useStream(session, "incident-events", CHANGES, lookAgain);
  return (
    <>
      <div class="title-line">
        <h1>{words.incidents}</h1>
        <Liveness isLive={isLive} />
        <span class="spacer" />
        <select
          aria-label={words.incidents}
          value={shown}
          onChange={(event) => setShown(event.currentTarget.value as Shown)}
        >
          <option value="open">{words.open}</option>
          <option value="closed">{words.closed}</option>
          <option value="all">{words.all}</option>
        </select>
        {mayDeclare && (
          <Link href="/declare" class="button main">
            {words.declareIncident}
          </Link>
        )}
      </div>
      <WentWrong error={asked.error} />
      {asked.value === null && !asked.error && <p class="hint">{words.loading}</p>}
      {asked.value?.items.length === 0 && <p class="empty">{words.noIncidents}</p>}
      <ul class="rows">
        {asked.value?.items.map((incident) => (
          <Row key={incident.incident_id} incident={incident} />
        ))}
      </ul>
      {asked.value?.next_cursor && limit < 4 * PAGE && (
        <button type="button" onClick={() => setLimit(limit + PAGE)}>
          {words.more}
        </button>
      )}
    </>
  );
}

export function Liveness({ isLive }: { isLive: boolean }) {
  const { words } = useSpeech();
  return (
    <span class={`liveness ${isLive ? "is-live" : ""}`} role="status">
      {isLive ? words.live : words.notLive}
    </span>
  );
}

function Row({ incident }: { incident: IncidentRow }) {
  const { words, titled, language } = useSpeech();
  return (
    <li class={incident.exercise ? "row drill" : "row"}>
      <LevelMark level={incident.level} />
      <div class="row-body">
        <Link href={`/incidents/${incident.incident_id}`}>{titled(incident)}</Link>
        {incident.exercise && <ExerciseMark label={words.exercise} />}
        <div class="hint">
          {wordFor(words.kinds, incident.kind)} · {wordFor(words.phases, incident.phase)} ·{" "}
          {civilTime(incident.occurred_at, language)}
          {incident.state === "closed" && ` · ${words.closed}`}
        </div>
      </div>
    </li>
  );
}
