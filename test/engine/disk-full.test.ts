// FAULTS D5: the disk is full in the middle of a download. Needs root for a small tmpfs.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { DISK_RETRY_MS } from "../../source/engine/limits.ts";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { nextEvent, rowOf, share, startEngine, torrentFile, untilRow } from "./support.ts";

const base = mkdtempSync(join(tmpdir(), "sta-full-"));
const disk = join(base, "disk");
const isMounted = mount();

function mount(): boolean {
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    console.warn("SKIPPED: the full-disk test needs root, to mount a tmpfs.");
    return false;
  }
}

afterAll(async () => {
  if (isMounted) execFileSync("umount", ["-l", disk]);
  await rm(base, { recursive: true, force: true });
});

describe("a full disk", () => {
  it.skipIf(!isMounted)(
    "is told once, stops no upload, and the download goes on by itself when there is space",
    async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
      onTestFinished(() => void vi.useRealTimers());
      await writeFile(join(disk, "ballast"), new Uint8Array(2_000_000));
      const path = join(await temporaryFolder(), "big.bin");
      await writeFileOf(path, 6_000_000, "big");
      const seeder = await startEngine({ upLimit: 4_000_000 });
      const infoHash = await share(seeder, path);
      const target = await torrentFile(seeder, infoHash);
      const full = await startEngine({ folder: disk });
      const told = nextEvent(full, "problem");
      await full.engine.send({ method: "download", target, peers: [seeder.address] });
      expect((await told).text).toContain("The disk is full");
      // The first piece that did not fit may be known before the hashes of those that did.
      await untilRow(full, infoHash, ({ state, heldPieces }) => state === "error" && heldPieces > 0);
      expect(rowOf(full, infoHash)!.reason).toContain("free some space");
      const { heldPieces } = rowOf(full, infoHash)!;

      seeder.engine.upLimit.bytesPerSecond = 0;
      const taker = await startEngine();
      await taker.engine.send({ method: "download", target, peers: [full.address] });
      await untilRow(taker, infoHash, (row) => row.heldPieces >= heldPieces);

      // Half a minute and more of tries, in virtual time.
      let passedMs = 0;
      const triedAgain = Promise.withResolvers<void>();
      const hurry = setInterval(() => {
        vi.advanceTimersByTime(1_000);
        passedMs += 1_000;
        if (passedMs > 3.5 * DISK_RETRY_MS) triedAgain.resolve();
      }, 40);
      onTestFinished(() => clearInterval(hurry));
      await triedAgain.promise;
      expect(full.events.filter(({ event }) => event === "problem")).toHaveLength(1);

      execFileSync("mount", ["-o", "remount,size=20m", disk]);
      await nextEvent(full, "done");
      const digests = await digestsOf(path);
      expect((await digestsOf(disk))["big.bin"]).toBe(digests[""]);
      expect(rowOf(full, infoHash)!.state).toBe("seeding");
    },
  );
});
