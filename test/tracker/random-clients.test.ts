// Clients that say anything a client may say, come and go, and others that announce: what the tracker then says of each torrent is what
// they have, and who only heard its broadcasts knows the same.
import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { KnownCatalogue } from "../../source/discovery/known-catalogue.ts";
import { bitfieldBytes, setPiece, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import {
  type CatalogueEntry,
  parseTrackerMessage,
  type TrackerMessage,
} from "../../source/protocol/channel/messages.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { until } from "../helpers/processes.ts";
import { seededRandom } from "../helpers/simulation.ts";
import { announce, get, RawClient, startTracker, torrentOf, welcomed } from "./support.ts";

const STEPS = process.env["STA_LONG"] ? 20_000 : 1_500;
const CLIENTS = 10;
const SEEDS = process.env["STA_LONG"] ? 5 : 2;

/** Pieces of each torrent that somebody has. */
type Held = Map<InfoHashHex, Set<number>>;

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const tracker = await startTracker();
  const torrents = Array.from({ length: 8 }, (_, i) => ({
    ...torrentOf(`file ${i >> 1}`, 1 + i * 3, i),
    pieceCount: 1 + i * 3,
  }));
  const published = new Set<InfoHashHex>();
  const observer = new KnownCatalogue(0, () => undefined);
  const watching = new RawClient(tracker.port);
  const told: TrackerMessage[] = [];
  watching.socket.on("message", (data) => told.push(parseTrackerMessage(String(data))!));
  observer.welcomed(await watching.hello(999, { port: 0 }));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => welcomed(tracker, n)));
  const has: Held[] = clients.map(() => new Map());
  const said = clients.map(() => 0);
  const announced = new Map<number, Set<InfoHashHex>>();
  const openTo = (n: number) => said[n]! < 150;

  for (let step = 0; step < STEPS; step++) {
    const n = Math.floor(random() * CLIENTS);
    const { bytes, infoHash, pieceCount } = pick(torrents);
    const client = clients[n]!;
    const act = random();
    if (act < 0.04 || !openTo(n)) {
      // Its messages are counted anew with its connection.
      if (random() < 0.5) client.socket.terminate();
      else client.socket.close();
      await client.closed;
      clients[n] = await welcomed(tracker, n);
      has[n] = new Map();
      said[n] = 0;
    } else if (act < 0.1) {
      const port = 20_000 + Math.floor(random() * 5);
      const seeds = announced.get(port) ?? new Set();
      announced.set(port, seeds);
      const left = random() < 0.6 ? 0 : 1;
      const stops = random() < 0.3;
      await announce(tracker, { infoHash, port, left }, stops ? "&event=stopped" : "");
      if (published.has(infoHash) && left === 0 && !stops) seeds.add(infoHash);
      else if (published.has(infoHash)) seeds.delete(infoHash);
    } else if (act < 0.2) {
      said[n]!++;
      await client.publish(bytes);
      published.add(infoHash);
    } else if (act < 0.6) {
      said[n]!++;
      const pieces = new Set(Array.from({ length: pieceCount }, (_, i) => i).filter(() => random() < 0.5));
      const gone = random() < 0.1;
      const bits = new Uint8Array(bitfieldBytes(pieceCount));
      for (const piece of pieces) setPiece(bits, piece, true);
      client.say({ type: "have", infoHash, pieces: gone ? null : toBase64(bits) });
      if (published.has(infoHash)) has[n]!.set(infoHash, gone ? new Set() : pieces);
    } else if (act < 0.9) {
      said[n]!++;
      const some = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => Math.floor(random() * pieceCount));
      const [gained, lost] = [some(), some()];
      client.say({ type: "update", infoHash, gained, lost });
      if (!published.has(infoHash)) continue;
      const mine = has[n]!.get(infoHash) ?? new Set();
      for (const piece of gained) mine.add(piece);
      for (const piece of lost) mine.delete(piece);
      has[n]!.set(infoHash, mine);
    } else {
      said[n]!++;
      client.say(
        pick([{ type: "holders", id: step, infoHash }, { type: "torrent", id: step, name: "file 1" }, { type: "x" }]),
      );
    }
    // What one says is not overtaken by what another says of the same torrent.
    if (random() < 0.3) await clients[n]!.settled().then(() => said[n]!++);
  }
  for (const client of clients) await client.settled();
  const byHash = (a: CatalogueEntry, b: CatalogueEntry) => (a.infoHash < b.infoHash ? -1 : 1);
  const entries = await until("the observer to know the catalogue", async () => {
    for (const message of told.splice(0)) {
      if (message.type === "available" || message.type === "changed" || message.type === "unavailable")
        expect(observer.hear(message)).toBe(true);
    }
    const { body } = await get(tracker, "/catalogue.json");
    const truth = (JSON.parse(String(body)) as { entries: CatalogueEntry[] }).entries.toSorted(byHash);
    return isDeepStrictEqual([...observer.list()].toSorted(byHash), truth) ? truth : undefined;
  });
  expect(new Set(entries.map(({ infoHash }) => infoHash))).toEqual(published);
  for (const entry of entries) {
    const holders = has.map((held) => held.get(entry.infoHash) ?? new Set<number>()).filter(({ size }) => size > 0);
    const seeding = [...announced.values()].filter((seeds) => seeds.has(entry.infoHash)).length;
    const pieces = new Set(holders.flatMap((held) => [...held]));
    expect(entry).toMatchObject({
      holders: holders.length + seeding,
      seeds: holders.filter(({ size }) => size === entry.pieceCount).length + seeding,
      availablePieces: seeding > 0 ? entry.pieceCount : pieces.size,
    });
  }
}

test.each(Array.from({ length: SEEDS }, (_, seed) => [seed + 1]))(
  "the catalogue is what clients at random have, and who listens knows it (%i)",
  { timeout: 300_000 },
  (seed) => run(seed),
);
