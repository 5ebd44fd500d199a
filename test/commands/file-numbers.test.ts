import { expect, test } from "vitest";
import { parseFileNumbers } from "../../source/commands/file-numbers.ts";
import { UsageError } from "../../source/commands/usage-error.ts";

test.for([
  ["0", [0]],
  ["7,3", [7, 3]],
  ["0,3-5", [0, 3, 4, 5]],
  [" 1 , 2-2 ", [1, 2]],
  ["1-3,2-4", [1, 2, 3, 4]],
  ["499999", [499_999]],
] as const)("%j are the files %j", ([text, numbers]) => {
  expect([...parseFileNumbers(text, "--files")]).toEqual(numbers);
});

test.for(["", ",", "a", "-1", "3-1", "1-", "1,,2", "1.5", "500000", "0-500000", "1 2"])("%j are no files", (text) => {
  expect(() => parseFileNumbers(text, "--files")).toThrow(UsageError);
});
