/** Text of a file from disk, if it is not too large. What is wrong is said in the reader's words by `unreadable`. */
import type { GroundWords } from "../../words/ground-zh";
import { fill } from "../../words/words";

export class FileRefused extends Error {
  constructor(
    readonly code: "tooLarge" | "unreadable",
    readonly file: { name: string; size: number },
    readonly bytesMax: number,
  ) {
    super(code);
  }
}

/** UTF-8; what is none is read as GB18030, as spreadsheets in China write it. */
export async function textOf(file: File, bytesMax: number): Promise<string> {
  if (file.size > bytesMax) throw new FileRefused("tooLarge", file, bytesMax);
  const bytes = await file.arrayBuffer().catch(() => {
    throw new FileRefused("unreadable", file, bytesMax);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

export function unreadable({ code, file, bytesMax }: FileRefused, words: GroundWords): string {
  const megabytes = (bytes: number) => Math.ceil((bytes / 2 ** 20) * 10) / 10;
  return fill(words[code], { name: file.name, mb: megabytes(file.size), max: megabytes(bytesMax) });
}
