/** The page's session: resumed when the page is loaded, kept in step with the other tabs. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { NoAnswer, Refused } from "../api/client";
import { Session } from "./session";
import { hearTabs } from "./tabs";

/** Why nobody is signed in, as far as the reader should know. */
export type Left = "asking" | "unknown" | "nobody" | "ended" | "not-confirmed";

export interface SignedIn {
  session: Session | null;
  left: Left;
  begin: (session: Session) => void;
  end: () => void;
  signOut: () => void;
  resume: () => void;
}

export function useSession(): SignedIn {
  const [session, setSession] = useState<Session | null>(null);
  const [left, setLeft] = useState<Left>("asking");
  const current = useRef<Session | null>(null);

  const begin = useCallback((began: Session) => {
    current.current = began;
    setSession(began);
  }, []);
  const leave = useCallback((why: Left) => {
    current.current = null;
    setSession(null);
    setLeft(why);
  }, []);
  const end = useCallback(() => leave("ended"), []);
  const resume = useCallback(() => {
    setLeft("asking");
    Session.resume(end).then(
      (found) => (found ? begin(found) : leave("nobody")),
      () => leave("unknown"),
    );
  }, []);
  const signOut = useCallback(() => {
    const leaving = current.current;
    leave("nobody");
    leaving?.signOut().catch((error: unknown) => {
      if (!(error instanceof NoAnswer || error instanceof Refused)) throw error;
      setLeft("not-confirmed");
    });
  }, []);

  useEffect(resume, []);
  useEffect(
    () =>
      hearTabs((said) => {
        const mine = current.current;
        if (!mine && said.what === "signed-in") resume();
        else if (mine && (said.what === "signed-out" || said.subject !== mine.subject)) mine.end();
      }),
    [],
  );
  return { session, left, begin, end, signOut, resume };
}
