import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { utf8 } from "../../source/protocol/bencode.ts";
import { atomicWrite } from "../../source/storage/atomic-write.ts";
import { freeBytes } from "../../source/storage/free-space.ts";
import { temporaryFolder } from "./fixtures.ts";

test("a file is replaced as a whole, for its user alone, and nothing is left beside it", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "x");
  await writeFile(path, "old and longer");
  await chmod(path, 0o644);
  await Promise.all([atomicWrite(path, utf8("new")), atomicWrite(path, utf8("new"))]);
  expect(await readFile(path, "utf8")).toBe("new");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["x"]);
});

test("a failure leaves what was there and nothing beside it", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "x", "inside"), { recursive: true });
  await expect(atomicWrite(join(folder, "x"), utf8("new"))).rejects.toMatchObject({ code: "EISDIR" });
  await expect(atomicWrite(join(folder, "gone", "x"), utf8("new"))).rejects.toMatchObject({ code: "ENOENT" });
  expect(await readdir(folder)).toEqual(["x"]);
});

test("free space is told of a folder that is still to be made", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "file"), "");
  expect(await freeBytes(join(folder, "not", "yet"))).toBeGreaterThan(0);
  expect(await freeBytes(join(folder, "file", "x"))).toBeGreaterThan(0);
});
