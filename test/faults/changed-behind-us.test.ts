// Files that are cut, made longer, replaced, removed or written to behind us, while the engine runs and while it does not; and flipped bits.
import { closeSync, openSync, writeSync } from "node:fs";
import { readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { KnownFiles } from "../../source/storage/known-files.ts";
import { rowOf, share, startEngine, type TestEngine, torrentFile, untilRow } from "../engine/support.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

const PIECE = 524_288;
/** Pieces 0 to 3 are of `a` alone, 4 of both, 5 to 9 of `b` alone. */
const A_BYTES = 4.5 * PIECE;
const B_BYTES = 5.5 * PIECE;

/** What is done to `b`, and the pieces that are still right. */
const CHANGES: Readonly<Record<string, { act: (b: string) => Promise<void>; left: number }>> = {
  cut: { act: (b) => truncate(b, 2 * PIECE), left: 6 },
  "made longer": { act: (b) => truncate(b, B_BYTES + 1_000), left: 10 },
  removed: { act: (b) => rm(b), left: 4 },
  "replaced by another of its size": {
    act: async (b) => {
      await writeFileOf(`${b}.new`, B_BYTES, "another");
      await rename(`${b}.new`, b);
    },
    left: 4,
  },
  "written to": {
    act: async (b) => {
      const descriptor = openSync(b, "r+");
      writeSync(descriptor, "somebody else's", PIECE);
      closeSync(descriptor);
    },
    left: 9,
  },
};

async function sharing() {
  const path = join(await temporaryFolder(), "both");
  await writeFileOf(join(path, "a"), A_BYTES, "a");
  await writeFileOf(join(path, "b"), B_BYTES, "b");
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  // What was just hashed is known from its first sync on.
  await seeder.engine.book.get(infoHash)!.transfer.storage.sync();
  return { seeder, infoHash, path, target: await torrentFile(seeder, infoHash) };
}

/** Takes all it can get; what it gets must be right. */
async function takeAll(from: TestEngine, target: string, infoHash: string, left: number): Promise<void> {
  const first = await startEngine();
  await first.engine.send({ method: "download", target, peers: [from.address] });
  await untilRow(from, infoHash, ({ heldPieces, state }) => heldPieces === left && state === "seeding");
  // Its check ends all connections.
  await first.engine.close();
  const { home, folder } = first;
  const taker = await startEngine({ home, folder });
  await taker.engine.send({ method: "download", target, peers: [from.address] });
  await untilRow(taker, infoHash, ({ heldPieces }) => heldPieces >= left);
  expect(rowOf(taker, infoHash)).toMatchObject({ heldPieces: left, wastedBytes: 0 });
  await taker.engine.close();
}

describe.each(Object.entries(CHANGES))("a file that was %s behind us", (_, { act, left }) => {
  it("while the engine ran: no bad byte goes out", async () => {
    const { seeder, infoHash, path, target } = await sharing();
    await act(join(path, "b"));
    // As a second later.
    const isFresh = vi.spyOn(KnownFiles.prototype, "isFresh").mockReturnValue(false);
    onTestFinished(() => isFresh.mockRestore());
    await takeAll(seeder, target, infoHash, left);
  });

  it("while no engine ran: what is right of it is found, and no bad byte goes out", async () => {
    const { seeder, infoHash, path, target } = await sharing();
    await seeder.engine.close();
    await act(join(path, "b"));
    const again = await startEngine({ home: seeder.home, folder: seeder.folder });
    await untilRow(again, infoHash, ({ heldPieces, state }) => heldPieces === left && state === "seeding");
    await takeAll(again, target, infoHash, left);
  });
});

it("of 20 flipped bits a check finds all, and those pieces alone are fetched again", async () => {
  const path = join(await temporaryFolder(), "bits.bin");
  await writeFileOf(path, 30 * PIECE, "bits");
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  const target = await torrentFile(seeder, infoHash);
  const taker = await startEngine();
  await taker.engine.send({ method: "download", target, peers: [seeder.address] });
  await untilRow(taker, infoHash, ({ state }) => state === "seeding");
  const { downloadedBytes } = rowOf(taker, infoHash)!;

  const copy = join(taker.folder, "bits.bin");
  const bytes = await readFile(copy);
  for (let piece = 0; piece < 20; piece++) bytes[piece * PIECE + piece * 997]! ^= 1 << (piece % 8);
  await writeFile(copy, bytes);
  const { transfer } = taker.engine.book.get(infoHash)!;
  const found: number[] = [];
  onTestFinished(
    taker.engine.onEvent(
      (event) => event.event === "problem" && found.push(Number(/(\d+) pieces/.exec(event.text)?.[1])),
    ),
  );
  await transfer.checks.run();
  expect(found).toEqual([20]);
  await taker.engine.send({ method: "download", target, peers: [seeder.address] });
  await untilRow(taker, infoHash, ({ state, heldPieces }) => state === "seeding" && heldPieces === 30);
  expect(await digestOf(copy)).toBe(await digestOf(path));
  expect(rowOf(taker, infoHash)!.downloadedBytes - downloadedBytes).toBe(20 * PIECE);
  expect(await readdir(taker.folder)).toEqual(["bits.bin"]);
});
