/** Fields for what a source leaves out of a declaration: title, time, place, area codes. */
import { useState } from "preact/hooks";
import { useCandidates } from "../declare/candidates";
import type { Session } from "../session/session";
import { DecimalField } from "../ui/decimal-field";
import { Field } from "../ui/field";
import { useSpeech, wordFor } from "../words/words";
import { type Picture, titlesOf } from "./model";
import type { Typed } from "./typed";

export interface GapProps {
  session: Session;
  picture: Picture;
  typed: Typed;
  change: (part: Partial<Typed>) => void;
}

export function GapFields(props: GapProps) {
  const { picture } = props;
  const { title_zh, title_en } = titlesOf(picture);
  return (
    <>
      {!title_zh && !title_en && <TitleFields {...props} />}
      {!picture.occurred_at && <TimeField {...props} />}
      {!picture.place && <PositionFields {...props} />}
      {picture.area_codes.length === 0 && <CodesField {...props} />}
    </>
  );
}

function TitleFields({ typed, change }: GapProps) {
  const { words, language } = useSpeech();
  const fields = [
    <Field key="zh" label={words.titleZh} pointer="/title_zh">
      {(tied) => (
        <input
          {...tied}
          lang="zh-CN"
          maxLength={500}
          value={typed.titleZh}
          onInput={(e) => change({ titleZh: e.currentTarget.value })}
        />
      )}
    </Field>,
    <Field key="en" label={words.titleEn} pointer="/title_en">
      {(tied) => (
        <input
          {...tied}
          lang="en"
          maxLength={500}
          value={typed.titleEn}
          onInput={(e) => change({ titleEn: e.currentTarget.value })}
        />
      )}
    </Field>,
  ];
  return <div class="side-by-side">{language === "zh" ? fields : fields.reverse()}</div>;
}

function TimeField({ typed, change }: GapProps) {
  const { words } = useSpeech();
  return (
    <Field label={`${words.occurredAt} · ${words.beijingTime}`} pointer="/occurred_at">
      {(tied) => (
        <input
          {...tied}
          type="datetime-local"
          value={typed.occurredAt}
          onInput={(e) => change({ occurredAt: e.currentTarget.value })}
        />
      )}
    </Field>
  );
}

function PositionFields({ session, picture, typed, change }: GapProps) {
  const { words } = useSpeech();
  const numbers = [
    [words.latDeg, "/place/lat_deg", "latDeg"],
    [words.lonDeg, "/place/lon_deg", "lonDeg"],
    [words.radiusKm, "/place/radius_m", "radiusKm"],
  ] as const;
  return (
    <fieldset class="gap" data-pointer="/place">
      <legend>{words.proposing.place}</legend>
      <FindPlace session={session} first={picture.area_names[0] ?? ""} change={change} />
      <p class="hint">{words.mapHint}</p>
      <div class="side-by-side">
        {numbers.map(([label, pointer, name]) => (
          <DecimalField
            key={name}
            label={label}
            pointer={pointer}
            value={typed[name]}
            onValue={(value) => change({ [name]: value })}
          />
        ))}
      </div>
    </fieldset>
  );
}

/** A source that says a name and no position: what is known here by that name is offered, and chosen by a person. */
function FindPlace({ session, first, change }: { session: Session; first: string } & Pick<GapProps, "change">) {
  const { words, named } = useSpeech();
  const [name, setName] = useState(first);
  const found = useCandidates(session, name);
  const placed = (found.value?.items ?? []).flatMap((one) =>
    one.position ? [{ ...one, position: one.position }] : [],
  );
  return (
    <>
      <Field label={words.proposing.find}>
        {(tied) => (
          <input
            {...tied}
            maxLength={200}
            autocomplete="off"
            value={name}
            onInput={(e) => setName(e.currentTarget.value)}
          />
        )}
      </Field>
      {placed.length > 0 && (
        <ul class="candidates" aria-label={words.candidates}>
          {placed.map(({ key, position, parents, tier, ...place }) => (
            <li key={key}>
              <button
                type="button"
                onClick={() => change({ latDeg: String(position.lat_deg), lonDeg: String(position.lon_deg) })}
              >
                {named(place)} <small>{parents.map(named).join(" · ")}</small>
                {tier && <small>{wordFor(words.tiers, tier)}</small>}
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function CodesField({ typed, change }: GapProps) {
  const { words } = useSpeech();
  return (
    <Field label={words.areaCodes} pointer="/area_codes" hint={words.areaCodesHint}>
      {(tied) => (
        <input
          {...tied}
          inputMode="numeric"
          value={typed.areaCodes}
          onInput={(e) => change({ areaCodes: e.currentTarget.value })}
        />
      )}
    </Field>
  );
}
