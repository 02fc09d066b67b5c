/** The incidents that one belongs to, consists of, or goes on as. */
import type { Incident } from "../api/answers";
import { useSpeech } from "../words/words";
import { BriefLink } from "./brief-link";
import type { Briefs } from "./briefs";

export function Relations({ incident, briefs }: { incident: Incident; briefs: Briefs }) {
  const { words } = useSpeech();
  const rows: [string, string[]][] = [
    [words.changing.mergedInto, one(incident.merged_into)],
    [words.changing.continuedAs, one(incident.continued_as)],
    [words.changing.parent, one(incident.parent_id)],
    [words.changing.children, incident.children.filter((id) => id !== incident.continued_as)],
  ];
  const shown = rows.filter(([, ids]) => ids.length > 0);
  if (shown.length === 0) return null;
  return (
    <dl class="relations" data-testid="relations">
      {shown.map(([label, ids]) => (
        <div key={label}>
          <dt>{label}</dt>
          {ids.map((id) => (
            <dd key={id}>
              <BriefLink id={id} briefs={briefs} />
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

function one(id: string | null): string[] {
  return id === null ? [] : [id];
}
