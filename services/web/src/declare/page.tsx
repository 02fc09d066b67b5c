/** Declaring: one form, a preview of whom it reaches, one call. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Declared } from "../api/answers";
import { type Finding, NoAnswer, Refused } from "../api/client";
import type { Session } from "../session/session";
import { ExerciseMark, FaultsContext } from "../ui/field";
import { WentWrong } from "../ui/told";
import { civilField } from "../words/time";
import { fill, useSpeech } from "../words/words";
import { type Draft, declaration, emptyDraft } from "./draft";
import { inWords } from "./faults";
import { sorted } from "./findings";
import { keyed } from "./keyed";
import { MoreGround } from "./more-ground/more-ground";
import { stillMeant } from "./more-ground/says";
import type { Aim } from "./more-ground/venues";
import { NeedsFields } from "./needs-fields";
import { Outcome } from "./outcome";
import { PlaceFields } from "./place-fields";
import { PreviewPanel } from "./preview-panel";
import { fieldsOf, labelOf } from "./shown";
import { type PreviewState, usePreview } from "./use-preview";
import { WhatFields } from "./what-fields";

export interface PartProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}

type Sending = { state: "not-yet" | "busy" | "unsure" } | { state: "failed"; error: unknown };

export function DeclarePage({ session }: { session: Session }) {
  const { words } = useSpeech();
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(civilField(new Date())));
  const [findings, setFindings] = useState<Finding[]>([]);
  const [sending, setSending] = useState<Sending>({ state: "not-yet" });
  const [declared, setDeclared] = useState<Declared | null>(null);
  const [key] = useState(keyed);
  const [aim, setAim] = useState<Aim | null>(null);
  const isBusy = useRef(false);
  const preview = usePreview(session, draft, setFindings);
  const told = useMemo(() => findings.map((finding) => inWords(finding, words)), [findings, words]);
  const faults = useMemo(() => sorted(told, fieldsOf(draft.venues.length)), [told, draft.venues.length]);
  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setFindings((before) => stillMeant(before, draft, part));
  };

  const declare = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy.current) return;
    const said = declaration(draft, words);
    setFindings(said.findings);
    if (said.findings.length > 0) return;
    isBusy.current = true;
    setSending({ state: "busy" });
    try {
      const body = said.request;
      setDeclared(await session.call<Declared>("/incidents", { method: "POST", body, key: key.keyFor(body) }));
    } catch (error) {
      if (error instanceof Refused && error.problem.problems.length > 0) setFindings(error.problem.problems);
      setSending(error instanceof NoAnswer ? { state: "unsure" } : { state: "failed", error });
    } finally {
      isBusy.current = false;
    }
  };

  if (declared) return <Outcome declared={declared} draft={draft} session={session} />;
  return (
    <FaultsContext.Provider value={faults.byField}>
      <form class={draft.exercise ? "declare drill" : "declare"} onSubmit={declare} noValidate>
        <div class="title-line">
          <h1>{words.declareIncident}</h1>
          {draft.exercise && <ExerciseMark label={words.exercise} />}
        </div>
        <Summary findings={told} />
        <div class="columns">
          <div class="fields">
            <WhatFields draft={draft} change={change} />
            <PlaceFields draft={draft} change={change} session={session} />
            <MoreGround draft={draft} change={change} session={session} aim={aim} onAim={setAim} />
            <NeedsFields draft={draft} change={change} session={session} />
          </div>
          <div class="beside">
            <PreviewPanel draft={draft} change={change} session={session} preview={preview} aim={aim} onAim={setAim} />
          </div>
        </div>
        <DeclareBar draft={draft} preview={preview} sending={sending} hasFindings={findings.length > 0} />
      </form>
    </FaultsContext.Provider>
  );
}

interface BarProps {
  draft: Draft;
  preview: PreviewState;
  sending: Sending;
  hasFindings: boolean;
}

/** What is about to happen, and the button that does it; on wide screens always in sight. */
function DeclareBar({ draft, preview, sending, hasFindings }: BarProps) {
  const { words, number } = useSpeech();
  const seen = preview.isOld ? null : preview.seen;
  return (
    <section class="card declare-now">
      <div class="about-to">
        <p class={draft.exercise ? "hint" : "grave"}>{draft.exercise ? words.exerciseHint : words.realHint}</p>
        <p class="hint">
          {seen ? fill(words.previewed, { count: number(seen.audience.volunteers.reachable) }) : words.notPreviewed}
        </p>
        {sending.state === "unsure" && (
          <p class="notice bad" role="alert">
            {words.againIsSafe}
          </p>
        )}
        {sending.state === "failed" && !hasFindings && <WentWrong error={sending.error} />}
      </div>
      <button type="submit" class="main big" disabled={sending.state === "busy"}>
        {buttonText(sending.state, draft.exercise, words)}
      </button>
    </section>
  );
}

function buttonText(
  state: Sending["state"],
  isExercise: boolean,
  words: { declaring: string; declareAgain: string; declareReal: string; declareExercise: string },
): string {
  if (state === "busy") return words.declaring;
  if (state === "unsure") return words.declareAgain;
  return isExercise ? words.declareExercise : words.declareReal;
}

/** All that is to mend, each a way to its field. */
function Summary({ findings }: { findings: readonly Finding[] }) {
  const { words } = useSpeech();
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => element.current?.scrollIntoView({ block: "nearest" }), [findings]);
  if (findings.length === 0) return null;
  const go = (where: string) => {
    const field = document.querySelector(`[data-pointer="${CSS.escape(where)}"]`);
    field?.closest("details")?.setAttribute("open", "");
    field?.querySelector<HTMLElement>("input, select, textarea")?.focus();
  };
  return (
    <div class="notice bad" role="alert" ref={element}>
      <strong>{fill(words.problems, { count: findings.length })}</strong>
      <ul>
        {findings.map((finding) => {
          const shown = labelOf(finding.where, words);
          return (
            <li key={finding.where + finding.what}>
              {shown && (
                <button type="button" class="link" onClick={() => go(shown.field)}>
                  {shown.label}
                </button>
              )}{" "}
              {finding.what}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
