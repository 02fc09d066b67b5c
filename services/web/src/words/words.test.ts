import { expect, it } from "vitest";
import { en } from "./en";
import { civilField, civilTime, withOffset } from "./time";
import { fill, firstLanguage, speech, wordFor } from "./words";
import { zh } from "./zh";

function placeholders(words: object): string[] {
  return Object.entries(words).flatMap(([name, text]) =>
    typeof text === "string" ? (text.match(/\{\w+\}/g) ?? []).map((hole) => name + hole).sort() : placeholders(text),
  );
}

it("says the same in both languages", () => {
  expect(placeholders(en)).toEqual(placeholders(zh));
  for (const table of ["kinds", "levels", "roles", "reasons", "zoneKinds"] as const) {
    expect(Object.keys(en[table])).toEqual(Object.keys(zh[table]));
  }
});

it("speaks the first of the browser's languages that it knows", () => {
  expect(firstLanguage(["fr", "zh-TW", "en"])).toBe("zh");
  expect(firstLanguage(["en-GB", "zh"])).toBe("en");
  expect(firstLanguage(["fr"])).toBe("en");
});

it("shows what it has no word for", () => {
  expect(wordFor(zh.kinds, "earthquake")).toBe("地震");
  expect(wordFor(zh.kinds, "meteor")).toBe("meteor");
  expect(fill("{count} of {all}", { count: 2 })).toBe("2 of {all}");
  expect(speech("zh").titled({ title_zh: null, title_en: "Flood" })).toBe("Flood");
});

it("reads and shows times in UTC+8 wherever the browser is", () => {
  expect(civilField(new Date("2008-05-12T06:28:00Z"))).toBe("2008-05-12T14:28");
  expect(withOffset("2008-05-12T14:28")).toBe("2008-05-12T14:28:00+08:00");
  expect(withOffset("yesterday")).toBe("yesterday");
  expect(civilTime("2008-05-12T06:28:00Z", "en")).toContain("14:28");
});
