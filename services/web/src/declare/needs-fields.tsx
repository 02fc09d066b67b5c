/** Who is needed: the template of kind and level, or lines of one's own. */
import { useContext } from "preact/hooks";
import type { NeedLine, Role, ZoneKind } from "../api/answers";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { Faults, FaultsContext } from "../ui/field";
import { useLanguageName } from "../words/languages";
import { fill, useSpeech, wordFor } from "../words/words";
import { anotherNeed, peopleWanted } from "./draft";
import type { PartProps } from "./page";

const ROLES: Role[] = [
  "team-lead",
  "psychiatrist",
  "clinical-psychologist",
  "counsellor",
  "pfa-trained",
  "support",
  "interpreter",
  "logistics",
];
const ZONES: ZoneKind[] = ["core", "affected", "ripple"];

export function NeedsFields({ draft, change, session }: PartProps & { session: Session }) {
  const { words } = useSpeech();
  const faults = useContext(FaultsContext).get("/needs") ?? [];
  const template = useAsked(
    async (signal) => {
      const query = `kind=${draft.kind}&level=${draft.level}&phase=acute`;
      const found = await session.call<{ items: { needs: NeedLine[] }[] }>(`/incidents/templates?${query}`, { signal });
      return found.items[0]?.needs ?? [];
    },
    [draft.kind, draft.level],
  );
  const needs = draft.needs ?? template.value ?? [];
  const isOwn = draft.needs !== null;
  return (
    <section class="card">
      <h2>{words.who}</h2>
      <Faults of={faults} />
      <p class="hint" data-testid="wanted">
        {fill(words.peopleWanted, { count: peopleWanted(needs) })}
        {!isOwn && ` · ${words.needsFrom}`}
      </p>
      {isOwn ? (
        <NeedLines needs={needs} onChange={(stated) => change({ needs: stated })} />
      ) : (
        <ul class="needs">
          {needs.map((need) => (
            <li key={need.need_id}>
              <NeedText need={need} />
            </li>
          ))}
        </ul>
      )}
      <div class="buttons">
        {isOwn ? (
          <>
            <button type="button" onClick={() => change({ needs: [...needs, anotherNeed(needs)] })}>
              {words.addNeed}
            </button>
            <button type="button" onClick={() => change({ needs: null })}>
              {words.useTemplate}
            </button>
          </>
        ) : (
          <button type="button" disabled={template.value === null} onClick={() => change({ needs: [...needs] })}>
            {words.stateOwn}
          </button>
        )}
      </div>
    </section>
  );
}

/** Lines that can be changed and removed. */
export function NeedLines({ needs, onChange }: { needs: readonly NeedLine[]; onChange: (needs: NeedLine[]) => void }) {
  return (
    <ul class="needs">
      {needs.map((need, index) => (
        <li key={need.need_id}>
          <NeedRow
            need={need}
            onChange={(part) => onChange(needs.map((one, at) => (at === index ? { ...one, ...part } : one)))}
            onRemove={() => onChange(needs.filter((_, at) => at !== index))}
          />
        </li>
      ))}
    </ul>
  );
}

export function NeedText({ need }: { need: NeedLine }) {
  const { words } = useSpeech();
  const languageName = useLanguageName();
  return (
    <>
      <span class={`zone-dot zone-${need.zone_kind}`} /> {wordFor(words.zoneKinds, need.zone_kind)} ·{" "}
      {wordFor(words.roles, need.role)}
      {need.language && ` · ${languageName(need.language)}`} · {need.per_team} × {need.teams} ={" "}
      <strong>{need.per_team * need.teams}</strong>
    </>
  );
}

interface NeedRowProps {
  need: NeedLine;
  onChange: (part: Partial<NeedLine>) => void;
  onRemove: () => void;
}

function NeedRow({ need, onChange, onRemove }: NeedRowProps) {
  const { words } = useSpeech();
  return (
    <div class="need-row">
      <select
        aria-label={words.zoneKind}
        value={need.zone_kind}
        onChange={(e) => onChange({ zone_kind: e.currentTarget.value as ZoneKind })}
      >
        {ZONES.map((zone) => (
          <option key={zone} value={zone}>
            {words.zoneKinds[zone]}
          </option>
        ))}
      </select>
      <select
        aria-label={words.role}
        value={need.role}
        onChange={(e) => onChange({ role: e.currentTarget.value as Role })}
      >
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {words.roles[role]}
          </option>
        ))}
      </select>
      <input
        aria-label={words.languageCode}
        placeholder={words.languageCode}
        class="code"
        maxLength={3}
        value={need.language ?? ""}
        onInput={(e) => onChange({ language: e.currentTarget.value.trim() || null })}
      />
      <Count label={words.perTeam} value={need.per_team} max={20} onChange={(per_team) => onChange({ per_team })} />
      <span aria-hidden="true">×</span>
      <Count label={words.teams} value={need.teams} max={500} onChange={(teams) => onChange({ teams })} />
      <button type="button" class="quiet" aria-label={words.remove} onClick={onRemove}>
        ✕
      </button>
    </div>
  );
}

function Count(props: { label: string; value: number; max: number; onChange: (value: number) => void }) {
  return (
    <input
      type="number"
      class="count"
      aria-label={props.label}
      title={props.label}
      min={1}
      max={props.max}
      value={props.value}
      onInput={(e) => props.onChange(e.currentTarget.valueAsNumber || 0)}
    />
  );
}
