/** What services say is wrong, in the reader's words: by what it begins with or holds. What is not known here is shown as
 * it came. Pure. */
import type { Finding } from "../api/client";
import type { Words } from "../words/zh";

const KNOWN: [RegExp, keyof Words["faults"]][] = [
  [/^String should match pattern '\^\\d\{6\}/, "codeForm"],
  [/^must be six or twelve digits/, "codeForm"],
  [/^is missing, and no boundary that is known here holds the place/, "codesUnknown"],
  [/^is missing: give title_zh or title_en/, "titleMissing"],
  [/^must be an RFC 3339 time/, "time"],
  [/^latitude .*swapped/, "swapped"],
  [/^(latitude|longitude) .* is not between/, "outOfRange"],
  [/^nothing that is known here is called so/, "nowhere"],
  [/^several are called so/, "several"],
  [/^nothing is called exactly so/, "nearly"],
  [/is no area that is known here/, "codeUnknown"],
  [/^Input should be (greater|less) than/, "outOfRange"],
  [/^Field required$/, "required"],
];

export function inWords(finding: Finding, words: Words): Finding {
  const known = KNOWN.find(([form]) => form.test(finding.what));
  return known ? { ...finding, what: words.faults[known[1]] } : finding;
}
