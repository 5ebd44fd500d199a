import { execFileSync } from "node:child_process";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SafeFolder } from "../../source/storage/safe-open.ts";
import { temporaryFolder } from "./fixtures.ts";

async function folder() {
  const root = await temporaryFolder();
  const safe = new SafeFolder(join(root, "in"));
  await safe.enter({ create: true });
  return { root, safe };
}

describe("SafeFolder", () => {
  test.each([[[]], [[".."]], [["a", "..", "b"]], [["/etc/passwd"]], [["a/b"]], [["."]], [[""]], [["a", ""]]])(
    "refuses the components %j as a mistake of ours",
    async (components) => {
      const { safe } = await folder();
      expect(() => safe.resolve(components)).toThrow(RangeError);
      await expect(safe.open(components, "write")).rejects.toThrow(RangeError);
    },
  );

  test("may itself be reached through a link, and be the root", async () => {
    const { root, safe } = await folder();
    await symlink(safe.path, join(root, "link"));
    const linked = new SafeFolder(join(root, "link"));
    await linked.enter({ create: true });
    await (await linked.open(["a"], "write")).close();
    expect(await readdir(safe.path)).toEqual(["a"]);
    expect(new SafeFolder("/").resolve(["etc"])).toBe("/etc");
  });

  test("is not to be had where the system takes no folder", async () => {
    await expect(new SafeFolder("/proc/nowhere/in").enter({ create: true })).rejects.toMatchObject({
      name: "StorageError",
    });
  });

  test("is made only when it may be", async () => {
    const { root } = await folder();
    await expect(new SafeFolder(join(root, "new")).enter({ create: false })).rejects.toMatchObject({ code: "missing" });
    expect(await readdir(root)).toEqual(["in"]);
  });

  test("opens for reading what is there, and creates nothing", async () => {
    const { safe } = await folder();
    await expect(safe.open(["d", "a"], "read")).rejects.toMatchObject({ code: "missing" });
    expect(await readdir(safe.path)).toEqual([]);
    expect(await safe.stat(["d", "a"])).toBeUndefined();
  });

  test("follows a link nowhere: not as a file, not as a folder, not dangling, not in a circle", async () => {
    const { root, safe } = await folder();
    await mkdir(join(root, "out"));
    await writeFile(join(root, "out", "secret"), "");
    await symlink(join(root, "out", "secret"), join(safe.path, "file"));
    await symlink(join(root, "out"), join(safe.path, "dir"));
    await symlink(join(root, "out", "new"), join(safe.path, "dangling"));
    await symlink("circle", join(safe.path, "circle"));
    for (const path of [["file"], ["dir", "secret"], ["dangling"], ["dangling", "x"], ["circle"], ["circle", "x"]]) {
      await expect(safe.open(path, "write")).rejects.toMatchObject({ code: "link" });
      await expect(safe.open(path, "read")).rejects.toMatchObject({ code: "link" });
      expect(await safe.stat(path)).toBeUndefined();
    }
    await safe.remove([["file"], ["dir", "secret"], ["dangling"]]);
    expect(await readdir(join(root, "out"))).toEqual(["secret"]);
  });

  test("does not wait for a pipe, and takes no folder for a file", async () => {
    const { safe } = await folder();
    execFileSync("mkfifo", [join(safe.path, "pipe")]);
    await mkdir(join(safe.path, "dir"));
    await expect(safe.open(["pipe"], "read")).rejects.toMatchObject({ code: "io" });
    await expect(safe.open(["dir"], "read")).rejects.toMatchObject({ code: "io" });
    await expect(safe.open(["dir"], "write")).rejects.toMatchObject({ code: "in-the-way" });
    expect(await safe.stat(["pipe"])).toBeUndefined();
  });

  test("says when a file stands where a folder should", async () => {
    const { safe } = await folder();
    await writeFile(join(safe.path, "a"), "");
    const path = join(safe.path, "a");
    await expect(safe.open(["a", "b"], "write")).rejects.toMatchObject({ code: "in-the-way", path });
    await expect(safe.open(["a", "b"], "read")).rejects.toMatchObject({ code: "missing" });
  });
});
