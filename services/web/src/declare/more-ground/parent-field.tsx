/** Which open incident this one is part of, chosen by its title; only those of the same world can be. */
import type { IncidentRow } from "../../api/answers";
import type { Session } from "../../session/session";
import { useAsked } from "../../ui/asked";
import { Field } from "../../ui/field";
import { WentWrong } from "../../ui/told";
import { civilTime } from "../../words/time";
import { useSpeech } from "../../words/words";
import type { GroundProps } from "./more-ground";

const PAGE = 200;
/** More are not looked through in a list. */
const OPEN_MAX = 1000;

export function ParentField({ draft, change, session }: GroundProps) {
  const { words, titled, language } = useSpeech();
  const says = words.moreGround;
  const open = useAsked((signal) => openIncidents(session, signal), []);
  const sameWorld = open.value?.filter((one) => one.exercise === draft.exercise) ?? [];
  const chosen = draft.parent?.exercise === draft.exercise ? draft.parent.incidentId : "";
  const choose = (incidentId: string) =>
    change({ parent: incidentId === "" ? null : { incidentId, exercise: draft.exercise } });
  return (
    <>
      <h3>{says.parent}</h3>
      <Field
        label={says.parent}
        pointer="/parent_id"
        class="untitled"
        hint={open.value && sameWorld.length === 0 ? says.noOpen : says.parentHint}
      >
        {(tied) => (
          <select {...tied} value={chosen} onChange={(e) => choose(e.currentTarget.value)}>
            <option value="">{says.noParent}</option>
            {sameWorld.map((one) => (
              <option key={one.incident_id} value={one.incident_id}>
                {[titled(one), one.level, words.kinds[one.kind], civilTime(one.occurred_at, language)].join(" · ")}
              </option>
            ))}
          </select>
        )}
      </Field>
      <WentWrong error={open.error} />
    </>
  );
}

async function openIncidents(session: Session, signal: AbortSignal): Promise<IncidentRow[]> {
  const found: IncidentRow[] = [];
  let cursor: string | null = "";
  while (cursor !== null && found.length < OPEN_MAX) {
    const from = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: IncidentRow[]; next_cursor: string | null } = await session.call(
      `/incidents?state=open&limit=${PAGE}${from}`,
      { signal },
    );
    found.push(...page.items);
    cursor = page.next_cursor;
  }
  return found;
}
