/** What lies under everything: land without borders (Natural Earth, public domain, by the world-atlas package) and a
 * graticule that says how far away things are. */
import type { Geometry } from "geojson";
import L from "leaflet";
import type { GeometryCollection, Topology } from "topojson-specification";
import { degrees, stepFor } from "./graticule";

export function ground(map: L.Map): void {
  map.createPane("land").style.zIndex = "100";
  map.createPane("graticule").style.zIndex = "150";
  void addLand(map);
  const graticule = L.layerGroup().addTo(map);
  const draw = () => drawGraticule(map, graticule);
  map.on("moveend", draw);
  draw();
  L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
}

async function addLand(map: L.Map): Promise<void> {
  const [{ feature }, { default: atlas }] = await Promise.all([
    import("topojson-client"),
    import("world-atlas/land-50m.json"),
  ]);
  const topology = atlas as unknown as Topology<{ land: GeometryCollection }>;
  const land = feature(topology, topology.objects.land);
  L.geoJSON(land as unknown as Geometry, {
    pane: "land",
    interactive: false,
    style: { className: "land", weight: 1 },
  }).addTo(map);
}

function drawGraticule(map: L.Map, layer: L.LayerGroup): void {
  layer.clearLayers();
  const box = map.getBounds();
  const [south, north] = [Math.max(box.getSouth(), -85), Math.min(box.getNorth(), 85)];
  const step = stepFor(north - south);
  const line = (from: L.LatLngTuple, to: L.LatLngTuple, words: string) =>
    L.polyline([from, to], { pane: "graticule", interactive: false, className: "graticule", weight: 1 })
      .bindTooltip(words, { permanent: true, direction: "center", className: "degrees", opacity: 1 })
      .openTooltip(L.latLng(from[0] === to[0] ? [from[0], box.getWest()] : [north, from[1]]))
      .addTo(layer);
  for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
    line([lat, box.getWest()], [lat, box.getEast()], degrees(lat, "N", "S", step));
  }
  for (let lon = Math.ceil(box.getWest() / step) * step; lon <= box.getEast(); lon += step) {
    line([south, lon], [north, lon], degrees(((lon + 540) % 360) - 180, "E", "W", step));
  }
}
