/** One Idempotency-Key per form and content. A double click or a retry sends the same key with the same body, which
 * declares once; after a change of the form it is another request, and gets another key. */

export interface Keyed {
  keyFor(body: unknown): string;
}

export function keyed(fresh: () => string = () => crypto.randomUUID()): Keyed {
  let last: { text: string; key: string } | null = null;
  return {
    keyFor(body) {
      const text = JSON.stringify(body);
      if (last?.text !== text) last = { text, key: fresh() };
      return last.key;
    },
  };
}
