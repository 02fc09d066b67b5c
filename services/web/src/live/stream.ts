/** A live stream of events, read with a token. The `eventsource` package reads and resumes (Last-Event-ID) as browsers'
 * own EventSource does, which cannot send one. */
import { EventSource } from "eventsource";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../session/session";

const SETTLE_MS = 300;

export interface Told {
  type: string;
  /** The incident that the event is about, where its data names one. */
  incidentId: string | null;
}

/** Calls `onEvent` for each event of these types; says whether the stream is connected. */
export function useStream(
  session: Session,
  topic: string,
  types: readonly string[],
  onEvent: (told: Told) => void,
): boolean {
  const [isLive, setLive] = useState(false);
  const latest = useRef(onEvent);
  latest.current = onEvent;
  useEffect(() => {
    const source = new EventSource(`/streams/${topic}`, {
      fetch: async (url, init) =>
        fetch(url, {
          ...init,
          credentials: "omit",
          headers: { ...init.headers, Authorization: `Bearer ${await session.token()}` },
        }),
    });
    source.onopen = () => setLive(true);
    source.onerror = () => setLive(false);
    const hear = (event: { type: string; data: string }) => {
      const { data } = JSON.parse(event.data) as { data?: { incident_id?: string } };
      latest.current({ type: event.type, incidentId: data?.incident_id ?? null });
    };
    for (const type of types) source.addEventListener(type, hear);
    return () => source.close();
  }, [session, topic, types.join()]);
  return isLive;
}

/** Runs once things have been quiet for a moment: many events at once cost one look. */
export function settling(run: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, SETTLE_MS);
  };
}
