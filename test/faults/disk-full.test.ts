// A disk that is full: before a download begins, and in the middle of it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DISK_RETRY_MS } from "../../source/engine/limits.ts";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { nextEvent, rowOf, share, startEngine, type TestEngine, torrentFile, untilRow } from "../engine/support.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { canMount, smallDisk } from "./small-disk.ts";

const MB = 1_000_000;

async function seeded(upLimit: number) {
  const path = join(await temporaryFolder(), "big.bin");
  await writeFileOf(path, 6 * MB, "big");
  const seeder = await startEngine({ upLimit });
  const infoHash = await share(seeder, path);
  return { seeder, infoHash, target: await torrentFile(seeder, infoHash), digests: await digestsOf(path) };
}

/** Lets time pass faster than it does, while sockets and disks take theirs. Resolves after `ms` of it. */
function hurry(ms: number): Promise<void> {
  let passedMs = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const pace = setInterval(() => {
    vi.advanceTimersByTime(1_000);
    passedMs += 1_000;
    if (passedMs > ms) resolve();
  }, 40);
  onTestFinished(() => clearInterval(pace));
  return promise;
}

const problems = ({ events }: TestEngine) => events.flatMap((event) => (event.event === "problem" ? [event.text] : []));

describe.skipIf(!canMount("the tests of full disks"))("a disk without room", () => {
  it("lets no download begin: one sentence names both numbers, and it begins by itself when there is room", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    onTestFinished(() => void vi.useRealTimers());
    const disk = smallDisk("8m");
    await writeFile(join(disk.path, "ballast"), new Uint8Array(4 * MB));
    const { seeder, infoHash, target, digests } = await seeded(0);
    const full = await startEngine({ folder: disk.path, keptFreeBytes: 100_000 });
    await full.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(full, infoHash, ({ state }) => state === "error");
    expect(problems(full)).toEqual([
      expect.stringMatching(
        /^big\.bin: It needs 6\.0 MB more, and the disk of .* has 4\.\d MB free, of which 100 kB are left to others/,
      ),
    ]);
    await hurry(2.5 * DISK_RETRY_MS);
    expect(problems(full)).toHaveLength(1);
    expect(rowOf(full, infoHash)).toMatchObject({ heldPieces: 0, downloadedBytes: 0 });
    disk.remount("size=20m");
    await nextEvent(full, "done");
    expect((await digestsOf(disk.path))["big.bin"]).toBe(digests[""]);
  });

  it("in mid download is told once, stops no upload, and the download goes on by itself when there is space", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    onTestFinished(() => void vi.useRealTimers());
    const disk = smallDisk("8m");
    const { seeder, infoHash, target, digests } = await seeded(4 * MB);
    const full = await startEngine({ folder: disk.path, keptFreeBytes: 0.5 * MB });
    await full.engine.send({ method: "download", target, peers: [seeder.address] });
    await untilRow(full, infoHash, ({ heldPieces }) => heldPieces >= 2);
    const told = nextEvent(full, "problem");
    const filledAt = performance.now();
    // Somebody else takes what is left.
    await writeFile(join(disk.path, "ballast"), new Uint8Array(8 * MB)).catch(() => undefined);
    expect((await told).text).toContain("The disk is full");
    expect(performance.now() - filledAt).toBeLessThan(2_000);
    await untilRow(full, infoHash, ({ state, heldPieces }) => state === "error" && heldPieces > 0);
    expect(rowOf(full, infoHash)!.reason).toContain("free some space");
    const { heldPieces } = rowOf(full, infoHash)!;

    seeder.engine.upLimit.bytesPerSecond = 0;
    const taker = await startEngine();
    await taker.engine.send({ method: "download", target, peers: [full.address] });
    await untilRow(taker, infoHash, (row) => row.heldPieces >= heldPieces);

    const before = process.cpuUsage();
    const startedAt = performance.now();
    await hurry(3.5 * DISK_RETRY_MS);
    const { user, system } = process.cpuUsage(before);
    // What half a minute of tries costs, however fast it passes here: 5 % of it.
    expect((user + system) / 1_000).toBeLessThan(0.05 * 3.5 * DISK_RETRY_MS + (performance.now() - startedAt));
    expect(problems(full)).toEqual([expect.stringContaining("The disk is full")]);

    disk.remount("size=20m");
    await nextEvent(full, "done");
    expect((await digestsOf(disk.path))["big.bin"]).toBe(digests[""]);
    expect(rowOf(full, infoHash)!.state).toBe("seeding");
  });
});
