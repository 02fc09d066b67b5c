/** What happened: kind, level, names, time, and whether it is a drill. */
import type { Kind, Level } from "../api/answers";
import { LEVELS } from "../api/level";
import { DecimalField } from "../ui/decimal-field";
import { Field } from "../ui/field";
import { ownTime, withOffset } from "../words/time";
import { useSpeech } from "../words/words";
import type { PartProps } from "./page";

const KINDS: Kind[] = [
  "earthquake",
  "flood",
  "landslide",
  "typhoon",
  "fire",
  "epidemic",
  "industrial-accident",
  "transport-accident",
  "public-security",
  "other",
];

export function WhatFields({ draft, change }: PartProps) {
  const { words, language } = useSpeech();
  const titles = [
    <Field key="zh" label={words.titleZh} pointer="/title_zh" hint={language === "zh" && words.titleHint}>
      {(tied) => (
        <input
          {...tied}
          lang="zh-CN"
          maxLength={500}
          value={draft.titleZh}
          onInput={(e) => change({ titleZh: e.currentTarget.value })}
        />
      )}
    </Field>,
    <Field key="en" label={words.titleEn} pointer="/title_en" hint={language === "en" && words.titleHint}>
      {(tied) => (
        <input
          {...tied}
          lang="en"
          maxLength={500}
          value={draft.titleEn}
          onInput={(e) => change({ titleEn: e.currentTarget.value })}
        />
      )}
    </Field>,
  ];
  const own = ownTime(withOffset(draft.occurredAt), language);
  return (
    <section class="card">
      <h2>{words.what}</h2>
      <label class="check exercise">
        <input
          type="checkbox"
          checked={draft.exercise}
          onChange={(e) => change({ exercise: e.currentTarget.checked })}
        />
        {words.thisIsExercise}
      </label>
      <div class="side-by-side">
        <Field label={words.kind} pointer="/kind">
          {(tied) => (
            <select {...tied} value={draft.kind} onChange={(e) => change({ kind: e.currentTarget.value as Kind })}>
              {KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {words.kinds[kind]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label={`${words.occurredAt} · ${words.beijingTime}`}
          pointer="/occurred_at"
          hint={own && `${words.yourTime}: ${own}`}
        >
          {(tied) => (
            <input
              {...tied}
              type="datetime-local"
              value={draft.occurredAt}
              onInput={(e) => change({ occurredAt: e.currentTarget.value })}
            />
          )}
        </Field>
      </div>
      <LevelChoice level={draft.level} onChange={(level) => change({ level })} />
      <div class="side-by-side">{language === "zh" ? titles : titles.reverse()}</div>
      {draft.kind === "earthquake" && (
        <DecimalField
          label={words.magnitude}
          pointer="/magnitude"
          class="short"
          value={draft.magnitude}
          onValue={(value) => change({ magnitude: value })}
        />
      )}
      <Field label={words.narrative} pointer="/narrative" hint={words.narrativeHint}>
        {(tied) => (
          <textarea
            {...tied}
            rows={3}
            maxLength={5000}
            value={draft.narrative}
            onInput={(e) => change({ narrative: e.currentTarget.value })}
          />
        )}
      </Field>
    </section>
  );
}

function LevelChoice({ level, onChange }: { level: Level; onChange: (level: Level) => void }) {
  const { words } = useSpeech();
  return (
    <fieldset class="levels" data-pointer="/level">
      <legend>{words.level}</legend>
      {LEVELS.map((one) => (
        <label key={one} class={`level-choice level-${one}`}>
          <input type="radio" name="level" value={one} checked={one === level} onChange={() => onChange(one)} />
          <strong>{one}</strong> <span>{words.levels[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}
