import { defineConfig } from "vitest/config";

// Files are named by their content, so that browsers may keep them for ever. Nothing is inlined: the page's
// Content-Security-Policy lets no inline script, style or font run.
export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, emptyOutDir: true },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: {
    host: "127.0.0.1",
    proxy: {
      "^/(session|identity|registry|incidents|geofencing|alerts|dispatch|care|followup|coverage|streams)(/|\\?|$)":
        "http://127.0.0.1:8099",
    },
  },
  test: { include: ["src/**/*.test.ts"] },
});
