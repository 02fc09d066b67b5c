import { expect, it } from "vitest";
import { isRaise } from "../api/level";
import { zh } from "../words/zh";
import { changeInWords } from "./refusals";

const told = (what: string) => changeInWords({ where: "/x", what }, zh).what;

it("says why a change is refused in the reader's words, and the rest as declaring or the service does", () => {
  const { refusals } = zh.changing;
  expect(told("the level already is II")).toBe(refusals.levelIsSo);
  expect(told("is an exercise and this is none")).toBe(refusals.otherWorld);
  expect(told("was told apart already, at 2026-01-01T00:00:00+00:00")).toBe(refusals.answered);
  expect(told("is closed")).toBe(refusals.otherClosed);
  expect(told("nothing that is known here is called so; give coordinates or area codes")).toBe(zh.faults.nowhere);
  expect(told("something new")).toBe("something new");
});

it("knows which way is up", () => {
  expect(isRaise("III", "I")).toBe(true);
  expect(isRaise("I", "II")).toBe(false);
});
