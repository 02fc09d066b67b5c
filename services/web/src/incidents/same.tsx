/** Incidents that may be the same as one, with how far apart they are, and what may be done about it. */
import type { ComponentChildren } from "preact";
import type { Incident } from "../api/answers";
import { fill, useSpeech } from "../words/words";
import { BriefLink } from "./brief-link";
import type { Briefs } from "./briefs";

interface SameProps {
  incident: Incident;
  briefs: Briefs;
  /** What stands beside each. */
  beside?: (other: string) => ComponentChildren;
}

export function SameIncidents({ incident, briefs, beside }: SameProps) {
  const { words, number } = useSpeech();
  if (incident.state === "closed" || incident.may_be_same_as.length === 0) return null;
  return (
    <div class="notice" data-testid="same">
      <strong>{words.mayBeSame}</strong>
      <ul>
        {incident.may_be_same_as.map((other) => (
          <li key={other.incident_id}>
            <BriefLink id={other.incident_id} briefs={briefs} /> ·{" "}
            {fill(words.apart, { km: number(other.apart_km), minutes: number(other.apart_minutes) })}
            {beside?.(other.incident_id)}
          </li>
        ))}
      </ul>
    </div>
  );
}
