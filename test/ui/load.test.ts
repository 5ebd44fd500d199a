// What the viewer costs the machine and the line, in a real pseudo terminal of 120x40. Needs a build. Bytes are promised; processor time
// is measured and printed, for it depends on the machine and on what else runs there.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn, type IPty } from "@lydell/node-pty";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ViewerOptions } from "../../source/ui/open-viewer.tsx";

const RUNNER = fileURLToPath(new URL("viewer-runner.ts", import.meta.url));
const MEASURED_MS = 2000;

let folder: string;
let terminals: IPty[];

type ViewerFlags = Pick<ViewerOptions, "ascii" | "theme" | "lowBandwidth" | "framesPerSecond">;

interface Report {
  readonly warmCpuMs?: number;
  readonly cpuMs?: number;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sta-load-"));
  terminals = [];
});

afterEach(() => {
  for (const terminal of terminals) terminal.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const reportIn = (file: string): Report => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Report) : {});

async function until(seen: () => boolean): Promise<void> {
  for (const end = performance.now() + 15_000; !seen();) {
    if (performance.now() > end) throw new Error("the viewer did not come so far");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Bytes a second and share of a core, from a second after the start on. */
async function measure(
  moving: string,
  keys: string,
  { measuredMs = MEASURED_MS, ...options }: ViewerFlags & { measuredMs?: number } = {},
): Promise<{ bytesPerSecond: number; core: number }> {
  let bytes = 0;
  const file = join(folder, `report-${terminals.length}`);
  const report = (): Report => reportIn(file);
  const args = ["--disable-warning=ExperimentalWarning", RUNNER, file, moving, JSON.stringify(options)];
  const env = { ...process.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8", NO_COLOR: "" };
  const terminal = spawn(process.execPath, args, { cols: 120, rows: 40, cwd: folder, env });
  terminals.push(terminal);
  terminal.onData((data) => {
    bytes += Buffer.byteLength(data);
  });
  await until(() => bytes > 2000);
  terminal.write(keys);
  await until(() => report().warmCpuMs !== undefined);
  const { warmCpuMs } = report();
  const warmAt = performance.now();
  // The first screens are paid off before anything moves by itself.
  const asked = bytes;
  if (moving === "all-moves") await until(() => bytes > asked);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const before = bytes;
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, measuredMs));
  const seconds = (performance.now() - begin) / 1000;
  const bytesPerSecond = (bytes - before) / seconds;
  const warmMs = performance.now() - warmAt;
  terminal.write("q");
  await until(() => report().cpuMs !== undefined);
  return { bytesPerSecond, core: (report().cpuMs! - warmCpuMs!) / warmMs };
}

test("with 40 rows moving four times a second it writes less than 20 kB a second", async () => {
  const { bytesPerSecond, core } = await measure("all-moves", "2z", { measuredMs: 4000 });
  console.log(`all moves: ${(bytesPerSecond / 1000).toFixed(1)} kB/s, ${(core * 100).toFixed(1)} % of a core`);
  expect(bytesPerSecond).toBeGreaterThan(2000);
  expect(bytesPerSecond).toBeLessThan(20_000);
});

test("with nothing moving it writes nothing", async () => {
  const { bytesPerSecond, core } = await measure("nothing-moves", "2z");
  console.log(`nothing moves: ${bytesPerSecond.toFixed(0)} B/s, ${(core * 100).toFixed(1)} % of a core`);
  expect(bytesPerSecond).toBeLessThan(1000);
});

test("over a slow link it writes less than 3 kB a second with everything moving, and no look costs more than another may", async () => {
  const looks: readonly (readonly [ViewerFlags, number])[] = [
    [{ lowBandwidth: true }, 3_000],
    [{ theme: "mono" }, 20_000],
    [{ theme: "muted" }, 20_000],
    [{ theme: "high-contrast", ascii: true }, 20_000],
    [{ framesPerSecond: 2 }, 20_000],
  ];
  const measured = looks.map(([look]) => measure("all-moves", "2z", { ...look, measuredMs: 5000 }));
  for (const [index, { bytesPerSecond }] of (await Promise.all(measured)).entries()) {
    const [look, most] = looks[index]!;
    console.log(`${JSON.stringify(look)}: ${(bytesPerSecond / 1000).toFixed(1)} kB/s`);
    expect(bytesPerSecond).toBeGreaterThan(200);
    expect(bytesPerSecond).toBeLessThan(most);
  }
}, 20_000);
