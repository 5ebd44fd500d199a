import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readBootId } from "../../source/storage/boot-id.ts";
import { StateFolder, stateHome } from "../../source/storage/state-folder.ts";
import { temporaryFolder } from "./fixtures.ts";

const OTHER_PROCESS = join(import.meta.dirname, "lock-owner.ts");

/** A process of its own that takes the lock and keeps it; resolves to its pid and what it said. */
async function otherOwner(folder: string): Promise<{ pid: number; said: string; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [OTHER_PROCESS, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return { pid: child.pid!, said: said.trim(), kill };
}

describe("stateHome", () => {
  test.each([
    [{ STA_HOME: "/x/y" }, "/x/y"],
    [{ STA_HOME: "/x", XDG_STATE_HOME: "/z" }, "/x"],
    [{ XDG_STATE_HOME: "/z" }, "/z/sta"],
    [{ XDG_STATE_HOME: "relative" }, "/home/me/.local/state/sta"],
    [{ STA_HOME: "" }, "/home/me/.local/state/sta"],
    [{}, "/home/me/.local/state/sta"],
  ])("of %j is %s", (environment, expected) => {
    expect(stateHome(environment, "/home/me")).toBe(expected);
  });
});

describe("StateFolder", () => {
  test("is for its user alone, whatever the umask and whatever it was before", async () => {
    const folder = join(await temporaryFolder(), "a", "state");
    await mkdir(folder, { recursive: true, mode: 0o777 });
    const state = await StateFolder.open(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(join(folder, "lock"))) {
      expect((await stat(join(folder, "lock", file))).mode & 0o077).toBe(0);
    }
    await state.close();
    expect(await readdir(join(folder, "lock"))).toEqual([]);
  });

  test("has one owner, and tells the second one whose it is", async () => {
    const folder = await temporaryFolder();
    const state = await StateFolder.open(folder);
    await expect(StateFolder.open(folder)).rejects.toMatchObject({
      name: "StorageError",
      code: "in-use",
      pid: process.pid,
    });
    await state.close();
    await (await StateFolder.open(folder)).close();
  });

  test("has one owner of 40 that start at once, again and again", async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => StateFolder.open(folder)));
      const owners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      expect(owners.length).toBe(1);
      for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason.code).toBe("in-use");
      await owners[0]!.close();
    }
  });

  test("is free again when the process that owned it was killed", async () => {
    const folder = await temporaryFolder();
    const owner = await otherOwner(folder);
    expect(owner.said).toBe("owned");
    await expect(StateFolder.open(folder)).rejects.toMatchObject({ code: "in-use", pid: owner.pid });
    await owner.kill();
    const state = await StateFolder.open(folder);
    expect((await readdir(join(folder, "lock"))).length).toBe(3);
    await state.close();
  });

  test("is not held by stale locks of any kind, and never by a file that is none", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "lock"));
    const boot = await readBootId();
    const namespace = /\d+/.exec(await readlink("/proc/self/ns/pid"))![0];
    const stale = [
      // The process id is used again, by a process that began later.
      `claim.${boot}.${namespace}.${process.pid}.1.00`,
      `owner.${boot}.${namespace}.${process.pid}.1.00`,
      `alive.${boot}.${namespace}.${process.pid}.1.00`,
      `claim.${boot}.${namespace}.4194999.5.00`,
      // The machine started anew since.
      `claim.${"0".repeat(32)}.${namespace}.${process.pid}.1.00`,
      `claim.${"0".repeat(32)}.7.1.0.00`,
      // Of a container that is gone, with and without the socket that nobody listens on.
      `claim.${boot}.7.1.5.00`,
      `owner.${boot}.7.1.5.00`,
      `claim.${boot}.8.1.5.00`,
      `alive.${boot}.8.1.5.00`,
    ];
    for (const name of [...stale, "claim.", "lock", "claim.x.y.z"]) await writeFile(join(folder, "lock", name), "");
    const state = await StateFolder.open(folder);
    expect((await readdir(join(folder, "lock"))).filter((name) => stale.includes(name))).toEqual([]);
    await state.close();
  });

  test("says that it cannot be made where a file stands", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    await expect(StateFolder.open(join(folder, "file", "state"))).rejects.toMatchObject({ name: "StorageError" });
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    await expect(StateFolder.open(join(folder, "dangling"))).rejects.toMatchObject({ name: "StorageError" });
  });

  test("is made with the folders above it", async () => {
    const folder = join(await temporaryFolder(), "a", "b", "c");
    await (await StateFolder.open(folder)).close();
    expect((await stat(join(folder, "..", ".."))).mode & 0o777).toBe(0o700);
  });

  test("is no link, wherever it leads", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "there"));
    await symlink(join(folder, "there"), join(folder, "link"));
    const error: unknown = await StateFolder.open(join(folder, "link")).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: "StorageError", code: "link" });
    expect(String(error)).toContain(`${join(folder, "link")} is a link`);
    expect(await readdir(join(folder, "there"))).toEqual([]);
  });

  test.each(["/dev/null", "/dev/null/state", "/proc/nowhere", "/proc/nowhere/state"])(
    "is not to be had at %s",
    async (path) => {
      const error: unknown = await StateFolder.open(path).catch((failure: unknown) => failure);
      expect(error).toMatchObject({ name: "StorageError" });
      expect(String(error)).toMatch(/STA_HOME|permissions/);
    },
  );
});
