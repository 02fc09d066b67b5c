/** Asks whom accepting would reach. Nothing is kept by it. */
import { useRef, useState } from "preact/hooks";
import type { Preview, PreviewRequest } from "../api/answers";
import type { Session } from "../session/session";

export interface ProposalPreview {
  /** Of what would be accepted now; null when none was asked for, or something else has been chosen since. */
  shown: Preview | null;
  isOld: boolean;
  isBusy: boolean;
  error: unknown;
  look: () => void;
}

export function useProposalPreview(session: Session, request: PreviewRequest | null): ProposalPreview {
  const [seen, setSeen] = useState<{ preview: Preview; of: string } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  const now = JSON.stringify(request);

  const look = async () => {
    if (request === null) return;
    turn.current += 1;
    const mine = turn.current;
    setBusy(true);
    setError(null);
    try {
      const preview = await session.call<Preview>("/geofencing/preview", { method: "POST", body: request });
      if (mine === turn.current) setSeen({ preview, of: now });
    } catch (caught) {
      if (mine === turn.current) setError(caught);
    } finally {
      if (mine === turn.current) setBusy(false);
    }
  };
  const isOld = seen !== null && seen.of !== now;
  return { shown: isOld ? null : (seen?.preview ?? null), isOld, isBusy, error, look: () => void look() };
}
