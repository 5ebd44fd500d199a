import { expect, test } from "vitest";
import { StorageError, toStorageError } from "../../source/storage/errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong, open '/x'`), { code });
}

test.each([
  ["ENOSPC", "disk-full"],
  ["EDQUOT", "disk-full"],
  ["EACCES", "not-writable"],
  ["EROFS", "not-writable"],
  ["ENOENT", "missing"],
  ["ENOTDIR", "missing"],
  ["ELOOP", "link"],
  ["EISDIR", "in-the-way"],
  ["EMFILE", "too-many-files"],
  ["EIO", "io"],
  ["EFBIG", "io"],
])("%s becomes %s, with a sentence that names the file and what to do", (code, expected) => {
  const cause = systemError(code);
  const error = toStorageError(cause, "/x/y");
  expect(error).toMatchObject({ name: "StorageError", code: expected, path: "/x/y", cause });
  expect(error.message).toMatch(/\/x\/y .*\.$/);
  if (expected === "io") expect(error.message).toContain(code);
});

test("a StorageError stays what it is", () => {
  const error = new StorageError("truncated", "/a", "short.");
  expect(toStorageError(error, "/b")).toBe(error);
});

test("our own mistakes are thrown on", () => {
  for (const mistake of [
    new RangeError("no piece"),
    new TypeError("x"),
    systemError("ERR_INVALID_ARG_TYPE"),
    "text",
    undefined,
  ]) {
    let thrown: unknown = "nothing";
    try {
      toStorageError(mistake, "/x");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(mistake);
  }
});
