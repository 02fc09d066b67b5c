import { expect, it } from "vitest";
import { keyed } from "./keyed";

it("keeps the key while the content is the same, and changes it with the content", () => {
  let made = 0;
  const key = keyed(() => `key-${++made}`);
  expect(key.keyFor({ level: "I" })).toBe("key-1");
  expect(key.keyFor({ level: "I" })).toBe("key-1");
  expect(key.keyFor({ level: "II" })).toBe("key-2");
  expect(key.keyFor({ level: "I" })).toBe("key-3");
});
