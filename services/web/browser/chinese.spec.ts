import { expect, test } from "@playwright/test";
import { CHINESE, CODES, close, freshTitle, signIn, titled } from "./console";

test.use({ locale: "zh-CN", viewport: { width: 360, height: 740 } });

test("a drill in Chinese on a narrow screen, by the name of the place", async ({ page, request }) => {
  const title = freshTitle("汶川演练");
  await signIn(page, CHINESE);
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await page.getByRole("navigation").getByRole("link", { name: "宣告事件" }).click();
  await page.getByLabel("这是演练").check();
  await page.getByLabel("中文名称").fill(title);
  await page.getByLabel("地名", { exact: true }).check();
  await page.getByLabel("地名或地址").fill("汶川");
  await page.getByRole("list", { name: "可能的地点" }).getByRole("button").first().click();
  await page.getByRole("button", { name: "预览：会影响到谁" }).click();
  await expect(page.getByText(/可询问志愿者/)).toBeVisible();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(360);
  await page.getByLabel("涉及的区划代码").fill(CODES);
  await page.getByRole("button", { name: "宣告演练" }).click();
  await expect(page.getByRole("heading", { name: "已宣告" })).toBeVisible();
  const found = await titled(request, title);
  try {
    expect(found.map((one) => one.exercise)).toEqual([true]);
    await page.getByRole("navigation").getByRole("link", { name: "事件", exact: true }).click();
    await expect(
      page.getByRole("listitem").filter({ hasText: title }).getByText("演练", { exact: true }),
    ).toBeVisible();
  } finally {
    for (const one of found) await close(request, one.incident_id);
  }
});

test("a wrong password is told in the language chosen", async ({ page }) => {
  await page.goto("/");
  await page.getByLabel(CHINESE.account).fill("admin");
  await page.getByLabel(CHINESE.password).fill("wrong");
  await page.getByRole("button", { name: CHINESE.signIn }).click();
  await expect(page.getByRole("alert")).toHaveText("账号或密码不正确。");
  await page.getByRole("button", { name: "English" }).click();
  await expect(page.getByRole("alert")).toHaveText("Account or password is wrong.");
});
