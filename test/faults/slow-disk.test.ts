// A disk that takes 200 ms for each piece: no more than 32 MiB wait for it, and then nobody is read from.
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { MAX_UNWRITTEN_BYTES } from "../../source/engine/limits.ts";
import { ReadBrake } from "../../source/engine/read-brake.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { share, startEngine, torrentFile, untilRow } from "../engine/support.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

const BYTES = 60_000_000;

test("32 MiB wait for a disk that takes 200 ms a piece, then the sockets pause, and go on when it is faster", async () => {
  const path = join(await temporaryFolder(), "big.bin");
  await writeFileOf(path, BYTES, "big");
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  const target = await torrentFile(seeder, infoHash);

  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
  const { write } = TorrentStorage.prototype;
  let slowly = true;
  let waiting = 0;
  let most = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const slow = vi.spyOn(TorrentStorage.prototype, "write").mockImplementation(async function (
    this: TorrentStorage,
    index: number,
    bytes: Uint8Array,
  ) {
    waiting += bytes.length;
    most = Math.max(most, waiting);
    // One after the other, as a disk does.
    turn = turn.then(() => (slowly ? new Promise((next) => setTimeout(next, 200)) : undefined));
    await turn;
    waiting -= bytes.length;
    return write.call(this, index, bytes);
  });
  const paused = Promise.withResolvers<void>();
  const resumed = Promise.withResolvers<void>();
  const pause = vi.spyOn(ReadBrake.prototype, "pause").mockName("pause");
  const resume = vi.spyOn(ReadBrake.prototype, "resume");
  onTestFinished(() => [slow, pause, resume].forEach((spy) => spy.mockRestore()));
  const taker = await startEngine();
  await taker.engine.send({ method: "download", target, peers: [seeder.address] });
  const look = setInterval(() => {
    if (pause.mock.calls.some(([why]) => why === "disk")) paused.resolve();
    if (resume.mock.calls.some(([why]) => why === "disk")) resumed.resolve();
  }, 5);
  onTestFinished(() => clearInterval(look));
  await paused.promise;
  // What the peer had sent already still comes; then nothing more does.
  await new Promise((later) => setTimeout(later, 600));
  const { downloadedBytes } = taker.engine.getSnapshot().transfers[0]!;
  await new Promise((later) => setTimeout(later, 400));
  expect(taker.engine.getSnapshot().transfers[0]!.downloadedBytes).toBe(downloadedBytes);
  expect(most).toBeLessThanOrEqual(MAX_UNWRITTEN_BYTES + 2 * 1024 * 1024);
  expect(resume.mock.calls.filter(([why]) => why === "disk")).toEqual([]);
  slowly = false;
  await resumed.promise;
  await untilRow(taker, infoHash, ({ state }) => state === "seeding");
  expect(await digestOf(join(taker.folder, "big.bin"))).toBe(await digestOf(path));
  console.log(`a slow disk: at most ${(most / 2 ** 20).toFixed(1)} MiB waited`);
});
