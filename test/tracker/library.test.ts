import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { toBase64 } from "../../source/protocol/channel/bitfield.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { FolderStore } from "../../tracker/folder-store.ts";
import { LocalLedger } from "../../tracker/ledger.ts";
import { Library } from "../../tracker/library.ts";
import { addressKey, peerKey } from "../../tracker/peer-key.ts";
import { Swarms } from "../../tracker/swarms.ts";
import { peerIdOf, temporaryFolder, torrentOf } from "./support.ts";

const DAY = 86_400_000;

async function openLibrary(folder: string, wallTime: () => number, keepMs: number | undefined, now = wallTime) {
  const told: string[] = [];
  const swarms = new Swarms({
    name: "t",
    now: () => 0,
    broadcast: (event) => told.push("why" in event ? `${event.name}: ${event.why}` : event.type),
  });
  const ledger = new LocalLedger();
  const library = new Library({ store: new FolderStore(folder), swarms, ledger, keepMs, wallTime, now });
  await ledger.open(swarms, () => library.load((sentence) => expect.fail(sentence)));
  const seed = (infoHash: InfoHashHex) => {
    const peer = peerKey(addressKey("10.0.0.1"), 1);
    swarms.apply({ type: "announced", tracker: "t", infoHash, peer, peerId: peerIdOf(1), seed: true });
  };
  return { library, swarms, told, seed };
}

test("what nobody held for too long is forgotten and told of, what is held stays, over a restart, too", async () => {
  const folder = await temporaryFolder();
  let now = Date.now();
  const first = await openLibrary(folder, () => now, 2 * DAY);
  const [held, left] = [torrentOf("held"), torrentOf("left")];
  for (const { bytes } of [held, left]) await first.library.publish(toBase64(bytes));
  first.seed(held.infoHash);
  now += 2 * DAY;
  await first.library.tidy();
  expect(first.swarms.catalogue.size).toBe(2);

  now += 60_000;
  const second = await openLibrary(folder, () => now, 2 * DAY);
  await second.library.tidy();
  expect(second.told).toEqual(["left: nobody held it for long"]);
  expect((await readdir(folder)).toSorted()).toEqual([`${held.infoHash}.torrent`, "held.json"].toSorted());
  now += 2 * DAY;
  await second.library.tidy();
  expect(second.swarms.catalogue.size).toBe(0);
});

test("a clock that is set by ten years makes nobody forgotten, and what lasts goes on to count", async () => {
  let [now, setBy] = [1_000, 0];
  const wallTime = () => 1.8e12 + now + setBy;
  const { library, swarms, told, seed } = await openLibrary(await temporaryFolder(), wallTime, 2 * DAY, () => now);
  const [held, left] = [torrentOf("held"), torrentOf("left")];
  for (const { bytes } of [held, left]) await library.publish(toBase64(bytes));
  seed(held.infoHash);
  for (const years of [10, 0, -10]) {
    setBy = years * 365 * DAY;
    now += DAY / 2;
    await library.tidy();
    expect(swarms.catalogue.size, `set by ${years} years`).toBe(2);
  }
  now += DAY;
  await library.tidy();
  expect(told).toContain("left: nobody held it for long");
  expect(swarms.catalogue.size).toBe(1);
});

test("without a limit everything stays", async () => {
  let now = Date.now();
  const { library, swarms } = await openLibrary(await temporaryFolder(), () => now, undefined);
  await library.publish(toBase64(torrentOf("x").bytes));
  now += 10_000 * DAY;
  await library.tidy();
  expect(swarms.catalogue.size).toBe(1);
});
