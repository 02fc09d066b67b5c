/** The map: coasts and a graticule, and on them only what the instance knows itself. No tiles, no foreign service, and
 * no borders: which lines may be drawn is for the operator's own area packs to say. */
import type { Feature, Geometry } from "geojson";
import L from "leaflet";
import "leaflet/dist/leaflet.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Zones } from "../api/answers";
import { useSpeech, wordFor } from "../words/words";
import { type Felt, useFelt } from "./felt";
import { ground } from "./ground";
import { text } from "./text";

export interface Spot {
  id: string;
  name: string;
  latDeg: number;
  lonDeg: number;
  kind: "station" | "town";
}

interface MapProps {
  label: string;
  place?: Geometry | null;
  /** Of a point: how far the place reaches. */
  radiusM?: number;
  zones?: Zones | null;
  spots?: readonly Spot[];
  felt?: Felt | null;
  onPick?: (lonLat: [number, number]) => void;
}

const CHINA: L.LatLngBoundsExpression = [
  [18, 74],
  [53, 134],
];
const NAME_PX = { x: 110, y: 20 };
const ZONES_LIGHTEST_FIRST = ["ripple", "affected", "core"];

export function GroundMap(props: MapProps) {
  const element = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<L.Map | null>(null);
  const pick = useRef(props.onPick);
  pick.current = props.onPick;

  useEffect(() => {
    if (!element.current) return;
    const made = L.map(element.current, {
      attributionControl: false,
      zoomControl: true,
      // The observer below tells it. Leaflet's own listener comes 200 ms late, perhaps to a map that is gone.
      trackResize: false,
      worldCopyJump: true,
      zoomAnimation: false,
      fadeAnimation: false,
      minZoom: 2,
      maxZoom: 14,
    });
    made.fitBounds(CHINA);
    ground(made);
    made.on("click", (event) => {
      const at = event.latlng.wrap();
      pick.current?.([at.lng, at.lat]);
    });
    setMap(made);
    const watch = new ResizeObserver(() => made.invalidateSize());
    watch.observe(element.current);
    return () => {
      watch.disconnect();
      made.remove();
    };
  }, []);

  useFelt(map, props.felt ?? null);
  useZones(map, props.zones ?? null);
  useSpots(map, props.spots ?? []);
  usePlace(map, props.place ?? null, props.radiusM ?? 0);
  useView(map, props);

  return (
    // Its class never changes here, because Leaflet keeps classes of its own on it.
    <div
      class="map"
      data-pickable={props.onPick ? "" : undefined}
      ref={element}
      role="application"
      aria-label={props.label}
    />
  );
}

function useZones(map: L.Map | null, zones: Zones | null) {
  const { words, language } = useSpeech();
  useEffect(() => {
    if (!map || !zones) return;
    const inOrder = [...zones.features].sort(
      (a, b) => ZONES_LIGHTEST_FIRST.indexOf(a.properties.kind) - ZONES_LIGHTEST_FIRST.indexOf(b.properties.kind),
    );
    const layer = L.geoJSON(inOrder as Feature[], {
      style: (feature) => ({ className: `zone zone-${feature?.properties.kind}`, weight: 1.5 }),
      onEachFeature: (feature, drawn) =>
        drawn.bindTooltip(
          text(`${wordFor(words.zoneKinds, feature.properties.kind)} · ${feature.properties.explanation[language]}`),
          {
            sticky: true,
            className: "tip",
          },
        ),
    }).addTo(map);
    return () => {
      layer.remove();
    };
  }, [map, zones, language]);
}

function useSpots(map: L.Map | null, spots: readonly Spot[]) {
  useEffect(() => {
    if (!map) return;
    const layer = L.layerGroup().addTo(map);
    const towns: L.CircleMarker[] = [];
    for (const spot of spots) {
      const dot = dotOf(spot);
      dot.addTo(layer);
      if (spot.kind === "town") towns.push(dot);
    }
    const keep = () => nameTowns(map, towns);
    map.on("zoomend", keep);
    keep();
    return () => {
      map.off("zoomend", keep);
      layer.remove();
    };
  }, [map, spots]);
}

function dotOf(spot: Spot): L.CircleMarker {
  const isTown = spot.kind === "town";
  const dot = L.circleMarker([spot.latDeg, spot.lonDeg], {
    radius: isTown ? 2 : 4,
    className: `spot spot-${spot.kind}`,
    weight: 1,
  });
  return dot.bindTooltip(text(spot.name), {
    permanent: isTown,
    direction: isTown ? "right" : "top",
    className: isTown ? "town" : "tip",
  });
}

/** Names only those towns whose names do not lie on one another; the first come first. */
function nameTowns(map: L.Map, towns: readonly L.CircleMarker[]): void {
  const named: L.Point[] = [];
  for (const town of towns) {
    const at = map.latLngToLayerPoint(town.getLatLng());
    const isFree = named.every((other) => Math.abs(other.x - at.x) > NAME_PX.x || Math.abs(other.y - at.y) > NAME_PX.y);
    if (isFree) named.push(at);
    const element = town.getTooltip()?.getElement();
    if (element) element.hidden = !isFree;
  }
}

function usePlace(map: L.Map | null, place: Geometry | null, radiusM: number) {
  useEffect(() => {
    if (!map || !place) return;
    const layer = L.geoJSON(place, {
      style: { className: "place", weight: 2 },
      pointToLayer: (_, at) => L.circleMarker(at, { radius: 6, className: "place", weight: 2 }),
    }).addTo(map);
    if (place.type === "Point" && radiusM > 0) {
      const [lon = 0, lat = 0] = place.coordinates;
      L.circle([lat, lon], { radius: radiusM, className: "place", weight: 2 }).addTo(layer);
    }
    return () => {
      layer.remove();
    };
  }, [map, place, radiusM]);
}

/** Looks where the zones are, else where the place is. While somebody draws, the map stays as they moved it. */
function useView(map: L.Map | null, { zones, place, radiusM = 0 }: MapProps) {
  useEffect(() => {
    if (map && zones && zones.features.length > 0) {
      map.fitBounds(
        L.geoJSON(zones.features as Feature[])
          .getBounds()
          .pad(0.15),
      );
    }
  }, [map, zones]);
  useEffect(() => {
    if (!map || !place || zones) return;
    const box = L.geoJSON(place).getBounds();
    if (!box.isValid() || (map.getZoom() > 5 && map.getBounds().contains(box))) return;
    map.fitBounds(place.type === "Point" ? box.getCenter().toBounds(Math.max(radiusM * 3, 120_000)) : box.pad(0.3));
  }, [map, place, zones, radiusM]);
}
