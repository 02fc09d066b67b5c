/** How far the search for helpers is: quotas, waves with their reasons, answers and pages, as the alerts service counts. */
import type { Board } from "../api/answers";
import { useLanguageName } from "../words/languages";
import { fill, useSpeech, wordFor } from "../words/words";
import { alikeTogether } from "./quotas";

export function BoardPanel({ board }: { board: Board | null }) {
  const { words, language } = useSpeech();
  if (board === null) {
    return (
      <section class="card">
        <h2>{words.answers}</h2>
        <p class="hint">{words.alertWaiting}</p>
      </section>
    );
  }
  return (
    <section class="card" data-testid="board">
      <h2>{words.answers}</h2>
      {board.exhausted && (
        <p class="notice bad" role="status">
          {words.exhausted}
        </p>
      )}
      {board.state === "closed" && <p class="notice">{words.changing.askingEnded}</p>}
      <Tallies board={board} />
      <Quotas board={board} />
      <h3>{words.waves}</h3>
      <ol class="plain waves">
        {board.waves.map((wave) => (
          <li key={wave.wave}>
            <strong>{fill(words.wave, { wave: wave.wave })}</strong> · {fill(words.withinKm, { km: wave.ring_km })} ·{" "}
            {words.asked} {wave.asked}
            {wave.explanation && <div class="hint">{wave.explanation[language]}</div>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Tallies({ board }: { board: Board }) {
  const { words, number } = useSpeech();
  const asks = Object.entries(board.asks_by_state);
  const pages = board.pages.filter((page) => page.purpose === "ask");
  return (
    <div class="tallies">
      {asks.map(([state, count]) => (
        <div key={state}>
          <span class="big-number">{number(count)}</span> {wordFor(words.askStates, state)}
        </div>
      ))}
      {pages.map((page) => (
        <div key={page.state}>
          <span class="big-number">{number(page.pages)}</span>{" "}
          {fill(words.pagesIn, { state: wordFor(words.pageStates, page.state) })}
        </div>
      ))}
    </div>
  );
}

function Quotas({ board }: { board: Board }) {
  const { words } = useSpeech();
  const languageName = useLanguageName();
  return (
    <table class="quotas">
      <thead>
        <tr>
          <th>{words.quota}</th>
          <th class="number">{words.accepted}</th>
          <th class="number">{words.awaited}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {alikeTogether(board.quotas).map((quota) => (
          <tr key={quota.need_id}>
            <th scope="row">
              <span class={`zone-dot zone-${quota.zone_kind}`} /> {wordFor(words.zoneKinds, quota.zone_kind)} ·{" "}
              {wordFor(words.roles, quota.role)} {quota.language && languageName(quota.language)}
            </th>
            <td class="number">
              {quota.accepted} / {quota.count}
            </td>
            <td class="number">{quota.awaited}</td>
            <td class="bar">
              <meter min={0} max={quota.count} value={quota.accepted} aria-hidden="true" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
