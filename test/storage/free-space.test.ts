import { join } from "node:path";
import { expect, test } from "vitest";
import { freeBytes, FreeSpace } from "../../source/storage/free-space.ts";
import { temporaryFolder } from "./fixtures.ts";

test("free bytes are told of a folder that is not there yet", async () => {
  const folder = await temporaryFolder();
  expect(await freeBytes(join(folder, "a", "b"))).toBeGreaterThan(0);
});

test("what does not fit is refused in one sentence with both numbers", async () => {
  const space = new FreeSpace(await temporaryFolder(), 0);
  await space.require(1_000);
  await expect(space.require(5e18)).rejects.toMatchObject({
    code: "disk-full",
    message: expect.stringMatching(/^It needs 5000 PB more, and the disk of .* has .*B free: free some space/),
  });
});

test("nothing is written into what is kept free", async () => {
  const space = new FreeSpace(await temporaryFolder(), Number.MAX_SAFE_INTEGER);
  await expect(space.take(1, 0)).rejects.toMatchObject({
    code: "disk-full",
    message: expect.stringContaining("left to others"),
  });
  // What is there already needs no room.
  await space.require(0);
});
