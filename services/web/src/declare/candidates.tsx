/** What a name may mean, as the gazetteer knows it, while it is typed. */
import type { Candidate } from "../api/answers";
import type { Session } from "../session/session";
import { type Asked, useAsked } from "../ui/asked";
import { useSpeech, wordFor } from "../words/words";

const WAIT_MS = 250;

/** Candidates, and the text that they are candidates for: the one before, while somebody types. */
export interface Found {
  text: string;
  items: Candidate[];
}

export function useCandidates(session: Session, text: string): Asked<Found> {
  return useAsked(
    async (signal) => {
      const query = text.trim();
      if (query === "") return { text, items: [] };
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      if (signal.aborted) return { text, items: [] };
      const path = `/incidents/geocode?q=${encodeURIComponent(query)}&limit=6`;
      return { text, items: (await session.call<{ items: Candidate[] }>(path, { signal })).items };
    },
    [text],
  );
}

export function CandidateName({ candidate }: { candidate: Candidate }) {
  const { words, named, language } = useSpeech();
  const above = candidate.parents.map(named);
  const name =
    language === "zh" ? [...above, named(candidate)].join("") : [named(candidate), ...above.reverse()].join(", ");
  return (
    <>
      {name}{" "}
      <small>
        {candidate.tier ? wordFor(words.tiers, candidate.tier) : ""} {candidate.code}
      </small>
    </>
  );
}
