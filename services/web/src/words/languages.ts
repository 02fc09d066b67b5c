/** What languages are called: by the register, which knows those of its volunteers. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "../session/session";
import { useAsked } from "../ui/asked";
import { useSpeech } from "./words";

interface Known {
  code: string;
  name_zh: string;
  name_en: string;
}

export const LanguagesContext = createContext<readonly Known[]>([]);

export function useKnownLanguages(session: Session): readonly Known[] {
  const asked = useAsked(() => session.call<{ languages: Known[] }>("/registry/languages"), [session]);
  return asked.value?.languages ?? [];
}

/** The name of a language in the reader's own; its code where nobody knows one. */
export function useLanguageName(): (code: string) => string {
  const known = useContext(LanguagesContext);
  const { named } = useSpeech();
  return (code) => {
    const language = known.find((one) => one.code === code);
    return language ? named(language) : code;
  };
}
