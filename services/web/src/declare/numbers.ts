/** Reading numbers as they are typed. Pure. */
import type { Finding } from "../api/client";

/** Collects what is no number, by the pointer of the field that it would have been. */
export class Numbers {
  readonly findings: Finding[] = [];

  constructor(private readonly whatIsWrong: string) {}

  read(text: string, where: string): number {
    const value = Number(text.trim().replace(",", "."));
    if (text.trim() === "" || !Number.isFinite(value)) this.findings.push({ where, what: this.whatIsWrong });
    return value;
  }
}
