/** What went wrong, in the reader's words where there are some. */
import { NoAnswer, Refused } from "../api/client";
import { SignedOut } from "../session/session";
import { fill, useSpeech } from "../words/words";

export function WentWrong({ error }: { error: unknown }) {
  const { words } = useSpeech();
  if (error === null || error === undefined || error instanceof SignedOut) return null;
  return (
    <p class="notice bad" role="alert">
      {error instanceof NoAnswer
        ? words.noAnswer
        : error instanceof Refused
          ? `${words.refused}: ${error.problem.detail}`
          : fill(words.unknownError, { what: String(error) })}
    </p>
  );
}
