// What a tracker expects of where its torrents are kept and its changes ordered: the same of a folder and of Redis.
import { describe, expect, onTestFinished, test } from "vitest";
import { addressKey, peerKey } from "../../tracker/peer-key.ts";
import type { Announcement } from "../../tracker/broadcaster.ts";
import type { Change } from "../../tracker/changes.ts";
import { FolderStore } from "../../tracker/folder-store.ts";
import { type Ledger, LocalLedger } from "../../tracker/ledger.ts";
import { factsOf } from "../../tracker/read-torrent.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { connectRedis } from "../../tracker/redis.ts";
import { RedisLedger } from "../../tracker/redis-ledger.ts";
import { RedisStore } from "../../tracker/redis-store.ts";
import { Swarms } from "../../tracker/swarms.ts";
import type { TorrentStore } from "../../tracker/torrent-store.ts";
import { Lab } from "../helpers/processes.ts";
import { peerIdOf, temporaryFolder, torrentOf } from "../tracker/support.ts";
import { describeClient } from "./foreign-client.ts";
import { REDIS, startRedis } from "./redis.ts";

interface State {
  /** A store of the same torrents, as after a restart. */
  readonly store: () => Promise<TorrentStore>;
  readonly ledger: () => Promise<Ledger>;
}

const quiet = () => undefined;

async function localState(): Promise<State> {
  const folder = await temporaryFolder();
  return { store: () => Promise.resolve(new FolderStore(folder)), ledger: () => Promise.resolve(new LocalLedger()) };
}

async function redisState(): Promise<State> {
  const { url } = await startRedis(await Lab.open(onTestFinished));
  const connected = async () => {
    const redis = await connectRedis(url, quiet);
    onTestFinished(() => {
      if (redis.isOpen) redis.destroy();
    });
    return redis;
  };
  return {
    store: async () => new RedisStore(await connected(), Date.now),
    ledger: async () => new RedisLedger({ redis: await connected(), reader: await connected(), name: "a", log: quiet }),
  };
}

function contract(open: () => Promise<State>): void {
  test("what is put is there, and there again after a restart, with when it was held", async () => {
    const state = await open();
    const store = await state.store();
    expect(await store.load(quiet)).toEqual([]);
    const [a, b] = [torrentOf("a"), torrentOf("b")];
    for (const { infoHash, bytes } of [a, b]) await store.put(infoHash, bytes);
    await store.put(a.infoHash, a.bytes);
    expect(new Uint8Array((await store.get(a.infoHash))!)).toEqual(a.bytes);
    expect(store.bytes).toBe(a.bytes.length + b.bytes.length);
    await store.held([a.infoHash], 5);
    await store.held([], 6);
    await store.close();

    const again = await state.store();
    const loaded = await again.load(quiet);
    expect(loaded.map(({ metainfo }) => metainfo.name).toSorted()).toEqual(["a", "b"]);
    expect(loaded.find(({ metainfo }) => metainfo.name === "a")!.heldAt).toBe(5);
    const { addedAt, heldAt } = loaded.find(({ metainfo }) => metainfo.name === "b")!;
    expect(Math.abs(addedAt - Date.now())).toBeLessThan(60_000);
    expect(heldAt).toBe(addedAt);
    expect(again.bytes).toBe(store.bytes);
  });

  test("what is removed is gone, and what was never there cannot be had", async () => {
    const store = await (await open()).store();
    await store.load(quiet);
    const { infoHash, bytes } = torrentOf("a");
    await store.put(infoHash, bytes);
    await store.remove(infoHash);
    await store.remove(infoHash);
    expect(await store.get(infoHash)).toBeUndefined();
    expect(await store.get(torrentOf("b").infoHash)).toBeUndefined();
    expect(store.bytes).toBe(0);
  });

  test("changes are applied once, in their order, with every bit of them, before they are called recorded", async () => {
    const ledger = await (await open()).ledger();
    const told: Announcement[] = [];
    const swarms = new Swarms({ name: "a", now: () => 0, broadcast: (announcement) => told.push(announcement) });
    let loaded = false;
    await ledger.open(swarms, () => Promise.resolve(void (loaded = true)));
    expect(loaded).toBe(true);

    const { infoHash, bytes } = torrentOf("x", 9);
    const ids = { member: "a.1", infoHash };
    const changes: readonly Change[] = [
      { type: "published", facts: { ...factsOf(parseMetainfo(bytes)), addedAt: 1 } },
      {
        type: "arrived",
        member: "a.1",
        tracker: "a",
        peerId: peerIdOf(1),
        peer: peerKey(addressKey("2001:db8::ff"), 65_535),
      },
      { type: "have", ...ids, pieces: new Uint8Array([0xff, 0x80]) },
      { type: "have", ...ids, pieces: null },
      { type: "update", ...ids, gained: [0, 8], lost: [] },
      {
        type: "announced",
        tracker: "a",
        infoHash,
        peer: peerKey(addressKey("255.0.128.1"), 1),
        peerId: peerIdOf(2),
        seed: true,
      },
      { type: "completed", infoHash },
      { type: "notice", text: "ü" },
    ];
    await Promise.all(changes.map((change) => ledger.record(change)));
    expect(told.map(({ type }) => type)).toEqual(["available", "unavailable", "available", "notice"]);
    expect(swarms.catalogue.entry(infoHash)).toMatchObject({ holders: 2, seeds: 1, availablePieces: 9 });
    expect(swarms.dictionary.counts(infoHash)).toEqual({ complete: 1, incomplete: 1, downloaded: 1 });
    await ledger.record({ type: "left", member: "a.1", why: "left" });
    expect(swarms.members.size).toBe(0);
    await ledger.close();
    await ledger.record({ type: "notice", text: "after the end" });
    expect(told.filter(({ type }) => type === "notice")).toHaveLength(1);
  });
}

describe("a folder", () => contract(localState));
describeClient(REDIS, () => describe("in Redis", { concurrent: false }, () => contract(redisState)));
