/** Who is signed in. Both tokens live in this page's memory only: a reload or a closed tab signs out, and a script that
 * somehow got in finds nothing in any storage. */
import type { Schemas } from "../api/answers";
import { type Call, NoAnswer, Refused, read, send } from "../api/client";

type Grant = Schemas["PasswordGrant"] | Schemas["RefreshGrant"];

/** Access tokens are exchanged this long before they end. */
const EARLY_MS = 60_000;

export class SignedOut extends Error {}

export interface Tokens {
  access: string;
  refresh: string | null;
  endsAt: number;
}

export class Session {
  private refreshing: Promise<void> | null = null;

  private constructor(
    private tokens: Tokens,
    private readonly onEnd: () => void,
  ) {}

  static async signIn(name: string, password: string, onEnd: () => void): Promise<Session> {
    return new Session(await granted({ grant_type: "password", name, password }), onEnd);
  }

  get roles(): string[] {
    return claims(this.tokens.access).roles;
  }

  /** An answer's document. Raises Refused, NoAnswer or SignedOut. */
  async call<T>(path: string, call: Call = {}): Promise<T> {
    return read<T>(await this.fetch(path, call));
  }

  /** A response with this account's rights; exchanges the token when it is about to end or is refused. */
  async fetch(path: string, call: Call = {}): Promise<Response> {
    if (Date.now() > this.tokens.endsAt - EARLY_MS) await this.refresh();
    const response = await send(path, { ...call, token: this.tokens.access });
    if (response.status !== 401) return response;
    await this.refresh();
    return send(path, { ...call, token: this.tokens.access });
  }

  /** For readers that make their own requests (live streams). */
  async token(): Promise<string> {
    if (Date.now() > this.tokens.endsAt - EARLY_MS) await this.refresh();
    return this.tokens.access;
  }

  /** One exchange at a time: a refresh token is used up by it, and one that comes twice ends the whole family. */
  private refresh(): Promise<void> {
    this.refreshing ??= this.exchange().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async exchange(): Promise<void> {
    try {
      if (this.tokens.refresh === null) throw new SignedOut();
      this.tokens = await granted({ grant_type: "refresh_token", refresh_token: this.tokens.refresh });
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      if (!(error instanceof SignedOut || error instanceof Refused)) throw error;
      this.onEnd();
      throw new SignedOut();
    }
  }
}

async function granted(grant: Grant): Promise<Tokens> {
  const response = await send("/identity/tokens", { method: "POST", body: grant });
  const answer = await read<Schemas["TokenAnswer"]>(response);
  return {
    access: answer.access_token,
    refresh: answer.refresh_token ?? null,
    endsAt: Date.now() + answer.expires_in_s * 1000,
  };
}

/** What the token says, for what to show; the services check it themselves. */
function claims(token: string): { roles: string[] } {
  const part = token.split(".")[1] ?? "";
  const text = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  const document: { roles?: unknown } = JSON.parse(text);
  return { roles: Array.isArray(document.roles) ? document.roles.map(String) : [] };
}
