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
  if (!map.getPane("land")) return; // the page was left meanwhile
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
  const [west, east] = [box.getWest(), box.getEast()];
  const size = map.getSize();
  const [lonStep, latStep] = [stepFor(east - west, size.x), stepFor(north - south, size.y)];
  const line = (from: L.LatLngTuple, to: L.LatLngTuple) =>
    L.polyline([from, to], { pane: "graticule", interactive: false, className: "graticule", weight: 1 }).addTo(layer);
  for (let lat = Math.ceil(south / latStep) * latStep; lat <= north; lat += latStep) {
    line([lat, west], [lat, east]);
    label([lat, east], degrees(lat, "N", "S", latStep), [2, 8], "degrees degrees-lat").addTo(layer);
  }
  for (let lon = Math.ceil(west / lonStep) * lonStep; lon <= east; lon += lonStep) {
    line([south, lon], [north, lon]);
    label([south, lon], degrees(((lon + 540) % 360) - 180, "E", "W", lonStep), [-2, 18], "degrees").addTo(layer);
  }
}

/** Numbers only, so that they may be HTML. */
function label(at: L.LatLngTuple, html: string, iconAnchor: L.PointTuple, className: string): L.Marker {
  const icon = L.divIcon({ html, className, iconSize: [0, 0], iconAnchor });
  return L.marker(at, { icon, interactive: false, keyboard: false, pane: "graticule" });
}
