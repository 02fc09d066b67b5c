import { expect, test } from "@playwright/test";
import { CODES, close, declared, ENGLISH, freshTitle, kept, signIn, titled } from "./console";

test.use({ locale: "en-GB" });

/** As ShakeMap writes it: one level around Wenchuan, as a line. */
function contours(value: number, radius: number): { name: string; mimeType: string; buffer: Buffer } {
  const line = Array.from({ length: 13 }, (_, n) => {
    const turn = (Math.PI * (n % 12)) / 6;
    return [103.5 + radius * Math.cos(turn), 31 + radius * Math.sin(turn)];
  });
  const geometry = { type: "MultiLineString", coordinates: [line] };
  const feature = { type: "Feature", properties: { value, units: "mmi" }, geometry };
  const text = JSON.stringify({ type: "FeatureCollection", features: [feature] });
  return { name: "cont_mmi.json", mimeType: "application/json", buffer: Buffer.from(text) };
}

test("contours, observations, venues and a parent are previewed and declared", async ({ page, request }) => {
  const [title, mainShock] = [freshTitle("Aftershock"), freshTitle("Main shock")];
  const parent = await declared(request, mainShock, { kind: "earthquake" });
  try {
    await signIn(page, ENGLISH);
    await page.getByRole("navigation").getByRole("link", { name: "Declare an incident" }).click();
    await page.getByLabel("This is an exercise").check();
    await page.getByLabel("Title in English").fill(title);
    await page.getByLabel("Latitude (°)").fill("31.0");
    await page.getByLabel("Longitude (°)").fill("103.5");
    await page.getByLabel("Area codes concerned").fill(CODES);

    await page.getByText("More about the ground").click();
    const ground = page.locator("details.more-ground");
    const file = ground.getByLabel("Choose a file of contours");
    await file.setInputFiles(contours(60, 0.4));
    await expect(ground.getByText("“cont_mmi.json”, features[0].properties.value: 60 is no intensity")).toBeVisible();
    await file.setInputFiles(contours(9, 0.4));
    await expect(ground.getByText("1 contours, intensity 9 to 9")).toBeVisible();
    await expect(page.locator("path.contour")).toHaveCount(1);

    const rows = ground.getByRole("textbox", { name: "Intensity observations" });
    await rows.fill("103.9, 31.1, 8\n31.2, 103.9, VII");
    const isSwapped = ground.getByText(/row 2: .*swapped/);
    await expect(isSwapped).toBeVisible();

    await ground.getByLabel("Add by name").fill("汶川");
    await ground.getByRole("list", { name: "What it may be" }).getByRole("button").first().click();
    await ground.getByRole("button", { name: "Add by a click on the map" }).click();
    await page.locator(".map").click({ position: { x: 60, y: 200 } });
    await expect(ground.getByRole("group")).toHaveCount(2);
    const second = ground.getByRole("group", { name: "Venue 2" });
    await second.getByLabel("What it is").selectOption("hospital");
    await page.getByRole("button", { name: "Preview: whom it reaches" }).click();
    await expect(second.getByText("give at least one name")).toBeVisible();
    await expect(page.getByTestId("reach")).toHaveCount(0);
    await second.getByLabel("Name in English").fill("County hospital");
    await rows.fill("103.9, 31.1, 8\n103.9, 31.2, VII");
    await expect(isSwapped).toHaveCount(0);
    await page.getByRole("button", { name: "Preview: whom it reaches" }).click();
    await expect(page.getByTestId("reach")).toBeVisible();
    await expect(page.locator("path.zone-core")).not.toHaveCount(0);

    const choice = ground.getByRole("combobox", { name: "Part of another incident" });
    const option = choice.getByRole("option").filter({ hasText: mainShock });
    await choice.selectOption((await option.getAttribute("value")) ?? "");
    await page.getByRole("button", { name: "Declare an exercise" }).click();
    await expect(page.getByRole("heading", { name: "Declared" })).toBeVisible();
    const [found] = await titled(request, title);
    const all = await kept(request, found?.incident_id ?? "");
    expect(all).toMatchObject({
      parent_id: parent,
      intensity_contours: [{ intensity: 9 }],
      intensity_observations: [{ intensity: 8 }, { intensity: 7 }],
      venues: [{ name_zh: "汶川县" }, { kind: "hospital", name_zh: "County hospital", radius_m: 500 }],
    });
  } finally {
    for (const one of await titled(request, title)) await close(request, one.incident_id);
    await close(request, parent);
  }
});
