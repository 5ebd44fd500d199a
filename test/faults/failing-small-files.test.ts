// Every disk operation fails once while small files are written, synced and read, in every way: it is done all the same, or what is wrong is
// said.
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { readFiles, syncFiles, writeFiles, type WriteJob } from "../../source/storage/small-files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { DiskUser, FAULTS } from "./faulty-disk.ts";

vi.mock("node:fs", async (importOriginal) => {
  const { wrappedSync } = await import("./faulty-disk.ts");
  return wrappedSync(await importOriginal());
});

if (existsSync("/dev/shm")) process.env["TMPDIR"] = "/dev/shm";

const BYTES = new Uint8Array(30).map((_, i) => i);
const NAMES = [["a"], ["sub", "b"], ["sub", "c"]];

async function jobIn(path: string): Promise<WriteJob> {
  const { dev, ino } = await stat(path);
  const parts = NAMES.map((names, i) => {
    const length = 5 + i;
    // Of the second only the rest is written: it gets its length by itself.
    const position = i === 1 ? 2 : 0;
    return {
      path: join(path, ...names),
      depth: names.length,
      start: 10 * i,
      length,
      position,
      fileLength: position + length,
    };
  });
  return { folder: { path, dev, ino }, bytes: BYTES, parts };
}

/** Writes, syncs and reads until all work; every try ends, and what it says is collected. */
function store(job: WriteJob, told: string[]): void {
  for (let tries = 0; tries < 3; tries++) {
    const { opened, failure } = writeFiles(job);
    if (failure) {
      told.push(failure.message);
      continue;
    }
    expect(opened).toHaveLength(NAMES.length);
    const outcome = syncFiles(job.parts);
    const read = readFiles(job.parts.map((part) => ({ ...part, position: 2, length: part.fileLength - 2 })));
    const failures = [outcome, ...outcome.files, ...read.files].flatMap(({ failure }) => failure ?? []);
    if (failures.length === 0) {
      expect(outcome.files.map(({ stats }) => stats?.size)).toEqual([5, 8, 7]);
      expect([...read.bytes]).toEqual([2, 3, 4, 10, 11, 12, 13, 14, 15, 22, 23, 24, 25, 26]);
      return;
    }
    told.push(...failures.map(({ message }) => message));
  }
  throw new Error(`three tries failed: ${told.join(" ")}`);
}

test.each(FAULTS)("the n-th operation meets %s, for every n", async (fault) => {
  let n = 1;
  for (; ; n++) {
    const job = await jobIn(await temporaryFolder());
    const user = new DiskUser();
    const told: string[] = [];
    user.plan(fault, n);
    await user.run(async () => store(job, told));
    expect({ failed: user.failed, openFiles: user.openFiles }).toEqual({ failed: user.failed, openFiles: 0 });
    for (const { path, start, position, length } of job.parts) {
      expect((await readFile(path)).subarray(position)).toEqual(Buffer.from(BYTES.subarray(start, start + length)));
    }
    if (user.count < n) break;
    expect(user.failed).toBeDefined();
    for (const message of told) expect(message).toMatch(/^[^\n]+\.$/);
    expect(told).toHaveLength(fault.startsWith("E") ? 1 : 0);
  }
  expect(n).toBeGreaterThan(35);
});
