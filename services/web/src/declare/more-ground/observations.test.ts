import { expect, it } from "vitest";
import { OBSERVATIONS_MAX, observationsOf } from "./observations";

const codes = (text: string) => observationsOf(text).faults.map(({ row, code }) => [row, code]);

it("reads rows however they are separated, and intensities as they are written", () => {
  const text = "103.40, 31.00, 11\n104.46；31.83；Ⅺ\n\n103.6\t31.0\t8.5\n103.7 31.1 8度\r\n１０３．８，31.2，VII";
  const { observations, rows, faults } = observationsOf(text);
  expect(faults).toEqual([]);
  expect(rows).toEqual([1, 2, 4, 5, 6]);
  expect(observations.map((one) => [one.lon_deg, one.lat_deg, one.intensity])).toEqual([
    [103.4, 31, 11],
    [104.46, 31.83, 11],
    [103.6, 31, 8.5],
    [103.7, 31.1, 8],
    [103.8, 31.2, 7],
  ]);
});

it("takes columns by their names, in any order and among others", () => {
  const english = observationsOf('\uFEFFplace,"Latitude",Longitude,MMI\nYingxiu,31.06,103.49,11');
  const chinese = observationsOf("县,烈度,经度,纬度\n汶川,11,103.49,31.06");
  expect(english.observations).toEqual([{ lon_deg: 103.49, lat_deg: 31.06, intensity: 11 }]);
  expect(chinese.observations).toEqual(english.observations);
  expect(codes("lon,lat\n103,31,8")).toEqual([[1, "heading"]]);
});

it("loses no row in silence", () => {
  const text =
    "103, 31\nx, 31, 8\n103, x, 8\n31, 103, 8\n103, 200, 8\n190, 31, 8\n103, 31, 13\n103, 31, XIII\n103, 31, 0\n103, 31, 8, 9";
  expect(codes(text)).toEqual([
    [1, "values"],
    [2, "number"],
    [3, "number"],
    [4, "swapped"],
    [5, "lat"],
    [6, "lon"],
    [7, "intensity"],
    [8, "intensity"],
    [9, "intensity"],
    [10, "values"],
  ]);
});

it("says when there are more than the service takes", () => {
  const rows = Array.from({ length: OBSERVATIONS_MAX + 1 }, () => "103, 31, 8");
  expect(codes(rows.join("\n"))).toEqual([[0, "tooMany"]]);
  expect(codes(rows.slice(1).join("\n"))).toEqual([]);
});
