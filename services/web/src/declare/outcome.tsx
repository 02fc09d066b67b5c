/** What came of it: the incident, and what is worth a look (assumptions that were made, incidents that may be the same). */
import { Link } from "wouter-preact";
import type { Declared, Incident } from "../api/answers";
import { named, useBriefs } from "../incidents/briefs";
import { SameIncidents } from "../incidents/same";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { ExerciseMark, LevelMark } from "../ui/field";
import { useSpeech } from "../words/words";
import type { Draft } from "./draft";

export function Outcome({ declared, draft, session }: { declared: Declared; draft: Draft; session: Session }) {
  const { words, language } = useSpeech();
  const incident = useAsked((signal) => session.call<Incident>(`/incidents/${declared.incident_id}`, { signal }), []);
  const briefs = useBriefs(session, incident.value ? named(incident.value) : []);
  const title = (language === "zh" ? draft.titleZh || draft.titleEn : draft.titleEn || draft.titleZh).trim();
  return (
    <section class={draft.exercise ? "card drill" : "card"}>
      <div class="title-line" role="status">
        <h1>{words.declaredDone}</h1>
        {draft.exercise && <ExerciseMark label={words.exercise} />}
      </div>
      <p>
        <LevelMark level={draft.level} /> {title}
      </p>
      {declared.problems.length > 0 && (
        <div class="notice">
          <strong>{words.worthALook}</strong>
          <ul>
            {declared.problems.map((problem) => (
              <li key={problem.where + problem.what}>{language === "zh" ? problem.what_zh : problem.what}</li>
            ))}
          </ul>
        </div>
      )}
      {incident.value && <SameIncidents incident={incident.value} briefs={briefs} />}
      <p>
        <Link href={`/incidents/${declared.incident_id}`} class="button main">
          {words.toIncident}
        </Link>
      </p>
    </section>
  );
}
