import { expect, type Page, test } from "@playwright/test";
import { CODES, close, ENGLISH, freshTitle, signIn, titled } from "./console";
import { type Alert, handIn } from "./feeds";

const POLYGON = "31.20,103.20 31.20,103.80 30.85,103.80 30.85,103.20 31.20,103.20";
const WIDER = "31.40,103.00 31.40,103.90 30.75,103.90 30.75,103.00 31.40,103.00";

const row = (page: Page, title: string) => page.getByRole("listitem").filter({ hasText: title });

test.use({ locale: "en-GB" });

test("a proposal appears live, is previewed and accepted, and is an incident", async ({ page, request }) => {
  const title = freshTitle("Flood drill");
  const first: Alert = { identifier: title, headline: title, polygon: POLYGON };
  await signIn(page, ENGLISH);
  await page.getByRole("navigation").getByRole("link", { name: "Proposals" }).click();
  await expect(page.getByText("live", { exact: true })).toBeVisible();
  await expect(page.getByText("Reading …")).toHaveCount(0);
  await handIn(request, first);
  await expect(row(page, title).getByText("new", { exact: true })).toBeVisible();
  await expect(row(page, title).getByText("EXERCISE", { exact: true })).toBeVisible();
  await row(page, title).getByRole("link").click();

  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.getByText("This is an exercise: accepting it declares a drill")).toBeVisible();
  await expect(page.locator("path.place")).not.toHaveCount(0);
  await page.getByRole("button", { name: "Preview: whom it reaches" }).click();
  await expect(page.getByTestId("reach").getByText(/volunteers could be asked/)).toBeVisible();
  await expect(page.locator("path.zone-core")).not.toHaveCount(0);
  expect(await titled(request, title)).toHaveLength(0);

  // The source says more while it is being read: what is accepted is what was seen.
  const accept = page.getByRole("button", { name: "Accept and declare an exercise" });
  await expect(accept).toBeEnabled();
  await handIn(request, { ...first, identifier: `${title} again`, updates: first, later: 5, polygon: WIDER });
  await expect(page.getByRole("alert")).toContainText("It has changed while you looked");
  await expect(page.getByRole("heading", { name: "Messages (2)" })).toBeVisible();
  await expect(page.getByText("The form has changed: preview again.")).toBeVisible();
  await expect(accept).toBeDisabled();
  await page.getByRole("button", { name: "I have seen the change" }).click();

  await page.getByLabel("Area codes concerned").fill("51322");
  await accept.click();
  await expect(page.locator('[data-pointer="/area_codes"] .fault').first()).toBeVisible();
  await page.getByLabel("Area codes concerned").fill(CODES);
  // The request arrives; its answer does not.
  await page.route("**/accept", async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  });
  await accept.click();
  await expect(page.getByText("Accepting again is safe")).toBeVisible();
  await expect(page.getByText("It was accepted.")).toBeVisible();
  await page.unroute("**/accept");
  await page.getByRole("button", { name: "Accept again" }).dblclick();
  await expect(page.getByRole("heading", { name: "Declared" })).toBeVisible();
  const found = await titled(request, title);
  try {
    expect(found.map((one) => one.exercise)).toEqual([true]);
    await page.getByRole("link", { name: "Open the incident" }).click();
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
  } finally {
    for (const one of found) await close(request, one.incident_id);
  }
});

test("one is dismissed with its reason, and added to an open incident after all", async ({ page, request }) => {
  const [host, guest] = [freshTitle("Host drill"), freshTitle("Guest drill")];
  const hostId = await handIn(request, { identifier: host, headline: host, polygon: POLYGON });
  const guestId = await handIn(request, { identifier: guest, headline: guest, polygon: WIDER });
  await signIn(page, ENGLISH);
  await expect(page.getByRole("heading", { name: "Incidents", exact: true })).toBeVisible();
  await page.goto(`/#/proposals/${hostId}`);
  await page.getByLabel("Area codes concerned").fill(CODES);
  await page.getByRole("button", { name: "Accept and declare an exercise" }).click();
  await expect(page.getByRole("heading", { name: "Declared" })).toBeVisible();
  const found = await titled(request, host);
  try {
    await page.goto(`/#/proposals/${guestId}`);
    await page.getByLabel("Why nothing is declared").fill("an echo of the same flood");
    await page.getByRole("button", { name: "Dismiss this proposal" }).click();
    await expect(page.getByText("an echo of the same flood. It can still be accepted.")).toBeVisible();
    await page.getByRole("link", { name: "Back to all proposals" }).click();
    await expect(page.getByRole("heading", { name: "Proposals" })).toBeVisible();
    await page.getByLabel("Which proposals").selectOption("dismissed");
    await expect(row(page, guest)).toContainText("an echo of the same flood");
    await row(page, guest).getByRole("link").click();

    await page.getByLabel("Add to an open incident").check();
    const add = page.getByRole("button", { name: "Add to this incident" });
    await expect(page.getByTestId("missing")).toContainText("choose the incident");
    await expect(add).toBeDisabled();
    const option = page.getByRole("option").filter({ hasText: host });
    await page.getByLabel("Which incident").selectOption((await option.getAttribute("value")) ?? "");
    await add.click();
    await expect(page.getByRole("heading", { name: "Added to the incident" })).toBeVisible();
    await page.getByRole("link", { name: "Open the incident" }).click();
    await expect(page.getByRole("heading", { name: host })).toBeVisible();
    expect(await titled(request, guest)).toHaveLength(0);
  } finally {
    for (const one of found) await close(request, one.incident_id);
  }
});
