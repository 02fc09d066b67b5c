/** What feeds propose: a person accepts or dismisses. Nothing here happens by itself. */
import { useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import type { Level, Proposal } from "../api/answers";
import { Refused } from "../api/client";
import { keyed } from "../declare/keyed";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { ExerciseMark, Field, LevelMark } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime } from "../words/time";
import { useSpeech, wordFor } from "../words/words";

const LEVELS: Level[] = ["I", "II", "III", "IV"];

export function ProposalsPage({ session }: { session: Session }) {
  const { words } = useSpeech();
  const asked = useAsked(
    (signal) =>
      session.call<{ items: Proposal[] }>("/incidents/proposals?state=proposed&without_level=true&limit=100", {
        signal,
      }),
    [],
  );
  return (
    <>
      <h1>{words.proposals}</h1>
      <WentWrong error={asked.error} />
      {asked.value === null && !asked.error && <p class="hint">{words.loading}</p>}
      {asked.value?.items.length === 0 && <p class="empty">{words.noProposals}</p>}
      <ul class="rows">
        {asked.value?.items.map((proposal) => (
          <Row key={proposal.proposal_id} session={session} proposal={proposal} onDone={asked.again} />
        ))}
      </ul>
    </>
  );
}

interface RowProps {
  session: Session;
  proposal: Proposal;
  onDone: () => void;
}

function Row({ session, proposal, onDone }: RowProps) {
  const { words, titled, language } = useSpeech();
  const [, go] = useLocation();
  const [level, setLevel] = useState<Level | "">(proposal.level ?? "");
  const [areaCodes, setAreaCodes] = useState("");
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [key] = useState(keyed);
  const path = `/incidents/proposals/${proposal.proposal_id}`;

  const decide = async (what: "accept" | "dismiss", body: unknown) => {
    setBusy(true);
    setError(null);
    try {
      const answer = await session.call<{ incident_id?: string }>(`${path}/${what}`, {
        method: "POST",
        body,
        key: key.keyFor([what, body]),
      });
      if (answer.incident_id) go(`/incidents/${answer.incident_id}`);
      else onDone();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  const accept = () =>
    decide("accept", {
      revision: proposal.revision,
      ...(level && level !== proposal.level ? { level } : {}),
      ...(areaCodes.trim() ? { area_codes: areaCodes.trim().split(/[\s,，]+/) } : {}),
    });
  return (
    <li class={proposal.exercise ? "row drill" : "row"}>
      {proposal.level && <LevelMark level={proposal.level} />}
      <div class="row-body">
        <strong>{titled(proposal)}</strong> {proposal.exercise && <ExerciseMark label={words.exercise} />}
        <div class="hint">
          {proposal.kind && `${wordFor(words.kinds, proposal.kind)} · `}
          {proposal.occurred_at && `${civilTime(proposal.occurred_at, language)} · `}
          {words.from} {proposal.source}
        </div>
        <WentWrong error={error} />
        {error instanceof Refused && (
          <ul>
            {error.problem.problems.map((finding) => (
              <li key={finding.where + finding.what}>
                {finding.where} {finding.what}
              </li>
            ))}
          </ul>
        )}
        <details>
          <summary>{words.decide}</summary>
          <div class="side-by-side">
            <Field label={words.level}>
              {(tied) => (
                <select {...tied} value={level} onChange={(e) => setLevel(e.currentTarget.value as Level)}>
                  <option value="">–</option>
                  {LEVELS.map((one) => (
                    <option key={one}>{one}</option>
                  ))}
                </select>
              )}
            </Field>
            {proposal.area_codes.length === 0 && (
              <Field label={words.areaCodes}>
                {(tied) => <input {...tied} value={areaCodes} onInput={(e) => setAreaCodes(e.currentTarget.value)} />}
              </Field>
            )}
            <Field label={words.reason}>
              {(tied) => <input {...tied} value={reason} onInput={(e) => setReason(e.currentTarget.value)} />}
            </Field>
          </div>
          <div class="buttons">
            <button type="button" class="main" disabled={isBusy || !level} onClick={() => void accept()}>
              {words.accept}
            </button>
            <button
              type="button"
              disabled={isBusy || !reason.trim()}
              onClick={() => void decide("dismiss", { reason })}
            >
              {words.dismiss}
            </button>
          </div>
        </details>
      </div>
    </li>
  );
}
