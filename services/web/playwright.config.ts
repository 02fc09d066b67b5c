import { defineConfig } from "@playwright/test";

// Stories in a real browser against a running instance. tests/scenario/test_console.py starts both; by hand:
//   CONSOLE_URL=http://127.0.0.1:8099 CONSOLE_PASSWORD=... CHROMIUM=/usr/bin/chromium npm run browser
export default defineConfig({
  testDir: "browser",
  timeout: 40_000,
  expect: { timeout: 15_000 },
  workers: 1,
  retries: 0,
  forbidOnly: true,
  use: {
    baseURL: process.env.CONSOLE_URL ?? "http://127.0.0.1:8099",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
