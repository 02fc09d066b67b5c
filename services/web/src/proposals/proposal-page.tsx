/** One proposal: what was said and when, where, whom accepting it would reach; then a person decides. Live. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { useSender } from "../changing/use-sender";
import { Liveness } from "../incidents/list-page";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { ExerciseMark, LevelMark } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilTime } from "../words/time";
import { fill, useSpeech, wordFor } from "../words/words";
import { type Accepted, AcceptForm } from "./accept-form";
import { DismissForm } from "./dismiss-form";
import { useProposalChanges } from "./live";
import { type Proposal, titlesOf } from "./model";
import { AcceptedPanel } from "./outcome";
import { PlacePanel } from "./place-panel";
import { MessagesPanel, SaysPanel } from "./says-panel";
import { nothingTyped, previewOf, type Typed, warnings } from "./typed";
import { useProposalPreview } from "./use-preview";

export function ProposalPage({ session, proposalId }: { session: Session; proposalId: string }) {
  const { words } = useSpeech();
  const asked = useAsked(
    (signal) => session.call<Proposal>(`/incidents/proposals/${encodeURIComponent(proposalId)}`, { signal }),
    [proposalId],
  );
  const isLive = useProposalChanges(session, asked.again);
  if (asked.value === null) {
    return asked.error ? <WentWrong error={asked.error} /> : <p class="hint">{words.loading}</p>;
  }
  return (
    <>
      <WentWrong error={asked.error} />
      <Shown session={session} proposal={asked.value} isLive={isLive} again={asked.again} />
    </>
  );
}

interface ShownProps {
  session: Session;
  proposal: Proposal;
  isLive: boolean;
  again: () => void;
}

function Shown({ session, proposal, isLive, again }: ShownProps) {
  const [typed, setTyped] = useState<Typed>(() => nothingTyped(proposal));
  const [seenRevision, setSeenRevision] = useState(proposal.revision);
  const [accepted, setAccepted] = useState<Accepted | null>(null);
  const path = `/incidents/proposals/${proposal.proposal_id}/accept`;
  const sender = useSender<Accepted>(session, path, { onDone: setAccepted, onConflict: again });
  const change = (part: Partial<Typed>) => setTyped((before) => ({ ...before, ...part }));
  // Somebody else may have accepted it meanwhile: then only revising is left. What was sent and not answered stays as it
  // is, so that sending it again is the same.
  const isOpen = sender.sending.state === "ready" || sender.sending.state === "failed";
  useEffect(() => {
    if (proposal.incident_id !== null && isOpen) change({ how: "revise" });
  }, [proposal.incident_id, isOpen]);
  const request = useMemo(() => previewOf(proposal.picture, typed), [proposal.picture, typed]);
  const preview = useProposalPreview(session, request);
  if (accepted) return <AcceptedPanel accepted={accepted} />;
  const isSeen = seenRevision === proposal.revision;
  const isPlaced = proposal.picture.place !== null || typed.how !== "declare";
  const pick = ([lon, lat]: [number, number]) => change({ latDeg: lat.toFixed(4), lonDeg: lon.toFixed(4) });
  return (
    <article class={proposal.exercise ? "drill" : ""}>
      <Heading proposal={proposal} isLive={isLive} />
      <Notices proposal={proposal} isSeen={isSeen} onSeen={() => setSeenRevision(proposal.revision)} />
      <div class="columns">
        <div>
          <PlacePanel
            session={session}
            picture={proposal.picture}
            request={request}
            preview={preview}
            {...(isPlaced ? {} : { onPick: pick })}
          />
          <SaysPanel proposal={proposal} />
          <MessagesPanel messages={proposal.messages} />
        </div>
        <div class="fields">
          {!proposal.withdrawn && (
            <AcceptForm
              session={session}
              proposal={proposal}
              typed={typed}
              change={change}
              preview={preview}
              sender={sender}
              isSeen={isSeen}
            />
          )}
          {proposal.state === "proposed" && (
            <DismissForm session={session} proposalId={proposal.proposal_id} onDecided={again} />
          )}
        </div>
      </div>
    </article>
  );
}

function Heading({ proposal, isLive }: { proposal: Proposal; isLive: boolean }) {
  const { words, titled, language } = useSpeech();
  const wording = words.proposing;
  const { picture } = proposal;
  return (
    <>
      <p class="above">
        <Link href="/proposals">← {wording.toList}</Link>
      </p>
      <div class="title-line">
        {picture.level && <LevelMark level={picture.level} />}
        <h1>{titled(titlesOf(picture)) || wordFor(words.kinds, picture.kind)}</h1>
        {proposal.exercise && <ExerciseMark label={words.exercise} />}
        <Liveness isLive={isLive} />
      </div>
      <p class="hint">
        {wordFor(words.kinds, picture.kind)} · {words.from} {proposal.source} ·{" "}
        {fill(wording.revision, { revision: proposal.revision })} · {wording.receivedAt}{" "}
        <time dateTime={proposal.changed_at}>{civilTime(proposal.changed_at, language)}</time> {words.beijingTime}
      </p>
    </>
  );
}

interface NoticesProps {
  proposal: Proposal;
  isSeen: boolean;
  onSeen: () => void;
}

function Notices({ proposal, isSeen, onSeen }: NoticesProps) {
  const { words, language } = useSpeech();
  const wording = words.proposing;
  const time = (instant: string | null) => (instant ? civilTime(instant, language) : "");
  const times = { at: time(proposal.picture.expires_at), happened: time(proposal.picture.occurred_at) };
  return (
    <>
      {!isSeen && (
        <div class="notice bad" role="alert">
          {wording.changedWhileOpen}{" "}
          <button type="button" onClick={onSeen}>
            {wording.sawIt}
          </button>
        </div>
      )}
      {warnings(proposal, new Date()).map((one) => (
        <p key={one} class={one === "exercise" ? "notice" : "notice bad"}>
          {fill(wording.warnings[one], times)}
        </p>
      ))}
      {proposal.state === "dismissed" && (
        <p class="notice" role="status">
          {fill(wording.dismissedBecause, {
            at: time(proposal.decided_at),
            reason: proposal.reason ?? "",
          })}
        </p>
      )}
      {proposal.incident_id !== null && (
        <p class="notice" role="status">
          {wording.acceptedAs} <Link href={`/incidents/${proposal.incident_id}`}>{words.toIncident}</Link>
        </p>
      )}
    </>
  );
}
