/** What the stories share: signing in, and finding what was declared by the API itself. */
import { type APIRequestContext, expect, type Page } from "@playwright/test";

export const PASSWORD = process.env.CONSOLE_PASSWORD ?? "";
export const NAME = process.env.CONSOLE_NAME ?? "admin";

/** Around Wenchuan, in degrees; the codes are those of Wenchuan and Dujiangyan. */
export const WENCHUAN = ["103.20, 31.20", "103.80, 31.20", "103.80, 30.85", "103.20, 30.85"];
export const CODES = "513221, 510181";

export async function signIn(page: Page, labels: { account: string; password: string; signIn: string }): Promise<void> {
  await page.goto("/");
  await page.getByLabel(labels.account).fill(NAME);
  await page.getByLabel(labels.password).fill(PASSWORD);
  await page.getByRole("button", { name: labels.signIn }).click();
}

export const ENGLISH = { account: "Account", password: "Password", signIn: "Sign in" };
export const CHINESE = { account: "账号", password: "密码", signIn: "登录" };

export async function token(request: APIRequestContext): Promise<string> {
  const data = { grant_type: "password", name: NAME, password: PASSWORD };
  const answer = await request.post("/identity/tokens", { data });
  expect(answer.ok()).toBe(true);
  return (await answer.json()).access_token;
}

export interface Found {
  incident_id: string;
  title_en: string | null;
  title_zh: string | null;
  exercise: boolean;
}

/** The open incidents with this title. */
export async function titled(request: APIRequestContext, title: string): Promise<Found[]> {
  const headers = { Authorization: `Bearer ${await token(request)}` };
  const answer = await request.get("/incidents?state=open&limit=200", { headers });
  const items: Found[] = (await answer.json()).items;
  return items.filter((one) => one.title_en === title || one.title_zh === title);
}

/** Declares a drill by the API, for stories about what comes after. */
export async function declared(request: APIRequestContext, title: string, more: object = {}): Promise<string> {
  const headers = { Authorization: `Bearer ${await token(request)}` };
  const data = {
    kind: "industrial-accident",
    level: "III",
    title_en: title,
    title_zh: title,
    occurred_at: new Date().toISOString(),
    place: { type: "Point", coordinates: [103.4, 31.0] },
    area_codes: CODES.split(", "),
    exercise: true,
    ...more,
  };
  const answer = await request.post("/incidents", { headers, data });
  expect(answer.status()).toBe(201);
  return (await answer.json()).incident_id;
}

/** All that is kept of an incident. */
export async function kept(request: APIRequestContext, incidentId: string): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${await token(request)}` };
  return (await request.get(`/incidents/${incidentId}`, { headers })).json();
}

/** Changes an incident by the API, as somebody else would. */
export async function change(
  request: APIRequestContext,
  incidentId: string,
  what: string,
  data: object,
): Promise<void> {
  const headers = { Authorization: `Bearer ${await token(request)}` };
  expect((await request.post(`/incidents/${incidentId}/${what}`, { headers, data })).ok()).toBe(true);
}

/** Opens an incident's page after signing in. */
export async function open(page: Page, labels: typeof ENGLISH, incidentId: string, title: string): Promise<void> {
  await signIn(page, labels);
  await expect(page.getByRole("navigation")).toBeVisible();
  await page.evaluate((id) => {
    location.hash = `/incidents/${id}`;
  }, incidentId);
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
}

export async function close(request: APIRequestContext, incidentId: string): Promise<void> {
  const headers = { Authorization: `Bearer ${await token(request)}` };
  await request.post(`/incidents/${incidentId}/close`, { headers, data: { reason: "the story has ended" } });
}

/** A title that no other story has. */
export function freshTitle(words: string): string {
  return `${words} ${Date.now()}`;
}
