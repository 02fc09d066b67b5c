/** Something asked from the services: on its way, there, or failed; asked again when told. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Asked<T> {
  value: T | null;
  error: unknown;
  again: () => void;
}

/** Asks when `what` changes. What was there stays until the new answer comes, so that nothing flickers. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, what: readonly unknown[]): Asked<T> {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({ value: null, error: null });
  const [turn, setTurn] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    const stop = new AbortController();
    latest.current(stop.signal).then(
      (value) => !stop.signal.aborted && setState({ value, error: null }),
      (error: unknown) => !stop.signal.aborted && setState((before) => ({ ...before, error })),
    );
    return () => stop.abort();
  }, [...what, turn]);
  const again = useCallback(() => setTurn((number) => number + 1), []);
  return { ...state, again };
}
