import { expect, test } from "@playwright/test";
import { CODES, close, ENGLISH, freshTitle, signIn, titled, WENCHUAN } from "./console";

test.use({ locale: "en-GB" });

test("a polygon is previewed and declared, and a double click declares once", async ({ page, request }) => {
  const title = freshTitle("Wenchuan earthquake");
  await signIn(page, ENGLISH);
  await expect(page.getByText("● live").or(page.getByText("live", { exact: true }))).toBeVisible();
  await page.getByRole("navigation").getByRole("link", { name: "Declare an incident" }).click();
  await page.getByLabel("Title in English").fill(title);
  await page.getByText("grave", { exact: true }).click();
  await page.getByLabel("Magnitude").fill("8.0");
  await page.getByLabel("Polygon").check();
  await page.getByLabel("Corners").fill(WENCHUAN.join("\n"));
  await page.getByLabel("Area codes concerned").fill(CODES);

  await page.getByRole("button", { name: "Preview: whom it reaches" }).click();
  const reach = page.getByTestId("reach");
  await expect(reach.getByText(/volunteers could be asked/)).toBeVisible();
  await expect(page.locator("path.zone-core")).not.toHaveCount(0);
  expect(await titled(request, title)).toHaveLength(0);

  await page.getByRole("button", { name: "Declare a real incident" }).dblclick();
  await expect(page.getByRole("heading", { name: "Declared" })).toBeVisible();
  const found = await titled(request, title);
  try {
    expect(found).toHaveLength(1);
    expect(found[0]?.exercise).toBe(false);
    await page.getByRole("link", { name: "Open the incident" }).click();
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
    await expect(page.locator("path.zone-core")).not.toHaveCount(0);
    await expect(page.getByTestId("board")).toBeVisible();
  } finally {
    for (const one of found) await close(request, one.incident_id);
  }
});

test("after an answer that was lost, declaring again declares once", async ({ page, request }) => {
  const title = freshTitle("Lost answer");
  await signIn(page, ENGLISH);
  await page.getByRole("navigation").getByRole("link", { name: "Declare an incident" }).click();
  await page.getByLabel("This is an exercise").check();
  await page.getByLabel("Title in English").fill(title);
  await page.getByLabel("Latitude (°)").fill("31.0");
  await page.getByLabel("Longitude (°)").fill("103.4");
  await page.getByLabel("Area codes concerned").fill(CODES);
  // The request arrives; its answer does not.
  await page.route("**/incidents", async (route) => {
    await route.fetch();
    await route.abort("connectionreset");
  });
  await page.getByRole("button", { name: "Declare an exercise" }).click();
  await expect(page.getByText("Declaring again is safe")).toBeVisible();
  await page.unroute("**/incidents");
  await page.getByRole("button", { name: "Declare again" }).click();
  await expect(page.getByRole("heading", { name: "Declared" })).toBeVisible();
  const found = await titled(request, title);
  for (const one of found) await close(request, one.incident_id);
  expect(found).toHaveLength(1);
  expect(found[0]?.exercise).toBe(true);
});

test("what is wrong is said beside its field, and nothing is declared", async ({ page, request }) => {
  const title = freshTitle("Swapped");
  await signIn(page, ENGLISH);
  await page.getByRole("navigation").getByRole("link", { name: "Declare an incident" }).click();
  await page.getByLabel("Title in English").fill(title);
  const latitude = page.getByLabel("Latitude (°)");
  await latitude.fill("103.4");
  await page.getByLabel("Longitude (°)").fill("31.0");
  await page.getByLabel("Area codes concerned").fill("51322");
  await page.getByRole("button", { name: "Declare a real incident" }).click();
  const codes = page.locator('[data-pointer="/area_codes"]');
  await expect(codes.locator(".fault")).toBeVisible();
  await expect(page.getByLabel("Area codes concerned")).toHaveAttribute("aria-invalid", "true");

  await page.getByLabel("Area codes concerned").fill(CODES);
  await page.getByRole("button", { name: "Declare a real incident" }).click();
  await expect(page.locator('[data-pointer="/place/lat_deg"] .fault')).toContainText("swapped");
  await expect(codes.locator(".fault")).toHaveCount(0);
  await page.getByRole("alert").getByRole("button", { name: "Latitude" }).click();
  await expect(latitude).toBeFocused();
  expect(await titled(request, title)).toHaveLength(0);
});
