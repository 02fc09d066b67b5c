/** What every change has: its fields, a reason, what is wrong, what came of sending it; grave ones ask once more. */
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { Incident } from "../api/answers";
import { type Finding, Refused } from "../api/client";
import { sorted } from "../declare/findings";
import type { Briefs } from "../incidents/briefs";
import { ChangeLine } from "../incidents/history-panel";
import type { Session } from "../session/session";
import { FaultsContext, Field } from "../ui/field";
import { WentWrong } from "../ui/told";
import { useSpeech } from "../words/words";
import { type Grave, GraveStep } from "./grave-step";
import { changeInWords } from "./refusals";
import { submitText, useHeading } from "./step";
import { isConflict, type Sender } from "./use-sender";

const REASON_CHARS_MAX = 2000;

export interface ChangeProps {
  session: Session;
  incident: Incident;
  briefs: Briefs;
  /** Says what was done; the form goes away. */
  onDone: (what: string) => void;
  onCancel: () => void;
  /** Reads the incident anew. */
  again: () => void;
}

interface FormProps extends ChangeProps {
  title: string;
  /** The pointers of the fields that are shown, without the reason's. */
  fields: readonly string[];
  sender: Sender;
  reason: string;
  onReason: (reason: string) => void;
  isReasonOptional?: boolean;
  /** What can be seen to be wrong before anybody is asked. */
  check?: () => readonly Finding[];
  submit: string;
  onSubmit: () => void;
  grave?: Grave;
  /** Whether it still can be done to the incident as it is now; left out: while it is open. */
  isPossible?: boolean;
  children?: ComponentChildren;
}

export function ChangeForm(props: FormProps) {
  const { words } = useSpeech();
  const { sender, incident, grave } = props;
  const [isAsked, setAsked] = useState(false);
  const told = useMemo(() => sender.findings.map((one) => changeInWords(one, words)), [sender.findings, words]);
  const faults = useMemo(() => sorted(told, [...props.fields, "/reason"]), [told]);
  const heading = useHeading();
  useEffect(() => {
    if (sender.sending.state === "failed") setAsked(false);
  }, [sender.sending]);
  const isPossible = props.isPossible ?? incident.state === "open";
  const isStopped = sender.sending.state === "busy" || !(isPossible || sender.sending.state === "unsure");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const missing =
      props.isReasonOptional || props.reason.trim() ? [] : [{ where: "/reason", what: words.changing.reasonNeeded }];
    const found = [...(props.check?.() ?? []), ...missing];
    sender.tell(found);
    if (found.length > 0 || isStopped) return;
    if (grave) setAsked(true);
    else props.onSubmit();
  };
  const notices = <Notices {...props} others={faults.others} isPossible={isPossible} />;
  if (grave && isAsked) {
    return (
      <GraveStep
        grave={grave}
        isReal={!incident.exercise}
        sending={sender.sending}
        isStopped={isStopped}
        onYes={props.onSubmit}
        onBack={() => setAsked(false)}
      >
        {notices}
      </GraveStep>
    );
  }
  return (
    <FaultsContext.Provider value={faults.byField}>
      <form class="change" onSubmit={submit} noValidate>
        <h3 ref={heading} tabIndex={-1}>
          {props.title}
        </h3>
        {props.children}
        <ReasonField {...props} />
        {notices}
        <div class="buttons">
          <button type="submit" class="main" disabled={isStopped}>
            {submitText(sender.sending, props.submit, words.changing)}
          </button>
          <button type="button" onClick={props.onCancel}>
            {words.changing.cancel}
          </button>
        </div>
      </form>
    </FaultsContext.Provider>
  );
}

function ReasonField({ reason, onReason, isReasonOptional }: FormProps) {
  const { words } = useSpeech();
  return (
    <Field
      label={isReasonOptional ? words.changing.reasonOptional : words.reason}
      pointer="/reason"
      hint={isReasonOptional ? words.changing.reasonOptionalHint : words.changing.reasonHint}
    >
      {(tied) => (
        <textarea
          {...tied}
          rows={2}
          maxLength={REASON_CHARS_MAX}
          value={reason}
          onInput={(e) => onReason(e.currentTarget.value)}
        />
      )}
    </Field>
  );
}

type NoticeProps = FormProps & { others: readonly Finding[]; isPossible: boolean };

function Notices({ sender, incident, briefs, session, others, isPossible }: NoticeProps) {
  const { words } = useSpeech();
  const [known] = useState(incident.changes.length);
  const since = incident.changes.slice(known);
  const { sending } = sender;
  return (
    <>
      {sending.state === "unsure" && (
        <p class="notice bad" role="alert">
          {words.changing.againIsSafe}
        </p>
      )}
      {sending.state === "failed" && <WhyNot error={sending.error} hasFindings={sender.findings.length > 0} />}
      {others.length > 0 && (
        <ul class="notice bad" role="alert">
          {others.map((finding) => (
            <li key={finding.where + finding.what}>{finding.what}</li>
          ))}
        </ul>
      )}
      {since.length > 0 && (
        <div class="notice" role="status">
          <strong>{words.changing.changedMeanwhile}</strong>
          <ol class="plain">
            {since.map((change) => (
              <li key={change.changed_at + change.what}>
                <ChangeLine change={change} briefs={briefs} reader={session.subject} />
              </li>
            ))}
          </ol>
        </div>
      )}
      {!isPossible && incident.state === "closed" && <p class="notice bad">{words.changing.incidentClosed}</p>}
    </>
  );
}

function WhyNot({ error, hasFindings }: { error: unknown; hasFindings: boolean }) {
  const { words } = useSpeech();
  const isForbidden = error instanceof Refused && error.problem.status === 403;
  if (!isConflict(error) && !isForbidden && !hasFindings) return <WentWrong error={error} />;
  return (
    <p class="notice bad" role="alert">
      {isConflict(error) ? words.changing.conflict : isForbidden ? words.changing.forbidden : words.changing.notTaken}
    </p>
  );
}
