// Many engines on one state folder: exactly one has it, the others say whose it is; nothing that was left behind needs a hand.
// STA_LONG=1: 20 rounds of 50 starts.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Lab } from "../helpers/processes.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

const OWNER = resolve(import.meta.dirname, "../storage/lock-owner.ts");
const [ROUNDS, STARTS] = process.env["STA_LONG"] ? [20, 50] : [2, 12];

interface Started {
  readonly child: ChildProcess;
  /** `owned`, or `in use by PID`. */
  readonly said: string;
}

/** In a container of its own with `elsewhere`: process ids count from 1 there. */
async function start(folder: string, elsewhere = false): Promise<Started> {
  const command = [process.execPath, OWNER, folder];
  const args = elsewhere ? ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", ...command] : command;
  const child = spawn(args[0]!, args.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return { child, said: said.trim() };
}

async function kill({ child }: Started): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function canUnshare(): boolean {
  try {
    execFileSync("unshare", ["--pid", "--fork", "--mount-proc", "true"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("SKIPPED: the test of two containers needs root and unshare.");
    return false;
  }
}

describe("a state folder", () => {
  test(
    `has one owner of ${STARTS} processes that start at once, and is free when it is killed`,
    { timeout: 300_000 },
    async () => {
      const folder = await temporaryFolder();
      for (let round = 0; round < ROUNDS; round++) {
        const started = await Promise.all(Array.from({ length: STARTS }, () => start(folder)));
        const owners = started.filter(({ said }) => said === "owned");
        expect(owners).toHaveLength(1);
        const owner = owners[0]!;
        for (const { said } of started) expect(["owned", `in use by ${owner.child.pid}`]).toContain(said);
        for (const one of started) await kill(one);
      }
    },
  );

  test.skipIf(!canUnshare())(
    "has one owner among containers that share it, also while that one is frozen",
    async () => {
      const folder = await temporaryFolder();
      const [one, other] = await Promise.all([start(folder, true), start(folder, true)]);
      expect([one.said, other.said].toSorted()).toEqual(["in use by 1", "owned"]);
      const owner = one.said === "owned" ? one : other;
      expect((await start(folder)).said).toBe("in use by 1");
      // Its own process, the child of `unshare`.
      const inner = Number(execFileSync("pgrep", ["-P", String(owner.child.pid)], { encoding: "utf8" }));
      process.kill(inner, "SIGSTOP");
      expect((await start(folder)).said).toBe("in use by 1");
      expect((await start(folder, true)).said).toBe("in use by 1");
      process.kill(inner, "SIGKILL");
      if (owner.child.exitCode === null && owner.child.signalCode === null) await once(owner.child, "exit");
      const next = await start(folder);
      expect(next.said).toBe("owned");
      expect((await start(folder, true)).said).toBe(`in use by ${next.child.pid}`);
    },
  );

  test("of a running engine: a second one says whose it is and exits 3", async () => {
    const lab = await Lab.open((close) => onTestFinished(close));
    const { running } = await lab.daemon("home");
    const second = lab.sta("home", ["daemon", "--port", "0", "--host", "127.0.0.1", "--dir", join(lab.folder, "x")]);
    expect(await second.end()).toMatchObject({ code: 3 });
    expect(second.stdout + second.stderr).toContain(`process ${running.pid}`);
  });
});
