import { afterEach, expect, it, vi } from "vitest";
import { NoAnswer, Refused } from "../api/client";
import { Session, SignedOut } from "./session";

const jwt = (number: number) => `h.${btoa(JSON.stringify({ roles: ["duty-officer"], number }))}.s`;
const answer = (status: number, body: unknown) => new Response(JSON.stringify(body), { status });
const problem = (status: number) => answer(status, { status, detail: "no", problems: [] });

/** A server that gives each refresh token once, as identity does; `lives` seconds for each access token. */
function server(lives: number, respond: (path: string, token: string | null) => Response) {
  let number = 0;
  const used = new Set<string>();
  const exchanges: string[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (path !== "/identity/tokens") return respond(path, new Headers(init.headers).get("Authorization"));
    const grant = JSON.parse(String(init.body));
    exchanges.push(grant.grant_type);
    if (grant.grant_type === "refresh_token" && used.has(grant.refresh_token)) return problem(401);
    used.add(grant.refresh_token);
    number += 1;
    return answer(200, { access_token: jwt(number), refresh_token: `r${number}`, expires_in_s: lives });
  });
  return exchanges;
}

afterEach(() => vi.unstubAllGlobals());

it("exchanges a token that is about to end once, however many ask at the same time", async () => {
  const exchanges = server(30, () => answer(200, { ok: true }));
  const session = await Session.signIn("a", "b", () => undefined);
  await Promise.all([session.call("/x"), session.call("/y"), session.call("/z")]);
  expect(exchanges).toEqual(["password", "refresh_token"]);
});

it("tries once more with a new token when one is refused, and ends when that is refused too", async () => {
  let ended = 0;
  const exchanges = server(600, (path, token) =>
    path === "/x" && token === `Bearer ${jwt(1)}` ? problem(401) : answer(200, 1),
  );
  const session = await Session.signIn("a", "b", () => {
    ended += 1;
  });
  expect(await session.call("/x")).toBe(1);
  expect(exchanges).toHaveLength(2);
  vi.stubGlobal("fetch", async () => problem(401));
  await expect(session.call("/x")).rejects.toBeInstanceOf(SignedOut);
  expect(ended).toBe(1);
});

it("tells a refusal from no answer: only after the first is it known that nothing was done", async () => {
  server(600, (path) => (path === "/refused" ? problem(409) : problem(503)));
  const session = await Session.signIn("a", "b", () => undefined);
  await expect(session.call("/refused")).rejects.toBeInstanceOf(Refused);
  await expect(session.call("/away")).rejects.toBeInstanceOf(NoAnswer);
});
