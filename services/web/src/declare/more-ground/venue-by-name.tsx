/** Finds a venue by name among the stations of the register and the places of the gazetteer. */
import { useState } from "preact/hooks";
import type { Station } from "../../api/answers";
import { stationsOf } from "../../map/known";
import type { Session } from "../../session/session";
import { useAsked } from "../../ui/asked";
import { Field } from "../../ui/field";
import { WentWrong } from "../../ui/told";
import { useSpeech } from "../../words/words";
import { CandidateName, useCandidates } from "../candidates";
import { knownVenue, stationsCalled, type TypedVenue } from "./venues";

const STATIONS_SHOWN = 6;

interface ByNameProps {
  session: Session;
  onAdd: (venue: Partial<TypedVenue>) => void;
}

export function VenueByName({ session, onAdd }: ByNameProps) {
  const { words, named } = useSpeech();
  const says = words.moreGround;
  const [text, setText] = useState("");
  const known = useAsked(() => stationsOf(session), [session]);
  const places = useCandidates(session, text);
  const stations = stationsCalled(known.value?.values() ?? [], text).slice(0, STATIONS_SHOWN);
  const towns = text.trim() === "" ? [] : (places.value?.items ?? []).filter((place) => place.position !== null);
  const isNothing = text.trim() !== "" && places.value?.text === text && known.value !== null;
  const choose = (venue: Partial<TypedVenue>) => {
    setText("");
    onAdd(venue);
  };
  return (
    <>
      <Field label={says.byName} hint={says.byNameHint}>
        {(tied) => (
          <input
            {...tied}
            maxLength={200}
            autocomplete="off"
            value={text}
            onInput={(e) => setText(e.currentTarget.value)}
            onKeyDown={(e) => e.key === "Enter" && e.preventDefault()}
          />
        )}
      </Field>
      {stations.length + towns.length > 0 ? (
        <ul class="candidates" aria-label={says.found}>
          {stations.map((station: Station) => (
            <li key={station.station_id}>
              <button type="button" onClick={() => choose(knownVenue(station, "station"))}>
                {named(station)} <small>{says.venueKinds.station}</small>
              </button>
            </li>
          ))}
          {towns.map((place) => (
            <li key={place.key}>
              <button type="button" onClick={() => choose(knownVenue(place, "other"))}>
                <CandidateName candidate={place} />
              </button>
            </li>
          ))}
        </ul>
      ) : (
        isNothing && <p class="hint">{says.noneFound}</p>
      )}
      <WentWrong error={places.error ?? known.error} />
    </>
  );
}
