/** Accepting: a new incident, or one that is open. What is missing stands beside the button. */
import { useMemo } from "preact/hooks";
import type { Kind, Level } from "../api/answers";
import { LEVELS } from "../api/level";
import type { Sender } from "../changing/use-sender";
import { inWords } from "../declare/faults";
import { sorted } from "../declare/findings";
import type { Session } from "../session/session";
import { FaultsContext, Field } from "../ui/field";
import { WentWrong } from "../ui/told";
import type { ProposalsWords } from "../words/proposals-zh";
import { fill, useSpeech } from "../words/words";
import { AttachFields } from "./attach-fields";
import { GapFields } from "./gap-fields";
import type { Proposal } from "./model";
import { acceptance, gaps, type How, type Typed } from "./typed";
import type { ProposalPreview } from "./use-preview";

const FIELDS = [
  "/kind",
  "/level",
  "/title_zh",
  "/title_en",
  "/occurred_at",
  "/place/lat_deg",
  "/place/lon_deg",
  "/place/radius_m",
  "/area_codes",
  "/attach_to",
  "/reason",
];

export interface Accepted {
  incident_id: string;
  outcome: "declared" | "revised" | "attached";
  problems: { where: string; what: string; what_zh?: string }[];
}

interface AcceptProps {
  session: Session;
  proposal: Proposal;
  typed: Typed;
  change: (part: Partial<Typed>) => void;
  preview: ProposalPreview;
  sender: Sender;
  /** Whether the reader has seen the proposal as it stands now. */
  isSeen: boolean;
}

export function AcceptForm(props: AcceptProps) {
  const { session, proposal, typed, change, sender } = props;
  const { words } = useSpeech();
  const wording = words.proposing;
  const told = useMemo(() => sender.findings.map((one) => inWords(one, words)), [sender.findings, words]);
  const faults = useMemo(() => sorted(told, FIELDS), [told]);
  const accept = (event: SubmitEvent) => {
    event.preventDefault();
    const said = acceptance(proposal, typed, words.wrongNumber);
    sender.tell(said.findings);
    if (said.findings.length === 0) sender.send(said.request);
  };
  return (
    <FaultsContext.Provider value={faults.byField}>
      <form class="card" onSubmit={accept} noValidate>
        <h2>{wording.decide}</h2>
        {typed.how === "revise" ? (
          <p class="hint">
            {wording.reviseHint} {proposal.accepted_revision === proposal.revision && wording.nothingNew}
          </p>
        ) : (
          <HowChoice how={typed.how} onChange={(how) => change({ how })} />
        )}
        {typed.how === "attach" && <AttachFields {...props} />}
        <div class="side-by-side">
          <LevelField proposal={proposal} typed={typed} change={change} />
          {typed.how === "declare" && <KindField kind={typed.kind} onChange={(kind) => change({ kind })} />}
        </div>
        {typed.how === "declare" ? (
          <GapFields session={session} picture={proposal.picture} typed={typed} change={change} />
        ) : (
          <Field label={words.reason} pointer="/reason" hint={wording.reasonHint}>
            {(tied) => (
              <input
                {...tied}
                maxLength={500}
                value={typed.reason}
                onInput={(e) => change({ reason: e.currentTarget.value })}
              />
            )}
          </Field>
        )}
        {faults.others.length > 0 && (
          <ul class="notice bad" role="alert">
            {faults.others.map((one) => (
              <li key={one.where + one.what}>
                {one.where} {one.what}
              </li>
            ))}
          </ul>
        )}
        <AcceptBar {...props} hasFaults={told.length > 0} />
      </form>
    </FaultsContext.Provider>
  );
}

function HowChoice({ how, onChange }: { how: How; onChange: (how: How) => void }) {
  const { proposing } = useSpeech().words;
  const choices: [How, string][] = [
    ["declare", proposing.declareNew],
    ["attach", proposing.attach],
  ];
  return (
    <div class="choices" role="radiogroup" aria-label={proposing.how}>
      {choices.map(([one, label]) => (
        <label key={one} class="choice">
          <input type="radio" name="how" checked={how === one} onChange={() => onChange(one)} />
          {label}
        </label>
      ))}
    </div>
  );
}

function LevelField({ proposal, typed, change }: Pick<AcceptProps, "proposal" | "typed" | "change">) {
  const { words } = useSpeech();
  const said = proposal.picture.level;
  const { asFeed, asFeedNone } = words.proposing;
  return (
    <Field label={words.level} pointer="/level">
      {(tied) => (
        <select {...tied} value={typed.level} onChange={(e) => change({ level: e.currentTarget.value as Level | "" })}>
          <option value="">{said ? fill(asFeed, { level: said }) : asFeedNone}</option>
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {one} · {words.levels[one]}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function KindField({ kind, onChange }: { kind: Kind; onChange: (kind: Kind) => void }) {
  const { words } = useSpeech();
  return (
    <Field label={words.kind} pointer="/kind">
      {(tied) => (
        <select {...tied} value={kind} onChange={(e) => onChange(e.currentTarget.value as Kind)}>
          {Object.entries(words.kinds).map(([one, word]) => (
            <option key={one} value={one}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What is about to happen, what is still missing, and the button that does it. */
function AcceptBar({ proposal, typed, preview, sender, isSeen, hasFaults }: AcceptProps & { hasFaults: boolean }) {
  const { words, number } = useSpeech();
  const wording = words.proposing;
  const missing = gaps(proposal, typed);
  const seen = preview.shown;
  const { sending } = sender;
  return (
    <div class="accept-now">
      <p class={proposal.exercise ? "hint" : "grave"}>{proposal.exercise ? words.exerciseHint : words.realHint}</p>
      <p class="hint">
        {seen ? fill(words.previewed, { count: number(seen.audience.volunteers.reachable) }) : words.notPreviewed}
      </p>
      <div aria-live="polite" data-testid="missing">
        {missing.length === 0 ? (
          <p class="hint">{wording.nothingMissing}</p>
        ) : (
          <p class="notice">
            {wording.missing} {missing.map((gap) => wording.gaps[gap]).join(" · ")}
          </p>
        )}
      </div>
      {sending.state === "unsure" && (
        <p class="notice bad" role="alert">
          {wording.againIsSafe}
        </p>
      )}
      {sending.state === "failed" && !hasFaults && <WentWrong error={sending.error} />}
      <button type="submit" class="main big" disabled={sending.state === "busy" || !isSeen || missing.length > 0}>
        {buttonText(sending.state, typed.how, proposal, wording)}
      </button>
    </div>
  );
}

function buttonText(state: Sender["sending"]["state"], how: How, proposal: Proposal, wording: ProposalsWords): string {
  if (state === "busy") return wording.accepting;
  if (state === "unsure") return wording.again;
  if (how === "attach") return wording.attachNow;
  if (how === "revise") return wording.reviseNow;
  return proposal.exercise ? wording.declareExercise : wording.declareReal;
}
