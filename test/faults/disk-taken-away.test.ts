// A disk that becomes read-only, or is unmounted, while a download goes to it.
import { readdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DISK_RETRY_MS } from "../../source/engine/limits.ts";
import { nextEvent, rowOf, share, startEngine, torrentFile, untilRow } from "../engine/support.ts";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { canMount, smallDisk } from "./small-disk.ts";

const MB = 1_000_000;

async function downloading(disk: string) {
  const path = join(await temporaryFolder(), "big.bin");
  await writeFileOf(path, 8 * MB, "big");
  const seeder = await startEngine({ upLimit: 2 * MB });
  const infoHash = await share(seeder, path);
  const target = await torrentFile(seeder, infoHash);
  const taker = await startEngine({ folder: disk, keptFreeBytes: 0 });
  await taker.engine.send({ method: "download", target, peers: [seeder.address] });
  return { seeder, taker, infoHash, digest: (await digestsOf(path))[""] };
}

/** Goes on at once as after `DISK_RETRY_MS`, until the download is done. */
async function untilDone({ seeder, taker, infoHash }: Awaited<ReturnType<typeof downloading>>): Promise<void> {
  seeder.engine.upLimit.bytesPerSecond = 0;
  const pace = setInterval(() => vi.advanceTimersByTime(DISK_RETRY_MS / 10), 40);
  onTestFinished(() => clearInterval(pace));
  await untilRow(taker, infoHash, ({ state }) => state === "seeding");
  clearInterval(pace);
}

describe.skipIf(!canMount("the tests of disks that are taken away"))("a disk", () => {
  it("that is read-only is told within 2 s, and the download goes on when it is not", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    onTestFinished(() => void vi.useRealTimers());
    const disk = smallDisk("20m");
    disk.remount("ro");
    const all = await downloading(disk.path);
    await untilRow(all.taker, all.infoHash, ({ downloadedBytes }) => downloadedBytes > 0);
    const at = performance.now();
    await untilRow(all.taker, all.infoHash, ({ state }) => state === "error");
    expect(performance.now() - at).toBeLessThan(2_000);
    expect(rowOf(all.taker, all.infoHash)!.reason).toContain("check its permissions and whether the disk is read-only");
    expect(readdirSync(disk.path)).toEqual([]);
    disk.remount("rw");
    await untilDone(all);
    expect((await digestsOf(disk.path))["big.bin"]).toBe(all.digest);
    expect(all.taker.events.filter(({ event }) => event === "problem")).toHaveLength(1);
  });

  it("that is unmounted is told within 2 s, nothing is made in its place, and nothing on it is lost", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    onTestFinished(() => void vi.useRealTimers());
    // Mounted again it must be the same disk: a folder elsewhere, seen at the mount point.
    const data = await temporaryFolder();
    const mountPoint = await temporaryFolder();
    const mount = () => execFileSync("mount", ["--bind", data, mountPoint]);
    const unmount = () => execFileSync("umount", ["-l", mountPoint]);
    mount();
    let isMounted = true;
    onTestFinished(() => {
      if (isMounted) unmount();
    });
    const all = await downloading(mountPoint);
    await untilRow(all.taker, all.infoHash, ({ heldPieces }) => heldPieces >= 2);
    const told = nextEvent(all.taker, "problem");
    const at = performance.now();
    unmount();
    isMounted = false;
    expect((await told).text).toContain(`${mountPoint} is not there`);
    expect(performance.now() - at).toBeLessThan(2_000);
    await untilRow(all.taker, all.infoHash, ({ state }) => state === "error");
    expect(readdirSync(mountPoint)).toEqual([]);
    const { heldBytes } = rowOf(all.taker, all.infoHash)!;
    expect(heldBytes).toBeGreaterThan(0);
    mount();
    isMounted = true;
    await untilDone(all);
    expect((await digestsOf(data))["big.bin"]).toBe(all.digest);
    // Of what was held nothing was fetched again.
    expect(rowOf(all.taker, all.infoHash)!.downloadedBytes).toBeLessThanOrEqual(8 * MB + 3 * MB);
  });
});
