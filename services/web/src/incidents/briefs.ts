/** What other incidents are called, by their ids: so that no reader has to know an id. */
import type { Incident } from "../api/answers";
import { Refused } from "../api/client";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";

/** An incident of areas that are not the reader's is null. */
export type Briefs = ReadonlyMap<string, Incident | null>;

const NONE: Briefs = new Map();

export function useBriefs(session: Session, ids: readonly string[]): Briefs {
  const wanted = [...new Set(ids)].sort();
  const asked = useAsked(
    async (signal) => new Map(await Promise.all(wanted.map((id) => brief(session, id, signal)))),
    [wanted.join()],
  );
  return asked.value ?? NONE;
}

async function brief(session: Session, id: string, signal: AbortSignal): Promise<[string, Incident | null]> {
  try {
    return [id, await session.call<Incident>(`/incidents/${encodeURIComponent(id)}`, { signal })];
  } catch (error) {
    if (error instanceof Refused) return [id, null];
    throw error;
  }
}

/** Every other incident that one names. */
export function named(incident: Incident): string[] {
  return [
    incident.parent_id,
    incident.merged_into,
    incident.continued_as,
    ...incident.children,
    ...incident.may_be_same_as.map((other) => other.incident_id),
    ...incident.changes.map((change) => (change.what === "told-apart" ? String(change.after) : null)),
  ].filter((id) => id !== null);
}
