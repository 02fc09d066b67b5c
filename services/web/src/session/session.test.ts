import { afterEach, expect, it, vi } from "vitest";
import { NoAnswer, Refused } from "../api/client";
import { Session, SignedOut } from "./session";
import { hearTabs, type Said } from "./tabs";

const jwt = (number: number, sub = "officer") =>
  `h.${btoa(JSON.stringify({ roles: ["duty-officer"], sub, number }))}.s`;
const answer = (status: number, body: unknown) =>
  new Response(status === 204 ? null : JSON.stringify(body), { status });
const problem = (status: number) => answer(status, { status, detail: "no", problems: [] });
const nothing = () => undefined;

interface Server {
  asked: string[];
  subject: string;
  down: boolean;
}

/** The console's own routes: `lives` seconds for each access token; everything else is answered by `respond`. */
function server(lives: number, respond: (path: string, token: string | null) => Response): Server {
  let number = 0;
  const state: Server = { asked: [], subject: "officer", down: false };
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (!path.startsWith("/session")) {
      expect(init.credentials).toBe("omit");
      return respond(path, new Headers(init.headers).get("Authorization"));
    }
    expect(init.credentials).toBe("same-origin");
    state.asked.push(`${init.method} ${path}`);
    if (state.down) return problem(503);
    if (init.method === "DELETE") return answer(204, null);
    number += 1;
    return answer(200, { access_token: jwt(number, state.subject), expires_in_s: lives });
  });
  return state;
}

afterEach(() => vi.unstubAllGlobals());

it("renews a token that is about to end once, however many ask at the same time", async () => {
  const { asked } = server(30, () => answer(200, { ok: true }));
  const session = await Session.signIn("a", "b", nothing);
  await Promise.all([session.call("/x"), session.call("/y"), session.call("/z")]);
  expect(asked).toEqual(["POST /session", "POST /session/refresh"]);
});

it("tries once more with a new token when one is refused, and ends when that is refused too", async () => {
  let ended = 0;
  const { asked } = server(600, (path, token) =>
    path === "/x" && token === `Bearer ${jwt(1)}` ? problem(401) : answer(200, 1),
  );
  const session = await Session.signIn("a", "b", () => {
    ended += 1;
  });
  expect(await session.call("/x")).toBe(1);
  expect(asked).toHaveLength(2);
  vi.stubGlobal("fetch", async () => problem(401));
  await expect(session.call("/x")).rejects.toBeInstanceOf(SignedOut);
  await expect(session.call("/x")).rejects.toBeInstanceOf(SignedOut);
  expect(ended).toBe(1);
});

it("tells a refusal from no answer: only after the first is it known that nothing was done", async () => {
  server(600, (path) => (path === "/refused" ? problem(409) : problem(503)));
  const session = await Session.signIn("a", "b", nothing);
  await expect(session.call("/refused")).rejects.toBeInstanceOf(Refused);
  await expect(session.call("/away")).rejects.toBeInstanceOf(NoAnswer);
});

it("goes on after a reload, knows when nobody is signed in, and does not take silence for that", async () => {
  server(600, () => answer(200, 1));
  expect((await Session.resume(nothing))?.roles).toEqual(["duty-officer"]);
  vi.stubGlobal("fetch", async () => problem(401));
  expect(await Session.resume(nothing)).toBeNull();
  vi.stubGlobal("fetch", async () => problem(503));
  await expect(Session.resume(nothing)).rejects.toBeInstanceOf(NoAnswer);
});

it("does not become somebody else when another person signs in in another tab", async () => {
  let ended = 0;
  const console = server(30, () => answer(200, 1));
  const session = await Session.signIn("a", "b", () => {
    ended += 1;
  });
  console.subject = "another";
  await expect(session.call("/x")).rejects.toBeInstanceOf(SignedOut);
  expect(ended).toBe(1);
});

it("tells the other tabs, asks nothing more after signing out, and says when the service was silent", async () => {
  const console = server(600, () => answer(200, 1));
  const heard: Said[] = [];
  const tab = new BroadcastChannel("thirdrescue.session");
  const both = new Promise<void>((resolve) => {
    tab.onmessage = ({ data }) => {
      heard.push(data as Said);
      if (heard.length === 2) resolve();
    };
  });
  const session = await Session.signIn("a", "b", nothing);
  console.down = true;
  await expect(session.signOut()).rejects.toBeInstanceOf(NoAnswer);
  await expect(session.call("/x")).rejects.toBeInstanceOf(SignedOut);
  await both;
  tab.close();
  expect(heard).toEqual([{ what: "signed-in", subject: "officer" }, { what: "signed-out" }]);
});

it("hears other tabs until it stops", async () => {
  const heard: Said[] = [];
  const stop = hearTabs((said) => heard.push(said));
  const tab = new BroadcastChannel("thirdrescue.session");
  tab.postMessage({ what: "signed-out" });
  await vi.waitFor(() => expect(heard).toEqual([{ what: "signed-out" }]));
  stop();
  tab.close();
});
