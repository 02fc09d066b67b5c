/** Why a change is refused, in the reader's words. What is not known here is shown as the service says it. Pure. */
import type { Finding } from "../api/client";
import { inWords } from "../declare/faults";
import type { Words } from "../words/zh";

type Refusals = Words["changing"]["refusals"];

const KNOWN: [RegExp, keyof Refusals][] = [
  [/^the level already is/, "levelIsSo"],
  [/^the phase already is/, "phaseIsSo"],
  [/^is closed$/, "otherClosed"],
  [/^is (an exercise and this is none|real and this is an exercise)$/, "otherWorld"],
  [/^is the incident itself$/, "itself"],
  [/^(is not proposed to be the same|was told apart already)/, "answered"],
  [/^says nothing about the area/, "nothingSaid"],
  [/^is given in place too/, "radiusTwice"],
  [/^(there is no such incident|must be a UUID)/, "noOther"],
  [/is already the need_id of line/, "needTwice"],
  [/^String should have at (least|most)/, "length"],
];

export function changeInWords(finding: Finding, words: Words): Finding {
  const known = KNOWN.find(([form]) => form.test(finding.what));
  return known ? { ...finding, what: words.changing.refusals[known[1]] } : inWords(finding, words);
}
