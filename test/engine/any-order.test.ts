// Commands in any order, several at once, and an engine that is stopped among them: what is asked for last is what comes of it.
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Command } from "../../source/control/contract.ts";
import { digestsOf } from "../helpers/files.ts";
import { seededRandom } from "../helpers/simulation.ts";
import { startTracker } from "../tracker/support.ts";
import { makeFolder, share, startEngine, torrentFile, untilRow } from "./support.ts";

const COMMANDS = 100;
/** After so many of them the engine is stopped and started again. */
const LIFE = 40;

it.each([11])("a transfer survives whatever is done to it, in the order of seed %d", async (seed) => {
  const random = seededRandom(seed);
  const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const tracker = await startTracker();
  const options = { trackers: [{ host: "127.0.0.1", port: tracker.port }] };
  const [seeder, other] = [await startEngine(options), await startEngine(options)];
  let leecher = await startEngine(options);
  const path = await makeFolder(`any order ${seed}`);
  const infoHash = await share(seeder, path);
  const target = await torrentFile(seeder, infoHash);
  const peers = [seeder.address, other.address];
  await other.engine.send({ method: "download", target, peers });

  const commands: readonly (() => Command)[] = [
    () => ({ method: "download", target, peers }),
    () => ({ method: "download", target, peers, files: oneOf([[0], [1, 3]]) }),
    () => ({ method: "pause", infoHash }),
    () => ({ method: "resume", infoHash }),
    () => ({ method: "check", infoHash }),
    () => ({ method: "remove", infoHash, withData: random() < 0.5 }),
    () => ({
      method: "set-files",
      infoHash,
      files: [{ index: oneOf([0, 1, 2, 3]), priority: oneOf(["off", "high"]) }],
    }),
    () => ({ method: "set-transfer", infoHash, sequential: random() < 0.5, downBytesPerSecond: oneOf([0, 200_000]) }),
    () => ({ method: "set-limits", activeDownloads: oneOf([0, 1]) }),
    () => ({ method: "push", target: infoHash, count: 2, keep: random() < 0.5 }),
  ];
  const replies: Promise<unknown>[] = [];
  for (let n = 1; n < COMMANDS; n++) {
    if (n % LIFE === 0) {
      await leecher.engine.close();
      leecher = await startEngine({ ...options, home: leecher.home, folder: leecher.folder });
    }
    const on = random() < 0.85 ? leecher : other;
    replies.push(on.engine.send(oneOf(commands)()));
    if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    if (random() < 0.1) await replies.at(-1);
  }
  await Promise.all(replies);
  // What lies there of a part that was chosen cannot always be told from somebody else's.
  await leecher.engine.send({ method: "remove", infoHash, withData: true });
  await leecher.engine.send({ method: "set-limits", activeDownloads: 0 });
  const files = "all";
  expect(await leecher.engine.send({ method: "download", target, peers, files })).toMatchObject({ ok: true });
  await untilRow(leecher, infoHash, ({ heldPieces, pieceCount }) => heldPieces === pieceCount);
  expect(await digestsOf(join(leecher.folder, "music"))).toEqual(await digestsOf(path));
});
