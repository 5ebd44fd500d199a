// What the viewer costs the machine and the line, in a real pseudo terminal of 120x40. Needs a build. Bytes are promised; processor time
// is measured and printed, for it depends on the machine and on what else runs there.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn, type IPty } from "@lydell/node-pty";
import { afterEach, beforeEach, expect, test } from "vitest";

const RUNNER = fileURLToPath(new URL("viewer-runner.ts", import.meta.url));
const MEASURED_MS = 2000;

let folder: string;
let terminal: IPty;

interface Report {
  readonly warmCpuMs?: number;
  readonly cpuMs?: number;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sta-load-"));
});

afterEach(() => {
  terminal.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const report = (): Report =>
  existsSync(join(folder, "report")) ? (JSON.parse(readFileSync(join(folder, "report"), "utf8")) as Report) : {};

async function until(seen: () => boolean): Promise<void> {
  for (const end = performance.now() + 15_000; !seen();) {
    if (performance.now() > end) throw new Error("the viewer did not come so far");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Bytes a second and share of a core, from a second after the start on. */
async function measure(moving: string, keys: string): Promise<{ bytesPerSecond: number; core: number }> {
  let bytes = 0;
  const args = ["--disable-warning=ExperimentalWarning", RUNNER, join(folder, "report"), moving];
  const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", NO_COLOR: "" };
  terminal = spawn(process.execPath, args, { cols: 120, rows: 40, cwd: folder, env });
  terminal.onData((data) => {
    bytes += Buffer.byteLength(data);
  });
  await until(() => bytes > 2000);
  terminal.write(keys);
  await until(() => report().warmCpuMs !== undefined);
  const { warmCpuMs } = report();
  const before = bytes;
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const seconds = (performance.now() - begin) / 1000;
  const bytesPerSecond = (bytes - before) / seconds;
  terminal.write("q");
  await until(() => report().cpuMs !== undefined);
  return { bytesPerSecond, core: (report().cpuMs! - warmCpuMs!) / 1000 / seconds };
}

test("with 40 rows moving four times a second it writes less than 20 kB a second", async () => {
  const { bytesPerSecond, core } = await measure("all-moves", "2z");
  console.log(`all moves: ${(bytesPerSecond / 1000).toFixed(1)} kB/s, ${(core * 100).toFixed(1)} % of a core`);
  expect(bytesPerSecond).toBeGreaterThan(2000);
  expect(bytesPerSecond).toBeLessThan(20_000);
  expect(core).toBeLessThan(0.6);
});

test("with nothing moving it writes nothing", async () => {
  const { bytesPerSecond, core } = await measure("nothing-moves", "2z");
  console.log(`nothing moves: ${bytesPerSecond.toFixed(0)} B/s, ${(core * 100).toFixed(1)} % of a core`);
  expect(bytesPerSecond).toBeLessThan(1000);
});
