/** Findings beside the fields they name by JSON pointer. Pure. */
import type { Finding } from "../api/client";

/** The field of the form that a pointer belongs to: the longest of the fields that is the pointer or lies above it. */
export function fieldOf(where: string, fields: readonly string[]): string | null {
  const holders = fields.filter((field) => where === field || where.startsWith(`${field}/`));
  return holders.reduce<string | null>(
    (best, field) => (best === null || field.length > best.length ? field : best),
    null,
  );
}

export interface Sorted {
  byField: Map<string, string[]>;
  /** What belongs to no field that is shown, with its pointer. */
  others: Finding[];
}

export function sorted(findings: readonly Finding[], fields: readonly string[]): Sorted {
  const byField = new Map<string, string[]>();
  const others: Finding[] = [];
  for (const finding of findings) {
    const field = fieldOf(finding.where, fields);
    if (field === null) others.push(finding);
    else byField.set(field, [...(byField.get(field) ?? []), finding.what]);
  }
  return { byField, others };
}
