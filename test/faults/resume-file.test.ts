// The resume file of a download cut at every byte, and every byte of it flipped: an engine always starts, what is valid is used, the rest is hashed again.
import { readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "../storage/fixtures.ts";

if (existsSync("/dev/shm")) process.env["TMPDIR"] = "/dev/shm";

const torrent = makeTorrent([
  { path: ["a"], length: 90 },
  { path: ["b"], length: 70 },
]);
const { metainfo, layout } = torrent;
const HELD = [0, 2, 3, 7, 9];

/** A download with these pieces, killed; then each damaged journal in turn. `held` are all pieces that any of them may claim. */
async function damaged(damages: (journal: Uint8Array) => Iterable<Uint8Array>): Promise<number> {
  const root = await temporaryFolder();
  const journalFile = join(root, "x.pieces");
  const open = () => TorrentStorage.open({ metainfo, layout, diskThreads, folder: join(root, "data"), journalFile });
  const first = await open();
  for (const index of HELD) await first.write(index, torrent.piece(index));
  await first.sync();
  const whole = new Uint8Array(await readFile(journalFile));
  let tried = 0;
  for (const journal of damages(whole)) {
    await writeFile(journalFile, journal);
    const storage = await open();
    for (const index of storage.held.held()) expect(HELD).toContain(index);
    // What is not known is hashed: all that was held is found again.
    await storage.check({ only: [...storage.suspect.held()] });
    const missing = HELD.filter((index) => !storage.held.get(index));
    // Records that are not there any more: those pieces are fetched again.
    if (storage.held.count < HELD.length) expect(missing).toEqual(HELD.slice(storage.held.count));
    await storage.close();
    tried++;
  }
  await first.close();
  return tried;
}

test("cut at every byte", async () => {
  const tried = await damaged(function* (journal) {
    for (let length = 0; length <= journal.length; length++) yield journal.subarray(0, length);
  });
  expect(tried).toBeGreaterThan(100);
});

test("with every byte flipped", async () => {
  const tried = await damaged(function* (journal) {
    for (const at of journal.keys()) {
      const flipped = journal.slice();
      flipped[at]! ^= 0xff;
      yield flipped;
    }
  });
  expect(tried).toBeGreaterThan(100);
});
