/** What both steps of a change share: the heading that is gone to, and what the button says. */
import { useEffect, useRef } from "preact/hooks";
import type { Sending } from "./use-sender";

/** A heading that is gone to when it appears. */
export function useHeading() {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return heading;
}

export function submitText(sending: Sending, text: string, words: { sending: string; sendAgain: string }): string {
  if (sending.state === "busy") return words.sending;
  return sending.state === "unsure" ? words.sendAgain : text;
}
