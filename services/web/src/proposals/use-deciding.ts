/** Sends a person's decision, once for each content, however often the button is pressed. */
import { useRef, useState } from "preact/hooks";
import { type Finding, NoAnswer, Refused } from "../api/client";
import { keyed } from "../declare/keyed";
import type { Session } from "../session/session";

export interface Deciding {
  isBusy: boolean;
  /** No answer came to the last try: it may have been done. */
  isUnsure: boolean;
  error: unknown;
  findings: readonly Finding[];
  /** What is wrong before anything is sent. */
  point: (findings: readonly Finding[]) => void;
  /** The answer; null when there is none to go on with. */
  send: <T>(path: string, body: unknown) => Promise<T | null>;
}

export function useDeciding(session: Session): Deciding {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [findings, point] = useState<readonly Finding[]>([]);
  const [key] = useState(keyed);
  const isSending = useRef(false);

  async function send<T>(path: string, body: unknown): Promise<T | null> {
    if (isSending.current) return null;
    isSending.current = true;
    setBusy(true);
    setError(null);
    point([]);
    try {
      return await session.call<T>(path, { method: "POST", body, key: key.keyFor([path, body]) });
    } catch (caught) {
      setError(caught);
      if (caught instanceof Refused) point(caught.problem.problems);
      return null;
    } finally {
      isSending.current = false;
      setBusy(false);
    }
  }
  return { isBusy, isUnsure: error instanceof NoAnswer, error, findings, point, send };
}
