/** Where it happened, in the form that is at hand: coordinates, a drawing, codes, or a name. */
import { useContext, useState } from "preact/hooks";
import type { Candidate, Place } from "../api/answers";
import { townsNear } from "../map/known";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { DecimalField } from "../ui/decimal-field";
import { Faults, FaultsContext, Field } from "../ui/field";
import { useSpeech } from "../words/words";
import { CandidateName, useCandidates } from "./candidates";
import { codesOf, type PlaceForm, withoutLastCorner } from "./draft";
import { middleOf } from "./ground";
import type { PartProps } from "./page";

const FORMS: PlaceForm[] = ["point", "circle", "polygon", "areas", "address"];
const WAIT_MS = 250;

type PlaceProps = PartProps & {
  session: Session;
  /** What is said of area codes, where something else holds than for a declaration. */
  codesHint?: string;
};

export function PlaceFields(props: PlaceProps) {
  const { draft, change } = props;
  const { words } = useSpeech();
  const faults = useContext(FaultsContext).get("/place") ?? [];
  const names: Record<PlaceForm, string> = {
    point: words.placePoint,
    circle: words.placeCircle,
    polygon: words.placePolygon,
    areas: words.placeAreas,
    address: words.placeAddress,
  };
  return (
    <section class="card">
      <h2>{words.where}</h2>
      <div class="choices" role="radiogroup" aria-label={words.where}>
        {FORMS.map((form) => (
          <label key={form} class="choice">
            <input
              type="radio"
              name="place-form"
              checked={draft.placeForm === form}
              onChange={() => change({ placeForm: form })}
            />
            {names[form]}
          </label>
        ))}
      </div>
      <Faults of={faults} />
      {(draft.placeForm === "point" || draft.placeForm === "circle") && <PositionFields {...props} />}
      {draft.placeForm === "polygon" && <PolygonFields {...props} />}
      {draft.placeForm === "areas" && (
        <Field label={words.areaCodesPlace} pointer="/place/area_codes">
          {(tied) => (
            <input
              {...tied}
              inputMode="numeric"
              value={draft.placeCodes}
              onInput={(e) => change({ placeCodes: e.currentTarget.value })}
            />
          )}
        </Field>
      )}
      {draft.placeForm === "address" && <AddressField {...props} />}
      {draft.placeForm !== "areas" && <AreaCodesField {...props} />}
    </section>
  );
}

function PositionFields({ draft, change }: PlaceProps) {
  const { words } = useSpeech();
  return (
    <>
      <p class="hint">{words.mapHint}</p>
      <div class="side-by-side">
        <DecimalField
          label={words.latDeg}
          pointer="/place/lat_deg"
          value={draft.latDeg}
          onValue={(value) => change({ latDeg: value })}
        />
        <DecimalField
          label={words.lonDeg}
          pointer="/place/lon_deg"
          value={draft.lonDeg}
          onValue={(value) => change({ lonDeg: value })}
        />
        {draft.placeForm === "circle" && (
          <DecimalField
            label={words.radiusKm}
            pointer="/place/radius_m"
            value={draft.radiusKm}
            onValue={(value) => change({ radiusKm: value })}
          />
        )}
      </div>
    </>
  );
}

function PolygonFields({ draft, change }: PlaceProps) {
  const { words } = useSpeech();
  return (
    <Field label={words.corners} pointer="/place/coordinates" hint={words.polygonHint}>
      {(tied) => (
        <>
          <textarea
            {...tied}
            rows={5}
            class="numbers"
            value={draft.corners}
            onInput={(e) => change({ corners: e.currentTarget.value })}
          />
          <div class="buttons">
            <button type="button" onClick={() => change({ corners: withoutLastCorner(draft.corners) })}>
              {words.undoCorner}
            </button>
            <button type="button" onClick={() => change({ corners: "" })}>
              {words.clear}
            </button>
          </div>
        </>
      )}
    </Field>
  );
}

function AddressField({ draft, change, session }: PlaceProps) {
  const { words } = useSpeech();
  const found = useCandidates(session, draft.address).value;
  const choose = (candidate: Candidate) => {
    const above = candidate.parents.map((parent) => parent.name_zh ?? "").join("");
    const address = `${above}${candidate.name_zh ?? candidate.name_en ?? ""}`;
    change({ address, meant: candidate });
  };
  return (
    <>
      <Field label={words.address} pointer="/place/address" hint={words.addressHint}>
        {(tied) => (
          <input
            {...tied}
            maxLength={200}
            autocomplete="off"
            value={draft.address}
            onInput={(e) => change({ address: e.currentTarget.value, meant: null })}
          />
        )}
      </Field>
      {draft.meant === null && found && found.items.length > 0 && (
        <ul class="candidates" aria-label={words.candidates}>
          {found.items.map((candidate) => (
            <li key={candidate.key}>
              <button type="button" onClick={() => choose(candidate)}>
                <CandidateName candidate={candidate} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** With what lies near the place, so that nobody has to know codes by heart. */
export function AreaCodesField({ draft, change, session, codesHint }: PlaceProps) {
  const { words, named } = useSpeech();
  const middle = middleOf(draft);
  const [near, setNear] = useState<Place[]>([]);
  useAsked(
    async (signal) => {
      if (!middle) return setNear([]);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      if (!signal.aborted) setNear(await townsNear(session, middle[1], middle[0], signal));
    },
    [middle?.join()],
  );
  const codes = new Map(near.map((place) => [place.code ?? place.within, place] as const));
  const suggested = [...codes]
    .filter(([code]) => code !== null && !codesOf(draft.areaCodes).includes(code))
    .slice(0, 4);
  return (
    <Field
      label={words.areaCodes}
      pointer="/area_codes"
      hint={
        <>
          {codesHint ?? words.areaCodesHint}
          {suggested.length > 0 && (
            <div class="suggested">
              {words.near}{" "}
              {suggested.map(([code, place]) => (
                <button
                  key={code}
                  type="button"
                  class="chip"
                  onClick={() => change({ areaCodes: [...codesOf(draft.areaCodes), code].join(", ") })}
                >
                  {named(place)} {code}
                </button>
              ))}
            </div>
          )}
        </>
      }
    >
      {(tied) => (
        <input {...tied} value={draft.areaCodes} onInput={(e) => change({ areaCodes: e.currentTarget.value })} />
      )}
    </Field>
  );
}
