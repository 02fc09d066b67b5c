import { expect, test } from "@playwright/test";
import { CHINESE, close, declared, freshTitle, open } from "./console";

test.use({ locale: "zh-CN", viewport: { width: 360, height: 740 } });

test("in Chinese on a narrow screen an incident is closed after a second question, and goes on as another", async ({
  page,
  request,
}) => {
  const title = freshTitle("结束");
  const incident = await declared(request, title);
  try {
    await open(page, CHINESE, incident, title);
    const actions = page.getByTestId("actions");
    await actions.getByRole("button", { name: "填写需求" }).click();
    await actions.getByLabel("队数").first().fill("7");
    await actions.getByRole("button", { name: "更新需求" }).click();
    await expect(page.getByTestId("history").getByText("需求更新")).toBeVisible();

    await actions.getByRole("button", { name: "结束事件" }).click();
    await actions.getByLabel("理由").fill("演练完成");
    await actions.getByRole("button", { name: "继续：结束" }).dblclick();
    await expect(actions.getByText("所有任务结束")).toBeVisible();
    await expect(page.locator("article > .hint").first()).toContainText("进行中");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await actions.getByRole("button", { name: "确认结束事件" }).click();
    await expect(page.locator("article > .hint").first()).toContainText("已结束");

    await actions.getByRole("button", { name: "作为另一事件继续", exact: true }).click();
    await actions.getByLabel("理由").fill("还有后续");
    await actions.getByRole("button", { name: "继续：另立事件" }).click();
    await actions.getByRole("button", { name: "确认作为另一事件继续" }).click();
    await expect(page.getByTestId("relations")).toContainText("上级事件");
    expect(page.url()).not.toContain(incident);
  } finally {
    const successor = page.url().split("/").at(-1) ?? "";
    if (successor.length === incident.length) await close(request, successor);
    await close(request, incident);
  }
});
