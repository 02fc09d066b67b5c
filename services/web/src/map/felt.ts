/** What was felt and where people are, on the map: contours, observations, venues. Coloured by the zone they lend to. */
import type { Geometry } from "geojson";
import L from "leaflet";
import { useEffect, useRef } from "preact/hooks";
import { fill, useSpeech } from "../words/words";
import { text } from "./text";

export interface Felt {
  /** The strongest first. */
  contours: readonly { intensity: number; geometry: unknown }[];
  observations: readonly { lat_deg: number; lon_deg: number; intensity: number }[];
  venues: readonly {
    name_zh: string;
    name_en: string;
    position: { lat_deg: number; lon_deg: number };
    radius_m: number;
  }[];
}

/** What would fill the map by so many steps more is too small to be seen. */
const CLOSER = 3;

/** Of geofencing: from IX on core, VII affected, VI ripple; below that no zone comes of it. */
function zoneOf(intensity: number): string {
  return intensity >= 9 ? "zone-core" : intensity >= 7 ? "zone-affected" : intensity >= 6 ? "zone-ripple" : "zone-none";
}

export function useFelt(map: L.Map | null, felt: Felt | null): void {
  const { words, number, named } = useSpeech();
  useEffect(() => {
    if (!map || !felt) return;
    const layer = L.layerGroup().addTo(map);
    for (const { intensity, geometry } of [...felt.contours].reverse()) {
      L.geoJSON(geometry as Geometry, { style: { className: `contour ${zoneOf(intensity)}`, weight: 1.5 } })
        .bindTooltip(text(fill(words.moreGround.contourAtLeast, { intensity: number(intensity) })), {
          sticky: true,
          className: "tip",
        })
        .addTo(layer);
    }
    for (const { lat_deg, lon_deg, intensity } of felt.observations) {
      L.circleMarker([lat_deg, lon_deg], { radius: 4, className: `felt ${zoneOf(intensity)}`, weight: 1 })
        .bindTooltip(text(fill(words.moreGround.observationAt, { intensity: number(intensity) })), { className: "tip" })
        .addTo(layer);
    }
    return () => {
      layer.remove();
    };
  }, [map, felt?.contours, felt?.observations, words]);
  useEffect(() => {
    if (!map || !felt) return;
    const layer = L.layerGroup().addTo(map);
    for (const venue of felt.venues) {
      const at: L.LatLngTuple = [venue.position.lat_deg, venue.position.lon_deg];
      L.circle(at, { radius: venue.radius_m, className: "place", weight: 2 }).addTo(layer);
      L.circleMarker(at, { radius: 6, className: "venue", weight: 2 })
        .bindTooltip(text(named(venue)), { className: "tip", direction: "top" })
        .addTo(layer);
    }
    return () => {
      layer.remove();
    };
  }, [map, felt?.venues, words]);
  useEffect(() => {
    if (!map || !felt) return;
    const all = boundsOf(felt);
    if (!all.isValid()) return;
    const isInSight = map.getBounds().contains(all) && map.getBoundsZoom(all) - map.getZoom() < CLOSER;
    if (!isInSight) map.fitBounds(all.pad(0.1), { maxZoom: 9 });
  }, [map, felt?.contours, felt?.observations]);
  const venues = felt?.venues.length ?? 0;
  const shown = useRef(venues);
  useEffect(() => {
    const newest = venues > shown.current ? felt?.venues.at(-1)?.position : undefined;
    shown.current = venues;
    if (!map || !newest) return;
    const at = L.latLng(newest.lat_deg, newest.lon_deg);
    if (!map.getBounds().contains(at)) map.fitBounds(map.getBounds().extend(at).pad(0.1));
  }, [map, venues]);
}

function boundsOf(felt: Felt): L.LatLngBounds {
  const bounds = L.latLngBounds([]);
  for (const { geometry } of felt.contours) bounds.extend(L.geoJSON(geometry as Geometry).getBounds());
  for (const { lat_deg, lon_deg } of felt.observations) bounds.extend([lat_deg, lon_deg]);
  return bounds;
}
