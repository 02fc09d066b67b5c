/** Who is signed in. The page's memory holds an access token that lives minutes; what it is renewed with lies in a
 * cookie that no script reads, so that a reload stays signed in and a script that somehow got in finds nothing. */
import type { Schemas } from "../api/answers";
import { type Call, NoAnswer, Refused, read, send } from "../api/client";
import { oneTabAtATime, tellTabs } from "./tabs";

/** Access tokens are renewed this long before they end. */
const EARLY_MS = 60_000;

export class SignedOut extends Error {}

interface Access {
  token: string;
  endsAt: number;
  roles: string[];
  subject: string;
}

export class Session {
  private refreshing: Promise<void> | null = null;
  private hasEnded = false;

  private constructor(
    private access: Access,
    private readonly onEnd: () => void,
  ) {}

  static async signIn(name: string, password: string, onEnd: () => void): Promise<Session> {
    const body: Schemas["SessionRequest"] = { name, password };
    const session = new Session(await oneTabAtATime(() => granted("/session", body)), onEnd);
    tellTabs({ what: "signed-in", subject: session.subject });
    return session;
  }

  /** The session of this browser, if somebody is signed in. Raises NoAnswer when that is not known. */
  static async resume(onEnd: () => void): Promise<Session | null> {
    try {
      return new Session(await oneTabAtATime(() => granted("/session/refresh")), onEnd);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  get roles(): string[] {
    return this.access.roles;
  }

  /** The account's id. */
  get subject(): string {
    return this.access.subject;
  }

  /** Ends it here, in other tabs and at the service. Raises when the service did not say that it did. */
  async signOut(): Promise<void> {
    this.hasEnded = true;
    tellTabs({ what: "signed-out" });
    const response = await oneTabAtATime(() => send("/session", { method: "DELETE", withCookie: true }));
    if (!response.ok) throw new NoAnswer(`signing out was answered with ${response.status}`);
  }

  /** Ends it in this page alone: another tab has signed out, or somebody else has signed in there. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.onEnd();
  }

  /** An answer's document. Raises Refused, NoAnswer or SignedOut. */
  async call<T>(path: string, call: Call = {}): Promise<T> {
    return read<T>(await this.fetch(path, call));
  }

  /** A response with this account's rights; renews the token when it is about to end or is refused. */
  async fetch(path: string, call: Call = {}): Promise<Response> {
    const response = await send(path, { ...call, token: await this.token() });
    if (response.status !== 401) return response;
    await this.refresh();
    return send(path, { ...call, token: this.access.token });
  }

  /** For readers that make their own requests (live streams). */
  async token(): Promise<string> {
    if (this.hasEnded) throw new SignedOut();
    if (Date.now() > this.access.endsAt - EARLY_MS) await this.refresh();
    return this.access.token;
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.renew().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async renew(): Promise<void> {
    try {
      const access = await oneTabAtATime(() => granted("/session/refresh"));
      // Somebody else's sign-in has taken this one's place: what is on this page was asked with other rights.
      if (this.hasEnded || access.subject !== this.subject) throw new SignedOut();
      this.access = access;
    } catch (error) {
      if (!(error instanceof SignedOut || error instanceof Refused)) throw error;
      this.end();
      throw new SignedOut();
    }
  }
}

async function granted(path: string, body?: unknown): Promise<Access> {
  const response = await send(path, { method: "POST", withCookie: true, ...(body === undefined ? {} : { body }) });
  const answer = await read<Schemas["SessionAnswer"]>(response);
  return {
    token: answer.access_token,
    endsAt: Date.now() + answer.expires_in_s * 1000,
    ...claims(answer.access_token),
  };
}

/** What the token says, for what to show; the services check it themselves. */
function claims(token: string): { roles: string[]; subject: string } {
  const part = token.split(".")[1] ?? "";
  const text = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  const document: { roles?: unknown; sub?: unknown } = JSON.parse(text);
  return {
    roles: Array.isArray(document.roles) ? document.roles.map(String) : [],
    subject: String(document.sub ?? ""),
  };
}
