/** What came of accepting, and what is worth a look. */
import { useEffect, useRef } from "preact/hooks";
import { Link } from "wouter-preact";
import { labelOf } from "../declare/shown";
import { useSpeech } from "../words/words";
import type { Accepted } from "./accept-form";

export function AcceptedPanel({ accepted }: { accepted: Accepted }) {
  const { words, language } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <section class="card">
      <h1 tabIndex={-1} ref={heading}>
        {words.proposing.done[accepted.outcome]}
      </h1>
      {accepted.problems.length > 0 && (
        <div class="notice">
          <strong>{words.worthALook}</strong>
          <ul>
            {accepted.problems.map((one) => (
              <li key={one.where + one.what}>
                {labelOf(one.where, words)?.label} {language === "zh" ? (one.what_zh ?? one.what) : one.what}
              </li>
            ))}
          </ul>
        </div>
      )}
      <p class="buttons">
        <Link href={`/incidents/${accepted.incident_id}`} class="button main">
          {words.toIncident}
        </Link>
        <Link href="/proposals" class="button">
          {words.proposing.toList}
        </Link>
      </p>
    </section>
  );
}
