/** Calls to the services, all under this page's own origin. Every failure is one of two: a problem that a service
 * tells (RFC 9457), or no answer at all. */

export interface Finding {
  where: string;
  what: string;
}

export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  problems: Finding[];
  instance?: string;
}

/** A service has answered, and refuses. Nothing was changed. */
export class Refused extends Error {
  constructor(readonly problem: ProblemDocument) {
    super(problem.detail);
  }
}

/** No answer came, or none that says what happened: whether something was changed is not known. */
export class NoAnswer extends Error {}

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  /** The same key sent again does nothing a second time and gets the same answer. */
  key?: string;
  token?: string | null;
  /** Only the session's own calls send its cookie. */
  withCookie?: boolean;
  signal?: AbortSignal;
}

export async function send(path: string, call: Call = {}): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (call.body !== undefined) headers.set("Content-Type", "application/json");
  if (call.key) headers.set("Idempotency-Key", call.key);
  if (call.token) headers.set("Authorization", `Bearer ${call.token}`);
  try {
    return await fetch(path, {
      method: call.method ?? "GET",
      headers,
      credentials: call.withCookie ? "same-origin" : "omit",
      cache: "no-store",
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal ? { signal: call.signal } : {}),
    });
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new NoAnswer(String(error));
  }
}

export async function read<T>(response: Response): Promise<T> {
  let document: unknown;
  try {
    document = await response.json();
  } catch (error) {
    throw new NoAnswer(`an answer (${response.status}) that cannot be read: ${String(error)}`);
  }
  if (response.ok) return document as T;
  if (isProblem(document)) {
    // A service that is away or fell over says nothing about what it did before.
    if (response.status >= 500) throw new NoAnswer(document.detail);
    throw new Refused(document);
  }
  throw new NoAnswer(`an answer (${response.status}) that nobody knows`);
}

function isProblem(document: unknown): document is ProblemDocument {
  return typeof document === "object" && document !== null && "detail" in document && "problems" in document;
}
