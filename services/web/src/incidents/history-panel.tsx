/** What was changed about an incident, newest first: what, why, by whom, when. */
import type { Change, Incident } from "../api/answers";
import { civilTime } from "../words/time";
import { useSpeech, wordFor } from "../words/words";
import { BriefLink } from "./brief-link";
import type { Briefs } from "./briefs";
import { told, whoMade } from "./history";

interface HistoryProps {
  incident: Incident;
  briefs: Briefs;
  /** The account that reads. */
  reader: string;
}

export function HistoryPanel({ incident, briefs, reader }: HistoryProps) {
  const speech = useSpeech();
  const { words, language } = speech;
  return (
    <section class="card" data-testid="history">
      <h2>{words.changing.history}</h2>
      <ol class="plain history">
        {incident.changes.toReversed().map((change, index) => (
          <li key={incident.changes.length - index}>
            <ChangeLine change={change} briefs={briefs} reader={reader} />
          </li>
        ))}
        <li>
          <strong>{words.changing.declared}</strong>
          <div class="hint">
            {civilTime(incident.declared_at, language)} · {words.changing.by}{" "}
            {whoMade(incident.declared_by, reader, speech)}
          </div>
        </li>
      </ol>
    </section>
  );
}

export function ChangeLine({ change, briefs, reader }: { change: Change; briefs: Briefs; reader: string }) {
  const speech = useSpeech();
  const { words, language } = speech;
  const line = told(change, speech);
  return (
    <>
      <strong>{line.what}</strong> {line.other !== null && <BriefLink id={line.other} briefs={briefs} />}
      {line.details.map((detail) => (
        <div key={detail}>{detail}</div>
      ))}
      {change.reason && <div class="reason">{wordFor(words.changing.ownReasons, change.reason)}</div>}
      <div class="hint">
        <time dateTime={change.changed_at}>{civilTime(change.changed_at, language)}</time> · {words.changing.by}{" "}
        {whoMade(change.changed_by, reader, speech)}
      </div>
    </>
  );
}
