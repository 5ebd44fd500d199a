// The power goes while pieces are written: what is claimed is there, what was saved can be read, and no more than the last seconds are lost.
// STA_LONG=1: 30 cuts. A failure prints when the power went.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { writtenTorrent } from "../storage/crash-writer.ts";
import { diskThreads } from "../storage/fixtures.ts";
import { Ext4Disk } from "./ext4-disk.ts";

// A power cut is followed by a start of the machine.
vi.mock("../../source/storage/boot-id.ts", () => ({ readBootId: () => Promise.resolve("b".repeat(32)) }));

const WRITER = resolve(import.meta.dirname, "../storage/crash-writer.ts");

/** Milliseconds a power cut may cost. */
const LOST_MS = 5_000;

/** So long after the first piece something must have been saved. */
const LATE_MS = 6_500;

/** When the power goes, in milliseconds. */
const MOMENTS = process.env["STA_LONG"]
  ? Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? LATE_MS : Math.round(Math.random() * 4_000)))
  : [150, 1_100, Math.round(Math.random() * 2_500), LATE_MS];

function canCutPower(): boolean {
  const lifetime: (() => void)[] = [];
  try {
    const disk = new Ext4Disk("defaults", (end) => lifetime.push(end));
    disk.cut();
    disk.restore();
    return true;
  } catch (error) {
    console.warn(`SKIPPED: power cuts need root, loop devices, ext4 and python3 (${String(error).split("\n")[0]}).`);
    return false;
  } finally {
    for (const end of lifetime) end();
  }
}

/** Writes until the power goes; tells when each piece was said to be held, and the last count that was said to be saved. */
async function writeUntil(disk: Ext4Disk, cutAfterMs: number) {
  const child = spawn(process.execPath, [WRITER, disk.path, "40"], { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  const heldAtMs = new Map<number, number>();
  let saved = 0;
  const lines = createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("saved ")) saved = Number(line.slice(6));
    else heldAtMs.set(Number(line), performance.now());
  });
  if (cutAfterMs === LATE_MS) await once(lines, "line");
  await delay(cutAfterMs);
  const cutAtMs = performance.now();
  const savedBefore = saved;
  disk.cut();
  child.kill("SIGKILL");
  await exited;
  return { heldAtMs, cutAtMs, saved: savedBefore };
}

/** Resolves to how many pieces were claimed, all of them rightly. */
async function cutAndLook(options: string, moment: number, tries = 3): Promise<number> {
  const { metainfo, layout } = writtenTorrent();
  const why = `ext4 with ${options}, cut after ${moment} ms`;
  const disk = new Ext4Disk(options, onTestFinished);
  const { heldAtMs, cutAtMs, saved } = await writeUntil(disk, moment);
  disk.restore();

  const text = await readFile(join(disk.path, "saved"), "utf8").catch((error: NodeJS.ErrnoException) => error);
  // No program can make a file system fail to open its own file: what was cut here was the disk itself. That is said, and cut anew.
  if (text instanceof Error && text.code === "EIO" && tries > 1) {
    console.warn(`${why}: the file system came back broken; once more on a new disk.`);
    return cutAndLook(options, moment, tries - 1);
  }
  if (saved > 0) expect(String(text), why).toMatch(/^ *\d+\n$/);
  if (saved > 0) expect(Number(text), why).toBeGreaterThanOrEqual(saved);

  const storage = await TorrentStorage.open({
    metainfo,
    layout,
    diskThreads,
    folder: join(disk.path, "data"),
    journalFile: join(disk.path, "x.pieces"),
    acceptMissing: true,
  });
  const claimed = [...storage.held.held()];
  for (const [index, atMs] of heldAtMs) {
    if (atMs < cutAtMs - LOST_MS) expect(claimed, `${why}: piece ${index}`).toContain(index);
  }
  expect([...(await storage.check({ only: claimed })).held()], why).toEqual(claimed);
  await storage.close();
  return claimed.length;
}

test.skipIf(!canCutPower())(
  `${MOMENTS.length} power cuts, with and without the file system's own care for files that are replaced`,
  { timeout: 400_000 },
  async () => {
    const rounds = ["defaults", "noauto_da_alloc"].map(async (options) => {
      let claimed = 0;
      for (const moment of MOMENTS) claimed += await cutAndLook(options, moment);
      expect(claimed).toBeGreaterThan(0);
    });
    await Promise.all(rounds);
  },
);
