import { expect, it } from "vitest";
import { fieldOf, sorted } from "./findings";

const FIELDS = ["/place", "/place/lat_deg", "/place/coordinates", "/needs", "/level"];

it("finds the nearest field at or above a pointer", () => {
  expect(fieldOf("/place/coordinates/0/3", FIELDS)).toBe("/place/coordinates");
  expect(fieldOf("/place/lat_deg", FIELDS)).toBe("/place/lat_deg");
  expect(fieldOf("/place/something", FIELDS)).toBe("/place");
  expect(fieldOf("/placement", FIELDS)).toBeNull();
  expect(fieldOf("", FIELDS)).toBeNull();
});

it("loses no finding", () => {
  const findings = [
    { where: "/needs/0/role", what: "a" },
    { where: "/needs", what: "b" },
    { where: "?limit", what: "c" },
  ];
  const { byField, others } = sorted(findings, FIELDS);
  expect(byField.get("/needs")).toEqual(["a", "b"]);
  expect(others).toEqual([{ where: "?limit", what: "c" }]);
});
