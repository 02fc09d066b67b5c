import { expect, test } from "@playwright/test";
import { change, close, declared, ENGLISH, freshTitle, open } from "./console";

test.use({ locale: "en-GB" });

test("a level is raised, is told live, and what another did meanwhile is said", async ({ page, request }) => {
  const title = freshTitle("Level");
  const incident = await declared(request, title);
  try {
    await open(page, ENGLISH, incident, title);
    const actions = page.getByTestId("actions");
    await actions.getByRole("button", { name: "Level", exact: true }).click();
    await actions.getByRole("radio", { name: /^II grave/ }).check();
    await actions.getByRole("button", { name: "Raise to II" }).click();
    await expect(actions.locator('[data-pointer="/reason"] .fault')).toHaveText("say why");
    await actions.getByLabel("Reason").fill("more people are hit");
    // The request arrives; its answer does not.
    await page.route("**/level", async (route) => {
      await route.fetch();
      await route.abort("connectionreset");
    });
    await actions.getByRole("button", { name: "Raise to II" }).click();
    await expect(actions.getByText("Sending again is safe")).toBeVisible();
    await page.unroute("**/level");
    await actions.getByRole("button", { name: "Send again" }).click();
    await expect(page.getByText("Done: Level II")).toBeVisible();
    const history = page.getByTestId("history");
    await expect(history.getByText("Level raised")).toHaveCount(1);
    await expect(history.getByRole("listitem").filter({ hasText: "III → II" })).toContainText("more people are hit");

    await actions.getByRole("button", { name: "Phase" }).click();
    await change(request, incident, "level", { level: "IV", reason: "it was less" });
    await expect(actions.getByText("changed while you were here")).toBeVisible();
    await expect(actions.getByText("it was less")).toBeVisible();
    await expect(page.locator(".title-line .level")).toHaveText("IV");
  } finally {
    await close(request, incident);
  }
});

test("an area is previewed and revised, and the zones follow", async ({ page, request }) => {
  const title = freshTitle("Area");
  const incident = await declared(request, title);
  try {
    await open(page, ENGLISH, incident, title);
    await expect(page.locator("path.zone-core")).not.toHaveCount(0);
    const zones = page.getByTestId("zones");
    const before = await zones.textContent();
    const actions = page.getByTestId("actions");
    await actions.getByRole("button", { name: "Area", exact: true }).click();
    await actions.getByLabel("Reason").fill("the cloud has moved");
    await actions.getByRole("button", { name: "Revise the area" }).click();
    await expect(actions.getByText("there is nothing to revise")).toBeVisible();
    await actions.getByLabel("say it anew").check();
    await actions.getByLabel("Circle", { exact: true }).check();
    await actions.getByLabel("Radius (km)").fill("far");
    await actions.getByRole("button", { name: "Preview: whom it reaches" }).click();
    await expect(actions.locator('[data-pointer="/place/radius_m"] .fault')).toBeVisible();
    await actions.getByLabel("Radius (km)").fill("25");
    await actions.getByRole("button", { name: "Preview: whom it reaches" }).click();
    await expect(actions.getByTestId("reach")).toBeVisible();
    await actions.getByRole("button", { name: "Revise the area" }).click();
    await expect(page.getByText("Done: Revise the area")).toBeVisible();
    await expect(zones).not.toHaveText(before ?? "");
    await expect(page.getByTestId("history").getByText("reaches: 0 → 25 km")).toBeVisible();
  } finally {
    await close(request, incident);
  }
});

test("what may be the same is merged by its title, and never by a double click", async ({ page, request }) => {
  const [one, other] = [freshTitle("Merge this"), freshTitle("Merge into")];
  const into = await declared(request, other, { kind: "transport-accident" });
  const incident = await declared(request, one, { kind: "transport-accident" });
  try {
    await open(page, ENGLISH, incident, one);
    const same = page.getByTestId("same").getByRole("listitem").filter({ hasText: other });
    await same.getByRole("button", { name: "Merge into it" }).click();
    const actions = page.getByTestId("actions");
    await expect(actions.getByRole("radio", { name: other })).toBeChecked();
    await actions.getByLabel("Reason").fill("the same accident, reported twice");
    await actions.getByRole("button", { name: "Go on: merge" }).dblclick();
    await expect(actions.getByRole("heading", { name: `Merge “${one}” into “${other}”?` })).toBeVisible();
    await expect(page.locator("article > .hint").first()).toContainText("open");
    await expect(actions.getByText("Asking stops")).toBeVisible();
    await actions.getByRole("button", { name: "Yes, merge it" }).click();
    await expect(page.getByText("Done: Merged into")).toBeVisible();
    await expect(page.getByTestId("relations")).toContainText(other);
    await page.getByTestId("relations").getByRole("link", { name: other }).click();
    await expect(page.getByRole("heading", { name: other })).toBeVisible();
  } finally {
    await close(request, incident);
    await close(request, into);
  }
});

test("two that are different are no longer asked about", async ({ page, request }) => {
  const [one, other] = [freshTitle("This one"), freshTitle("Another one")];
  const second = await declared(request, other, { kind: "public-security" });
  const incident = await declared(request, one, { kind: "public-security" });
  try {
    await open(page, ENGLISH, incident, one);
    const same = page.getByTestId("same").getByRole("listitem").filter({ hasText: other });
    await same.getByRole("button", { name: "These are different" }).click();
    await same.getByLabel("Reason").fill("two streets, two crowds");
    await same.getByRole("button", { name: "Yes, they are different" }).click();
    await expect(page.getByTestId("history").getByText("Different from")).toBeVisible();
    await expect(page.getByTestId("same").getByText(other)).toHaveCount(0);
  } finally {
    await close(request, incident);
    await close(request, second);
  }
});

test("a change that came too late is refused, and says what another changed", async ({ page, request }) => {
  const title = freshTitle("Too late");
  const incident = await declared(request, title);
  // What others change is not heard of.
  await page.route("**/streams/**", (route) => route.abort());
  try {
    await open(page, ENGLISH, incident, title);
    const actions = page.getByTestId("actions");
    await actions.getByRole("button", { name: "Close", exact: true }).click();
    await actions.getByLabel("Reason").fill("it is over");
    await change(request, incident, "close", { reason: "somebody else was first" });
    await actions.getByRole("button", { name: "Go on: close" }).click();
    await actions.getByRole("button", { name: "Yes, close the incident" }).click();
    await expect(actions.getByText("no longer is as it was shown")).toBeVisible();
    await expect(actions.getByText("somebody else was first")).toBeVisible();
    await expect(page.locator("article > .hint").first()).toContainText("closed");
    await expect(actions.getByRole("button", { name: "Go on: close" })).toBeDisabled();
  } finally {
    await close(request, incident);
  }
});
