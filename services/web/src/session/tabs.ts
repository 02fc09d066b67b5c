/** What the tabs of one browser tell each other: who signed in, that somebody signed out. And one of them at a time may
 * change the session's cookie, where the browser can see to that (over https, and on the machine itself). */

export type Said = { what: "signed-in"; subject: string } | { what: "signed-out" };

const NAME = "thirdrescue.session";
let opened: BroadcastChannel | null = null;

function channel(): BroadcastChannel {
  opened ??= new BroadcastChannel(NAME);
  return opened;
}

export function tellTabs(said: Said): void {
  channel().postMessage(said);
}

/** Returns how to stop hearing. */
export function hearTabs(hear: (said: Said) => void): () => void {
  const onMessage = (event: MessageEvent<Said>) => hear(event.data);
  const from = channel();
  from.addEventListener("message", onMessage);
  return () => from.removeEventListener("message", onMessage);
}

/** Without locks the console's process still sees to it that a refresh token is used once. */
export async function oneTabAtATime<T>(run: () => Promise<T>): Promise<T> {
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  return locks ? await locks.request(NAME, run) : await run();
}
