/** Times as a duty officer in China says them. The country has one civil time, UTC+8, without summer time. */
import type { Language } from "./words";

const CIVIL_OFFSET_MIN = 480;
const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

/** What a datetime field holds as RFC 3339 with its offset; as it is when it is no such thing, so that the service says so. */
export function withOffset(local: string): string {
  if (!LOCAL.test(local)) return local;
  return `${local.length === 16 ? `${local}:00` : local}+08:00`;
}

/** An instant as a datetime field shows it, in UTC+8. */
export function civilField(instant: Date): string {
  return new Date(instant.getTime() + CIVIL_OFFSET_MIN * 60_000).toISOString().slice(0, 16);
}

export function civilTime(instant: string, language: Language): string {
  const format = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "Asia/Shanghai",
  });
  return format.format(new Date(instant));
}

/** The instant in the browser's own zone, when that is another one. */
export function ownTime(instant: string, language: Language): string | null {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime()) || -at.getTimezoneOffset() === CIVIL_OFFSET_MIN) return null;
  const format = new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", {
    dateStyle: "medium",
    timeStyle: "long",
  });
  return format.format(at);
}
