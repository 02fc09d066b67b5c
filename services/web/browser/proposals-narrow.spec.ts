import { expect, test } from "@playwright/test";
import { CHINESE, freshTitle, signIn } from "./console";
import { dismiss, handIn } from "./feeds";

test.use({ locale: "zh-CN", viewport: { width: 360, height: 740 } });

test("what a source leaves out is said, and given by a person with the keyboard", async ({ page, request }) => {
  const title = freshTitle("地点不明演练");
  const proposalId = await handIn(request, { identifier: title, headline: title, areaDesc: "汶川县" });
  try {
    await signIn(page, CHINESE);
    await expect(page.getByRole("heading", { name: "事件", exact: true })).toBeVisible();
    await page.goto(`/#/proposals/${proposalId}`);
    await expect(page.getByTestId("missing")).toContainText("给出位置");
    await expect(page.getByRole("button", { name: "预览：会影响到谁" })).toBeDisabled();
    const place = page.getByRole("list", { name: "可能的地点" }).getByRole("button").first();
    await place.focus();
    await page.keyboard.press("Enter");
    await expect(page.getByTestId("missing")).toContainText("采纳所需内容齐全");
    await page.getByRole("button", { name: "预览：会影响到谁" }).focus();
    await page.keyboard.press("Enter");
    await expect(page.getByText(/可询问志愿者/)).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  } finally {
    await dismiss(request, proposalId);
  }
});
