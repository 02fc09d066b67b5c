/** Keeps proposals in step with what others hear and do. */
import { useEffect, useState } from "preact/hooks";
import { settling, useStream } from "../live/stream";
import type { Session } from "../session/session";

const CHANGES = ["incident.proposed", "incident.accepted"] as const;
/** Dismissals, and proposals of no level or no area, are told by no event that every reader hears. */
const LOOK_EVERY_MS = 60_000;

/** Looks again when the stream says so, now and then, and when the reader comes back to the page. */
export function useProposalChanges(session: Session, again: () => void): boolean {
  const [lookAgain] = useState(() => settling(again));
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") lookAgain();
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  return useStream(session, "incident-events", CHANGES, lookAgain);
}
