import { expect, it } from "vitest";
import type { Station } from "../../api/answers";
import { Numbers } from "../numbers";
import { aimed, anotherVenue, drawnVenues, knownVenue, stationsCalled, venuesOf } from "./venues";

const STATION: Station = {
  station_id: "s",
  name_zh: "汶川站",
  name_en: "Wenchuan station",
  position: { lat_deg: 31.47, lon_deg: 103.59 },
};

it("sends a station of the register by name and position", () => {
  const [found] = stationsCalled([STATION, { ...STATION, position: null }], "WENchuan ");
  const venue = anotherVenue([], knownVenue(found as Station, "station"));
  const numbers = new Numbers("no number");
  expect(venuesOf([venue], numbers, "no name")).toEqual([
    {
      kind: "station",
      zone_kind: "affected",
      name_zh: "汶川站",
      name_en: "Wenchuan station",
      position: { lat_deg: 31.47, lon_deg: 103.59 },
      radius_m: 500,
    },
  ]);
  expect(numbers.findings).toEqual([]);
  expect(stationsCalled([STATION], " ")).toEqual([]);
});

it("puts a click into a new venue, or moves the one that was aimed at", () => {
  const one = aimed([], { venue: null }, [103.123456, 31]);
  expect(one).toMatchObject([{ lonDeg: "103.1235", latDeg: "31.0000" }]);
  const two = aimed(one, { venue: null }, [104, 30]);
  expect(new Set(two.map((venue) => venue.key)).size).toBe(2);
  expect(aimed(two, { venue: one[0]?.key ?? "" }, [100, 20]).map((venue) => venue.latDeg)).toEqual([
    "20.0000",
    "30.0000",
  ]);
});

it("draws what can be drawn, named or not, and nothing else", () => {
  const placed = anotherVenue([], { latDeg: "31", lonDeg: "103" });
  const others = [
    { ...placed, latDeg: "" },
    { ...placed, latDeg: "103", lonDeg: "31" },
    { ...placed, radiusM: "0" },
  ];
  expect(drawnVenues([placed, ...others])).toHaveLength(1);
});
