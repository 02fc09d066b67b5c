/** What is wrong with rows and files, in the reader's words. Pure. */
import type { Finding } from "../../api/client";
import type { GroundWords } from "../../words/ground-zh";
import { fill } from "../../words/words";
import type { Draft } from "../draft";
import type { ContourFault } from "./contours";
import type { RowFault } from "./observations";

/** Enough to mend a table; one that is wrong from end to end is wrong in one way. */
const ROWS_MAX = 10;

export function rowFindings(faults: readonly RowFault[], words: GroundWords): Finding[] {
  const where = "/intensity_observations";
  const told = faults.slice(0, ROWS_MAX).map(({ row, code, found }) => {
    const what = fill(words.rowFaults[code], { found: found.length > 40 ? `${found.slice(0, 40)}…` : found });
    return { where, what: row === 0 ? what : fill(words.row, { row, what }) };
  });
  const left = faults.length - told.length;
  return left > 0 ? [...told, { where, what: fill(words.moreRows, { count: left }) }] : told;
}

export function fileFault(name: string, { code, where, found }: ContourFault, words: GroundWords): string {
  const what = fill(words.fileFaults[code], { found });
  const [line, column] = where.split(":");
  const place = code === "notJson" && line && column ? fill(words.lineColumn, { line, column }) : where;
  return fill(place ? words.fileFaultAt : words.fileFault, { name, where: place, what });
}

/** Without what is said of rows or a file that are others now, and of venues by numbers that are others'. What is wrong
 * with rows is seen at once in any case. */
export function stillMeant(findings: Finding[], before: Draft, part: Partial<Draft>): Finding[] {
  const gone = [
    part.observations !== undefined && "/intensity_observations",
    part.contours !== undefined && "/intensity_contours",
    part.venues !== undefined && part.venues.length !== before.venues.length && "/venues",
  ].filter((pointer) => pointer !== false);
  if (gone.length === 0) return findings;
  return findings.filter(({ where }) => !gone.some((pointer) => where.startsWith(pointer)));
}
