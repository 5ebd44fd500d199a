import { expect, test } from "vitest";
import { countText } from "../../source/protocol/count-text.ts";

test.each([
  [0, "0 peers"],
  [1, "1 peer"],
  [2, "2 peers"],
])("%i is said with its number", (count, text) => {
  expect(countText(count, "peer")).toBe(text);
});
