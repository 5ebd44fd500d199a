// A tracker that restarts while 500 clients are connected: they come back spread over some seconds, and the catalogue is right again.
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { CHANNEL_SUBPROTOCOL } from "../../source/protocol/channel/messages.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { peerIdOf, startTracker, temporaryFolder, torrentOf, welcomed } from "./support.ts";

const CLIENTS = 500;
const TORRENTS = 20;
/** What of the client's own jitter a test waits for; sta spreads its return over seconds. */
const JITTER_MS = 500;

test("500 clients that come back make the catalogue right well within 10 s", { timeout: 20_000 }, async () => {
  const dir = await temporaryFolder();
  const first = await startTracker({ dir });
  const torrents = Array.from({ length: TORRENTS }, (_, i) => torrentOf(`file ${i}`, 8));
  const publisher = await welcomed(first, 1);
  for (const { bytes } of torrents) await publisher.publish(bytes);
  await first.close();

  const second = await startTracker({ dir });
  const watcher = await welcomed(second, 60_000 - 7_000);
  const startedAt = performance.now();
  const comeBack = async (n: number) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * JITTER_MS));
    // It reads what it hears, and understands only that it is welcome: 500 that parse would keep this process busy.
    const socket = new WebSocket(`ws://127.0.0.1:${second.port}/swarm`, [CHANNEL_SUBPROTOCOL]);
    onTestFinished(() => socket.terminate());
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "hello", peerId: peerIdOf(n), port: 7_000 + n, agent: "test" }));
    await once(socket, "message");
    const { infoHash } = torrents[n % TORRENTS]!;
    socket.send(JSON.stringify({ type: "have", infoHash, pieces: toBase64(fullBitfield(8)) }));
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => comeBack(n)));
  const seeds = new Map<InfoHashHex, number>();
  while (seeds.size < TORRENTS || [...seeds.values()].some((count) => count < CLIENTS / TORRENTS)) {
    const { entries } = await watcher.next("changed");
    for (const entry of entries) seeds.set(entry.infoHash, entry.seeds);
  }
  const took = performance.now() - startedAt;
  console.log(`restart: ${CLIENTS} clients back and told of after ${took.toFixed(0)} ms`);
  expect([...seeds.values()]).toEqual(Array.from({ length: TORRENTS }, () => CLIENTS / TORRENTS));
  expect(took).toBeLessThan(10_000);
});
