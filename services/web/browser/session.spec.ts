import { expect, type Page, test } from "@playwright/test";
import { ENGLISH, signIn } from "./console";

test.use({ locale: "en-GB" });

/** Everything that a script of the page could read of what the browser keeps. */
async function readable(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const caches_ = await caches.keys();
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, databases, caches_, name]);
  });
}

const incidents = (page: Page) => page.getByRole("heading", { name: "Incidents", exact: true });
const account = (page: Page) => page.getByLabel(ENGLISH.account);

test("a reload stays signed in, and no script can read what it goes on with", async ({ page, context }) => {
  await signIn(page, ENGLISH);
  await expect(incidents(page)).toBeVisible();
  expect(await readable(page)).toBe('[{},{},"",[],[],""]');
  const [cookie, ...others] = await context.cookies(new URL("/session", page.url()).href);
  expect(others).toHaveLength(0);
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/session", expires: -1 });
  await page.reload();
  await expect(incidents(page)).toBeVisible();
  await Promise.all([page.reload(), page.reload().catch(() => undefined)]);
  await expect(incidents(page)).toBeVisible();
  expect(await readable(page)).toBe('[{},{},"",[],[],""]');
});

test("two tabs that reload at the same moment both stay signed in, again and again", async ({ page, context }) => {
  await signIn(page, ENGLISH);
  await expect(incidents(page)).toBeVisible();
  const other = await context.newPage();
  await other.goto("/");
  await expect(incidents(other)).toBeVisible();
  for (let time = 0; time < 4; time += 1) {
    await Promise.all([page.reload(), other.reload()]);
    await expect(incidents(page)).toBeVisible();
    await expect(incidents(other)).toBeVisible();
  }
});

test("signing out ends the other tabs too, and a reload then asks to sign in", async ({ page, context, request }) => {
  await signIn(page, ENGLISH);
  await expect(incidents(page)).toBeVisible();
  const [cookie] = await context.cookies(new URL("/session", page.url()).href);
  const other = await context.newPage();
  await other.goto("/");
  await expect(incidents(other)).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(account(page)).toBeVisible();
  await expect(account(other)).toBeVisible();
  await expect(other.getByText("Your sign-in has ended")).toBeVisible();
  await expect.poll(async () => context.cookies(new URL("/session", page.url()).href)).toEqual([]);
  await page.reload();
  await expect(account(page)).toBeVisible();
  const data = { grant_type: "refresh_token", refresh_token: cookie?.value ?? "" };
  expect((await request.post("/identity/tokens", { data })).status()).toBe(401);

  await signIn(page, ENGLISH);
  await expect(incidents(page)).toBeVisible();
  await expect(incidents(other)).toBeVisible();
});

test("a service that is silent does not sign anybody out", async ({ page }) => {
  await signIn(page, ENGLISH);
  await expect(incidents(page)).toBeVisible();
  await page.route("**/session/refresh", (route) => route.abort("connectionreset"));
  await page.reload();
  await expect(page.getByRole("alert")).toContainText("does not answer");
  await page.unroute("**/session/refresh");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(incidents(page)).toBeVisible();
});
