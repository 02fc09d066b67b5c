/** Where it is, on the map, and whom accepting it would reach. */
import type { Geometry } from "geojson";
import L from "leaflet";
import { useMemo } from "preact/hooks";
import type { PreviewRequest } from "../api/answers";
import { Reach } from "../declare/preview-panel";
import { GroundMap } from "../map/ground-map";
import { stationSpots, stationsOf, townSpots, townsNear } from "../map/known";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { WentWrong } from "../ui/told";
import { useSpeech } from "../words/words";
import type { Picture } from "./model";
import { contoursOf } from "./typed";
import type { ProposalPreview } from "./use-preview";

interface PlaceProps {
  session: Session;
  picture: Picture;
  request: PreviewRequest | null;
  preview: ProposalPreview;
  /** Where the feed gives no place, a click on the map does. */
  onPick?: (lonLat: [number, number]) => void;
}

export function PlacePanel({ session, picture, request, preview, onPick }: PlaceProps) {
  const spoken = useSpeech();
  const { words } = spoken;
  const wording = words.proposing;
  const place = useMemo<Geometry | null>(
    () => picture.place ?? (request?.place as Geometry | undefined) ?? null,
    [JSON.stringify(picture.place ?? request?.place)],
  );
  const felt = useMemo(
    () => ({ contours: contoursOf(picture), observations: picture.observations, venues: [] }),
    [JSON.stringify([picture.contours, picture.observations])],
  );
  const middle = useMemo(() => (place ? L.geoJSON(place).getBounds().getCenter() : null), [place]);
  const known = useAsked(() => stationsOf(session), [session]);
  const towns = useAsked(
    async (signal) => (middle ? townsNear(session, middle.lat, middle.lng, signal) : []),
    [middle?.lat, middle?.lng],
  );
  const spots = useMemo(
    () => [
      ...(preview.shown && known.value ? stationSpots(preview.shown.stations, known.value, spoken) : []),
      ...townSpots(towns.value ?? [], spoken),
    ],
    [preview.shown, known.value, towns.value, spoken.language],
  );
  return (
    <section class="card">
      <GroundMap
        label={words.map}
        place={place}
        radiusM={picture.place ? picture.radius_m : (request?.radius_m ?? 0)}
        zones={preview.shown}
        spots={spots}
        felt={felt}
        {...(onPick ? { onPick } : {})}
      />
      {!place && <p class="hint">{wording.fewPlaces}</p>}
      <button type="button" class="wide" disabled={preview.isBusy || request === null} onClick={preview.look}>
        {preview.isBusy ? words.previewing : words.preview}
      </button>
      <WentWrong error={preview.error} />
      <div aria-live="polite">
        {preview.isOld && <p class="notice">{words.previewOld}</p>}
        {request === null && <p class="hint">{wording.previewWait}</p>}
        {preview.shown && <Reach preview={preview.shown} />}
      </div>
    </section>
  );
}
