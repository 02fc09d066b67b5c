/** A link to another incident, by its title. */
import { Link } from "wouter-preact";
import { civilTime } from "../words/time";
import { useSpeech } from "../words/words";
import type { Briefs } from "./briefs";

export function BriefLink({ id, briefs }: { id: string; briefs: Briefs }) {
  const { words, titled, language } = useSpeech();
  const known = briefs.get(id);
  if (known === null) return <>{words.changing.elsewhere}</>;
  return (
    <>
      <Link href={`/incidents/${id}`}>{known ? titled(known) : words.loading}</Link>
      {known && (
        <span class="hint">
          {" "}
          {civilTime(known.occurred_at, language)}
          {known.state === "closed" && ` · ${words.closed}`}
        </span>
      )}
    </>
  );
}
