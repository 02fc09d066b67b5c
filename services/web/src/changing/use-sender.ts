/** Sends one change of an incident, at most once however often the button is pressed, and tells what came of it. */
import { useRef, useState } from "preact/hooks";
import { type Finding, NoAnswer, Refused } from "../api/client";
import { keyed } from "../declare/keyed";
import type { Session } from "../session/session";

export type Sending = { state: "ready" | "busy" | "unsure" } | { state: "failed"; error: unknown };

export interface Sender {
  sending: Sending;
  findings: readonly Finding[];
  tell: (findings: readonly Finding[]) => void;
  send: (body: unknown) => void;
}

export interface Outcome<Answer> {
  onDone: (answer: Answer) => void;
  /** The service refuses because things are no longer as they are shown. */
  onConflict: () => void;
}

export function isConflict(error: unknown): boolean {
  return error instanceof Refused && error.problem.status === 409;
}

export function useSender<Answer>(session: Session, path: string, outcome: Outcome<Answer>): Sender {
  const [sending, setSending] = useState<Sending>({ state: "ready" });
  const [findings, setFindings] = useState<readonly Finding[]>([]);
  const [key] = useState(keyed);
  const isBusy = useRef(false);
  const send = async (body: unknown) => {
    if (isBusy.current) return;
    isBusy.current = true;
    setSending({ state: "busy" });
    setFindings([]);
    try {
      const answer = await session.call<Answer>(path, { method: "POST", body, key: key.keyFor(body) });
      setSending({ state: "ready" });
      outcome.onDone(answer);
    } catch (error) {
      if (error instanceof Refused) setFindings(error.problem.problems);
      setSending(error instanceof NoAnswer ? { state: "unsure" } : { state: "failed", error });
      if (isConflict(error)) outcome.onConflict();
    } finally {
      isBusy.current = false;
    }
  };
  return { sending, findings, tell: setFindings, send: (body) => void send(body) };
}
