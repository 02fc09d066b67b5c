/** Which language is spoken: the reader's choice, else the browser's first that is known. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { en } from "./en";
import { type Words, zh } from "./zh";

export type Language = "zh" | "en";

const WORDS: Record<Language, Words> = { zh, en };
const KEPT = "thirdrescue.language";

export function firstLanguage(preferred: readonly string[]): Language {
  const known = preferred.map((tag) => tag.toLowerCase().split("-")[0]).find((tag) => tag === "zh" || tag === "en");
  return known === "zh" || known === "en" ? known : "en";
}

export function rememberedLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  return kept === "zh" || kept === "en" ? kept : firstLanguage(navigator.languages);
}

export function remember(language: Language): void {
  localStorage.setItem(KEPT, language);
}

export interface Speech {
  language: Language;
  words: Words;
  /** The title or name in the reader's language, else in the other. */
  named: (thing: { name_zh?: string | null; name_en?: string | null }) => string;
  titled: (thing: { title_zh: string | null; title_en: string | null }) => string;
  number: (value: number) => string;
}

export function speech(language: Language): Speech {
  const pick = (zhText?: string | null, enText?: string | null) =>
    (language === "zh" ? (zhText ?? enText) : (enText ?? zhText)) ?? "";
  const format = new Intl.NumberFormat(language === "zh" ? "zh-CN" : "en", { maximumFractionDigits: 1 });
  return {
    language,
    words: WORDS[language],
    named: (thing) => pick(thing.name_zh, thing.name_en),
    titled: (thing) => pick(thing.title_zh, thing.title_en),
    number: (value) => format.format(value),
  };
}

/** `fill("{count} people", {count: 3})`. */
export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The word for a wire value; one that is newer than this console is shown as it is. */
export function wordFor(table: Record<string, string>, value: string): string {
  return table[value] ?? value;
}

export const SpeechContext = createContext<Speech>(speech("en"));

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}
