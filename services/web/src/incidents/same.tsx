/** Incidents that may be the same as one, with how far apart they are. */
import { Link } from "wouter-preact";
import type { Incident } from "../api/answers";
import { fill, useSpeech } from "../words/words";

export function SameIncidents({ incident }: { incident: Incident }) {
  const { words, number } = useSpeech();
  if (incident.may_be_same_as.length === 0) return null;
  return (
    <div class="notice">
      <strong>{words.mayBeSame}</strong>
      <ul>
        {incident.may_be_same_as.map((other) => (
          <li key={other.incident_id}>
            <Link href={`/incidents/${other.incident_id}`}>
              {fill(words.apart, { km: number(other.apart_km), minutes: number(other.apart_minutes) })}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
