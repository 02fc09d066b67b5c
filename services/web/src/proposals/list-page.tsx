/** What feeds propose: those that wait, and those that were accepted or dismissed. Live. Nothing here happens by itself. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { Liveness } from "../incidents/list-page";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { ExerciseMark, LevelMark } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime } from "../words/time";
import { fill, useSpeech, wordFor } from "../words/words";
import { useProposalChanges } from "./live";
import type { ProposalRow, ProposalState } from "./model";
import { saidMore } from "./typed";

const PAGE = 50;
const LIMIT_MAX = 200;
type Shown = ProposalState | "every";

interface Answered {
  items: ProposalRow[];
  next_cursor: string | null;
}

/** With what was asked for: while another list is on its way, this one is still shown. */
type Listed = Answered & { of: string };

export function ProposalsPage({ session }: { session: Session }) {
  const { words } = useSpeech();
  const wording = words.proposing;
  const [shown, setShown] = useState<Shown>("proposed");
  const [withoutLevel, setWithoutLevel] = useState(false);
  const [limit, setLimit] = useState(PAGE);
  const state = shown === "every" ? "" : `&state=${shown}`;
  const path = `/incidents/proposals?limit=${limit}&without_level=${withoutLevel}${state}`;
  const asked = useAsked(
    async (signal): Promise<Listed> => ({ ...(await session.call<Answered>(path, { signal })), of: path }),
    [path],
  );
  const isLive = useProposalChanges(session, asked.again);
  const fresh = useFresh(asked.value);
  return (
    <>
      <div class="title-line">
        <h1>{words.proposals}</h1>
        <Liveness isLive={isLive} />
        <span class="spacer" />
        <select
          aria-label={wording.which}
          value={shown}
          onChange={(event) => setShown(event.currentTarget.value as Shown)}
        >
          <option value="proposed">{wording.waiting}</option>
          <option value="accepted">{wording.accepted}</option>
          <option value="dismissed">{wording.dismissed}</option>
          <option value="every">{wording.every}</option>
        </select>
      </div>
      <label class="check">
        <input type="checkbox" checked={withoutLevel} onChange={(e) => setWithoutLevel(e.currentTarget.checked)} />
        {wording.withoutLevel}
      </label>
      {withoutLevel && <p class="hint">{wording.withoutLevelHint}</p>}
      <WentWrong error={asked.error} />
      <p role="status" class={fresh.size > 0 ? "notice" : "unseen"}>
        {fresh.size > 0 && fill(wording.came, { count: fresh.size })}
      </p>
      {asked.value === null && !asked.error && <p class="hint">{words.loading}</p>}
      {asked.value?.items.length === 0 && <p class="empty">{wording.none[shown]}</p>}
      <ul class="rows">
        {asked.value?.items.map((proposal) => (
          <Row key={proposal.proposal_id} proposal={proposal} isFresh={fresh.has(proposal.proposal_id)} />
        ))}
      </ul>
      {asked.value?.next_cursor && limit < LIMIT_MAX && (
        <button type="button" onClick={() => setLimit(limit + PAGE)}>
          {words.more}
        </button>
      )}
    </>
  );
}

/** Those that came in since the reader first looked at this list. */
function useFresh(listed: Listed | null): ReadonlySet<string> {
  const first = useRef<{ of: string; ids: ReadonlySet<string> } | null>(null);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (listed === null) return;
    const ids = listed.items.map((one) => one.proposal_id);
    if (first.current?.of !== listed.of) first.current = { of: listed.of, ids: new Set(ids) };
    const before = first.current.ids;
    setFresh(new Set(ids.filter((id) => !before.has(id))));
  }, [listed]);
  return fresh;
}

function Row({ proposal, isFresh }: { proposal: ProposalRow; isFresh: boolean }) {
  const { words, titled, language } = useSpeech();
  const wording = words.proposing;
  const kind = wordFor(words.kinds, proposal.kind);
  const more = saidMore(proposal);
  return (
    <li class={proposal.exercise ? "row drill" : "row"}>
      {proposal.level ? <LevelMark level={proposal.level} /> : <span class="level">{wording.noLevel}</span>}
      <div class="row-body">
        <Link href={`/proposals/${proposal.proposal_id}`}>{titled(proposal) || kind}</Link>
        {isFresh && <span class="fresh-mark">{wording.isNew}</span>}
        {proposal.exercise && <ExerciseMark label={words.exercise} />}
        <div class="hint">
          {kind} · {proposal.occurred_at && `${civilTime(proposal.occurred_at, language)} · `}
          {words.from} {proposal.source} · {wording.receivedAt} {civilTime(proposal.changed_at, language)}
          {proposal.state !== "proposed" && ` · ${wording[proposal.state]}`}
        </div>
        {proposal.withdrawn && <div class="fault">{wording.warnings.withdrawn}</div>}
        {more && <div class="fault">{wording.warnings[more]}</div>}
        {proposal.state === "dismissed" && proposal.reason && (
          <div class="hint">
            {words.reason}: {proposal.reason}
          </div>
        )}
      </div>
    </li>
  );
}
