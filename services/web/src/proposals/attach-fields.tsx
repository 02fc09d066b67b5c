/** Which open incident a proposal belongs to, chosen by its title. */
import type { IncidentRow } from "../api/answers";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { Field } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime } from "../words/time";
import { useSpeech, wordFor } from "../words/words";
import type { Proposal } from "./model";
import type { Typed } from "./typed";

const PAGE = 200;
const PAGES_MAX = 5;

interface AttachProps {
  session: Session;
  proposal: Proposal;
  typed: Typed;
  change: (part: Partial<Typed>) => void;
}

export function AttachFields({ session, proposal, typed, change }: AttachProps) {
  const { words, titled, language } = useSpeech();
  const wording = words.proposing;
  const open = useAsked((signal) => joinable(session, proposal, signal), [proposal.proposal_id]);
  if (open.value?.length === 0)
    return <p class="notice">{proposal.exercise ? wording.noOpenExercise : wording.noOpenReal}</p>;
  return (
    <>
      <WentWrong error={open.error} />
      <Field label={wording.whichIncident} pointer="/attach_to" hint={wording.attachHint}>
        {(tied) => (
          <select {...tied} value={typed.attachTo} onChange={(e) => change({ attachTo: e.currentTarget.value })}>
            <option value="">{wording.choose}</option>
            {open.value?.map((incident) => (
              <option key={incident.incident_id} value={incident.incident_id}>
                {titled(incident)} · {wordFor(words.kinds, incident.kind)} · {incident.level} ·{" "}
                {civilTime(incident.occurred_at, language)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </>
  );
}

/** A drill never joins what is real. Incidents of the same kind come first, then the newest. */
async function joinable(session: Session, proposal: Proposal, signal: AbortSignal): Promise<IncidentRow[]> {
  const found: IncidentRow[] = [];
  let cursor: string | null = "";
  for (let page = 0; page < PAGES_MAX && cursor !== null; page += 1) {
    const after: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const answer: { items: IncidentRow[]; next_cursor: string | null } = await session.call(
      `/incidents?state=open&limit=${PAGE}${after}`,
      { signal },
    );
    found.push(...answer.items.filter((one) => one.exercise === proposal.exercise));
    cursor = answer.next_cursor;
  }
  const isOther = (one: IncidentRow) => Number(one.kind !== proposal.picture.kind);
  return found.sort((a, b) => isOther(a) - isOther(b));
}
