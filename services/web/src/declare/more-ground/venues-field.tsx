/** Where affected people are although it did not happen there: added by name, by a click on the map, or by position. */
import { useContext, useEffect, useRef } from "preact/hooks";
import type { ZoneKind } from "../../api/answers";
import { Faults, FaultsContext, Field } from "../../ui/field";
import { fill, useSpeech } from "../../words/words";
import type { GroundProps } from "./more-ground";
import { VenueByName } from "./venue-by-name";
import { anotherVenue, type TypedVenue, VENUE_KINDS, VENUES_MAX, type VenueKind } from "./venues";

const ZONES: ZoneKind[] = ["core", "affected", "ripple"];
const POINTER = "/venues";

export function VenuesField(props: GroundProps) {
  const { draft, change, session, aim, onAim } = props;
  const { words } = useSpeech();
  const says = words.moreGround;
  const faults = useContext(FaultsContext).get(POINTER) ?? [];
  const { venues } = draft;
  const element = useRef<HTMLElement>(null);
  useFocusOnNew(element, venues);
  const add = (part: Partial<TypedVenue>) => change({ venues: [...venues, anotherVenue(venues, part)] });
  const isFull = venues.length >= VENUES_MAX;
  return (
    <section data-pointer={POINTER} aria-label={says.venues} ref={element}>
      <h3>{says.venues}</h3>
      <p class="hint">{says.venuesHint}</p>
      <Faults of={faults} />
      {venues.map((venue, number) => (
        <VenueRow
          key={venue.key}
          venue={venue}
          number={number}
          onChange={(part) =>
            change({ venues: venues.map((one) => (one.key === venue.key ? { ...one, ...part } : one)) })
          }
          onRemove={() => change({ venues: venues.filter((one) => one.key !== venue.key) })}
          onAim={() => onAim({ venue: venue.key })}
        />
      ))}
      {!isFull && (
        <>
          <VenueByName session={session} onAdd={add} />
          <div class="buttons">
            <button type="button" aria-pressed={aim?.venue === null} onClick={() => onAim({ venue: null })}>
              {says.addByClick}
            </button>
            <button type="button" onClick={() => add({})}>
              {says.addByPosition}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

/** Whoever adds a venue goes on in its name. */
function useFocusOnNew(element: { current: HTMLElement | null }, venues: readonly TypedVenue[]) {
  const before = useRef(venues.length);
  useEffect(() => {
    const newest = venues.length > before.current ? venues.at(-1) : undefined;
    before.current = venues.length;
    if (newest) element.current?.querySelector<HTMLElement>(`[data-venue="${newest.key}"] input`)?.focus();
  }, [venues.length]);
}

interface RowProps {
  venue: TypedVenue;
  number: number;
  onChange: (part: Partial<TypedVenue>) => void;
  onRemove: () => void;
  onAim: () => void;
}

function VenueRow({ venue, number, onChange, onRemove, onAim }: RowProps) {
  const { words, named, language } = useSpeech();
  const says = words.moreGround;
  const where = `${POINTER}/${number}`;
  const which = fill(says.venue, { number: number + 1 });
  const name = named({ name_zh: venue.nameZh || null, name_en: venue.nameEn || null });
  const text = (label: string, part: keyof TypedVenue, pointer: string, isNumber = false) => (
    <Field key={part} label={label} pointer={`${where}/${pointer}`}>
      {(tied) => (
        <input
          {...tied}
          {...(isNumber ? { inputMode: "decimal" as const } : { maxLength: 500 })}
          value={venue[part]}
          onInput={(e) => onChange({ [part]: e.currentTarget.value })}
        />
      )}
    </Field>
  );
  const names = [text(says.venueZh, "nameZh", "name_zh"), text(says.venueEn, "nameEn", "name_en")];
  return (
    <fieldset class="venue-row" data-venue={venue.key}>
      <legend>{name ? `${which} · ${name}` : which}</legend>
      <div class="side-by-side">{language === "zh" ? names : names.reverse()}</div>
      <div class="side-by-side narrow">
        <Field label={says.venueKind} pointer={`${where}/kind`}>
          {(tied) => (
            <select
              {...tied}
              value={venue.kind}
              onChange={(e) => onChange({ kind: e.currentTarget.value as VenueKind })}
            >
              {VENUE_KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {says.venueKinds[kind]}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={says.venueZone} pointer={`${where}/zone_kind`}>
          {(tied) => (
            <select
              {...tied}
              value={venue.zoneKind}
              onChange={(e) => onChange({ zoneKind: e.currentTarget.value as ZoneKind })}
            >
              {ZONES.map((zone) => (
                <option key={zone} value={zone}>
                  {words.zoneKinds[zone]}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <div class="side-by-side narrow">
        {text(words.latDeg, "latDeg", "position/lat_deg", true)}
        {text(words.lonDeg, "lonDeg", "position/lon_deg", true)}
        {text(says.radiusM, "radiusM", "radius_m", true)}
      </div>
      <div class="buttons">
        <button type="button" onClick={onAim}>
          {says.moveByClick}
        </button>
        <button type="button" onClick={onRemove}>
          {fill(says.removeVenue, { venue: name || which })}
        </button>
      </div>
    </fieldset>
  );
}
