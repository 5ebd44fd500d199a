import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { diskThreads, temporaryFolder } from "./fixtures.ts";
import { writtenTorrent } from "./crash-writer.ts";

const WRITER = join(import.meta.dirname, "crash-writer.ts");

test("a process killed while it writes leaves no false piece, loses none it had told of, and nothing is hashed again", async () => {
  const folder = await temporaryFolder();
  const torrent = writtenTorrent();
  const { metainfo, layout } = torrent;
  let heldBefore = 0;
  for (const killAfter of [1, 7, 30, 90, 60]) {
    const child = spawn(process.execPath, [WRITER, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    onTestFinished(() => void child.kill("SIGKILL"));
    const told = new Set<number>();
    for await (const line of createInterface({ input: child.stdout })) {
      told.add(Number(line));
      if (told.size === killAfter) child.kill("SIGKILL");
    }
    await exited;
    const storage = await TorrentStorage.open({
      metainfo,
      layout,
      folder: join(folder, "data"),
      journalFile: join(folder, "x.pieces"),
      diskThreads,
    });
    expect(storage.suspect.isEmpty).toBe(true);
    for (const index of told) expect(storage.held.get(index)).toBe(true);
    expect(storage.held.count).toBeGreaterThanOrEqual(heldBefore + told.size);
    const claimed = storage.held.clone();
    const found = await storage.check({ only: claimed.held() });
    expect(found.count).toBe(claimed.count);
    heldBefore = storage.held.count;
    await storage.close();
  }
  expect(heldBefore).toBeGreaterThan(150);
});
