// Several trackers that are one, through a real Redis.
import { describe, expect, onTestFinished, test } from "vitest";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { connectRedis } from "../../tracker/redis.ts";
import { Lab, until } from "../helpers/processes.ts";
import { RawClient, announce, get, startTracker, torrentOf, welcomed } from "../tracker/support.ts";
import { describeClient } from "./foreign-client.ts";
import { REDIS, startRedis } from "./redis.ts";

const all = toBase64(fullBitfield(4));

interface Entry {
  readonly infoHash: InfoHashHex;
  readonly holders: number;
  readonly seeds: number;
}

async function untilEntry(tracker: { host: string; port: number }, matches: (entry: Entry | undefined) => boolean) {
  await until("an entry", async () => {
    const answer = await get(tracker, "/catalogue.json");
    const { entries } = JSON.parse(String(answer.body)) as { entries: Entry[] };
    return matches(entries[0]) || undefined;
  });
}

describeClient(REDIS, () => {
  describe("with trackers", { concurrent: false }, () => {
    test("what is published on one tracker is there on the other at once, with its holders, and for HTTP peers", async () => {
      const { url } = await startRedis(await Lab.open(onTestFinished));
      const [a, b] = [await startTracker({ redis: url }), await startTracker({ redis: url })];
      const [alice, bob] = [await welcomed(a, 1), await welcomed(b, 2)];
      const { bytes, infoHash } = torrentOf("x");
      await alice.publish(bytes);
      alice.say({ type: "have", infoHash, pieces: all });
      expect((await bob.next("available")).entry).toMatchObject({ infoHash, holders: 1, seeds: 1 });
      bob.say({ type: "torrent", id: 1, name: "x" });
      expect((await bob.next("torrent")).torrent).toBe(toBase64(bytes));
      bob.say({ type: "holders", id: 2, infoHash });
      expect((await bob.next("holders")).peers).toMatchObject([{ address: "127.0.0.1", port: 7001, pieces: all }]);
      bob.say({ type: "peers", id: 3 });
      expect((await bob.next("peers")).peers).toHaveLength(1);

      await announce(a, { infoHash, port: 6881, left: 1 });
      await until(
        "both",
        async () => (await announce(b, { infoHash, port: 6882, left: 1 })).get("incomplete") === 2 || undefined,
      );
      alice.say({ type: "update", infoHash, gained: [], lost: [3] });
      expect(await bob.next("unavailable")).toMatchObject({ why: "lost pieces", peer: "127.0.0.1:7001" });
      alice.socket.terminate();
      await untilEntry(b, (entry) => entry?.holders === 0);
      a.notice("to all");
      expect((await bob.next("notice")).text).toBe("to all");
    });

    test("a tracker that comes later knows what was there, and one that goes takes its clients along, not who announced", async () => {
      const { url } = await startRedis(await Lab.open(onTestFinished));
      const a = await startTracker({ redis: url });
      const alice = await welcomed(a, 1);
      const { bytes, infoHash } = torrentOf("x");
      await alice.publish(bytes);
      alice.say({ type: "have", infoHash, pieces: all });
      await announce(a, { infoHash, port: 6881 });
      await untilEntry(a, (entry) => entry?.seeds === 2);

      const b = await startTracker({ redis: url });
      await untilEntry(b, (entry) => entry?.seeds === 2);
      const bob = await welcomed(b, 2);
      bob.say({ type: "have", infoHash, pieces: all });
      await untilEntry(a, (entry) => entry?.seeds === 3);
      await a.close();
      await untilEntry(b, (entry) => entry?.seeds === 2 && entry.holders === 2);
      expect((await announce(b, { infoHash, port: 9, left: 1 })).get("complete")).toBe(2);
    });

    test("a tracker that is killed is missed by its heartbeat", { timeout: 60_000 }, async () => {
      const lab = await Lab.open(onTestFinished);
      const { url } = await startRedis(lab);
      const { running, port } = await lab.tracker(["--redis", url]);
      const b = await startTracker({ redis: url });
      const alice = new RawClient(port);
      await alice.hello(1);
      const { bytes, infoHash } = torrentOf("x");
      await alice.publish(bytes);
      alice.say({ type: "have", infoHash, pieces: all });
      const bob = await welcomed(b, 2);
      await untilEntry(b, (entry) => entry?.seeds === 1);
      await running.kill("SIGKILL");
      expect(await bob.next("unavailable")).toMatchObject({ why: "its tracker is gone" });
    });

    test("a Redis that restarts empty is told again who has what", { timeout: 60_000 }, async () => {
      const lab = await Lab.open(onTestFinished);
      const { url, port, running } = await startRedis(lab);
      const [a, b] = [await startTracker({ redis: url }), await startTracker({ redis: url })];
      const [alice, bob] = [await welcomed(a, 1), await welcomed(b, 2)];
      const { bytes, infoHash } = torrentOf("x");
      await alice.publish(bytes);
      await until("both", async () => (await get(b, "/catalogue.json")).body.includes(infoHash) || undefined);
      await running.kill("SIGKILL");
      alice.say({ type: "have", infoHash, pieces: all });
      await startRedis(lab, port);
      expect((await bob.next("available")).entry).toMatchObject({ infoHash, seeds: 1 });
    });

    test("a Redis that takes nothing more is said to who publishes, and ends no tracker", async () => {
      const { url } = await startRedis(await Lab.open(onTestFinished));
      const tracker = await startTracker({ redis: url });
      const alice = await welcomed(tracker, 1);
      const { bytes, infoHash } = torrentOf("x");
      const redis = await connectRedis(url, () => undefined);
      onTestFinished(() => redis.destroy());
      await redis.configSet("maxmemory", "1");
      alice.say({ type: "publish", id: 1, torrent: toBase64(bytes) });
      expect(await alice.next("error")).toMatchObject({ re: 1, code: "full" });
      await redis.configSet("maxmemory", "0");
      await alice.publish(bytes);
      await untilEntry(tracker, (entry) => entry?.infoHash === infoHash);
    });

    test("a Redis that is not there stops the start, in a sentence", async () => {
      await expect(startTracker({ redis: "redis://user:secret@127.0.0.1:1" })).rejects.toThrow(
        /^Redis at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/,
      );
    });
  });
});
