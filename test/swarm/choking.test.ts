import { describe, expect, it } from "vitest";
import { CHOKE_ROUND_MS, OPTIMISTIC_ROUNDS, UPLOAD_SLOTS } from "../../source/swarm/limits.ts";
import { connectedOf, type HandOptions, HandSwarm } from "./support.ts";

function crowd(size: number, options: HandOptions = { held: "all" }): HandSwarm {
  const seeder = new HandSwarm(options);
  for (let key = 1; key <= size; key++) {
    seeder.join(key);
    seeder.say(key, { type: "interested" });
  }
  return seeder;
}

/** A second before the next round: rates count for 5 s. */
function passToRound(on: HandSwarm): void {
  on.pass(CHOKE_ROUND_MS - (on.now % CHOKE_ROUND_MS) - 1_000);
}

const unchokedOf = ({ swarm }: HandSwarm) =>
  [...swarm.peers.values()].filter(({ amChoking }) => !amChoking).map(({ key }) => key);

describe("upload slots", () => {
  it("are given at once while there are free ones, eight and one more", () => {
    const seeder = crowd(UPLOAD_SLOTS + 4);
    expect(unchokedOf(seeder)).toHaveLength(UPLOAD_SLOTS + 1);
  });

  it.each([true, false])("are lost for a round to whom the disk does not give its blocks (BEP 6: %s)", (fast) => {
    const seeder = new HandSwarm({ held: "all" });
    seeder.handle({ type: "peer-connected", ...connectedOf(1), fast });
    seeder.say(1, { type: "interested" });
    const blocks = [0, 1].map((index) => ({ index, begin: 0, length: 1 }));
    for (const block of blocks) seeder.say(1, { type: "request", ...block });
    const taken = seeder.swarm.takeUploads(1, 1);
    seeder.take();
    seeder.handle({ type: "uploads-failed", peer: 1, uploads: taken });
    const [first, second] = blocks.map((block) => ({ type: "reject", ...block }));
    const messages = fast ? [first, { type: "choke" }, second] : [{ type: "choke" }];
    expect(seeder.take()).toEqual(messages.map((message) => ({ type: "send", peer: 1, message })));
    expect(seeder.swarm.takeUploads(1, 1)).toEqual([]);
    seeder.pass(CHOKE_ROUND_MS);
    expect(unchokedOf(seeder)).toEqual([1]);
    // It may have left while the disk was asked.
    expect(seeder.handle({ type: "uploads-failed", peer: 2, uploads: taken })).toEqual([]);
  });

  it("are given on at once when their peer leaves", () => {
    const seeder = crowd(UPLOAD_SLOTS + 2);
    const waiting = UPLOAD_SLOTS + 2;
    expect(unchokedOf(seeder)).not.toContain(waiting);
    seeder.handle({ type: "peer-left", peer: 1 });
    expect(unchokedOf(seeder)).toContain(waiting);
  });

  it("go round while seeding: to those that had least, and who does not use its turn is out of it all the same", () => {
    const seeder = crowd(2 * (UPLOAD_SLOTS + 1));
    const first = unchokedOf(seeder);
    passToRound(seeder);
    // The last of them takes nothing.
    for (const peer of first.slice(0, -1)) seeder.handle({ type: "block-sent", peer, bytes: 1_000_000 });
    seeder.pass(1_000);
    const second = unchokedOf(seeder);
    expect(second).toHaveLength(UPLOAD_SLOTS + 1);
    expect(second.filter((key) => first.includes(key))).toEqual([]);
  });

  it("come first to who has just come, which has nothing to catch up with", () => {
    const seeder = crowd(2 * (UPLOAD_SLOTS + 1));
    for (let round = 0; round < 2; round++) {
      passToRound(seeder);
      for (const peer of unchokedOf(seeder)) seeder.handle({ type: "block-sent", peer, bytes: 1_000_000 });
      seeder.pass(1_000);
    }
    seeder.join(99);
    seeder.say(99, { type: "interested" });
    expect(seeder.swarm.peers.get(99)!.hadBytes).toBe(1_000_000);
  });

  it("reach everybody by chance in the end: the optimistic one moves every third round", () => {
    const seeder = crowd(UPLOAD_SLOTS + 4);
    const seen = new Set<number>();
    for (let round = 0; round < 40 * OPTIMISTIC_ROUNDS; round++) {
      for (let key = 1; key <= UPLOAD_SLOTS; key++) {
        seeder.handle({ type: "block-sent", peer: key, bytes: 1_000_000 });
      }
      for (let key = 1; key <= UPLOAD_SLOTS + 4; key++) seeder.say(key, { type: "keep-alive" });
      seeder.pass(CHOKE_ROUND_MS);
      for (const key of unchokedOf(seeder)) seen.add(key);
    }
    expect(seen.size).toBe(UPLOAD_SLOTS + 4);
  });

  it("that are lost take the requests that waited with them, each rejected", () => {
    const seeder = crowd(UPLOAD_SLOTS + 4);
    const before = unchokedOf(seeder);
    for (const key of before) seeder.say(key, { type: "request", index: 0, begin: 0, length: 16_384 });
    for (let key = 1; key <= UPLOAD_SLOTS + 4; key++) {
      if (before.includes(key)) seeder.handle({ type: "block-sent", peer: key, bytes: 1_000_000 });
    }
    seeder.take();
    seeder.pass(CHOKE_ROUND_MS + 1_000);
    const commands = seeder.take();
    const choked = commands.flatMap((c) => (c.type === "send" && c.message.type === "choke" ? [c.peer] : []));
    expect(choked.length).toBeGreaterThan(0);
    for (const key of choked) {
      expect(commands).toContainEqual({
        type: "send",
        peer: key,
        message: { type: "reject", index: 0, begin: 0, length: 16_384 },
      });
      expect(seeder.swarm.takeUploads(key, 1e6)).toEqual([]);
    }
  });
});

describe("a choking round", () => {
  const bytesFrom = (leecher: HandSwarm, key: number, bytes: number) =>
    leecher.swarm.peers.get(key)!.down.add(bytes, leecher.now);

  it("ranks by what peers give while we lack pieces, whatever they take", () => {
    const leecher = crowd(UPLOAD_SLOTS + 10, { pieceCount: 4 });
    const givers = Array.from({ length: UPLOAD_SLOTS }, (_, i) => i + 11);
    passToRound(leecher);
    for (const key of givers) bytesFrom(leecher, key, 1_000_000);
    for (const key of givers) leecher.handle({ type: "block-sent", peer: key - 10, bytes: 9_000_000 });
    leecher.pass(1_000);
    expect(unchokedOf(leecher)).toEqual(expect.arrayContaining(givers));
    expect(unchokedOf(leecher)).toHaveLength(UPLOAD_SLOTS + 1);
  });

  it("ranks no burst just before it above what others give all the time", () => {
    const leecher = crowd(UPLOAD_SLOTS + 10, { pieceCount: 4 });
    const steady = Array.from({ length: UPLOAD_SLOTS }, (_, i) => i + 11);
    passToRound(leecher);
    for (let round = 0; round < 3; round++) {
      for (let second = 0; second < CHOKE_ROUND_MS; second += 1_000) {
        leecher.pass(1_000);
        for (const key of steady) bytesFrom(leecher, key, 8_192);
      }
      for (let key = 1; key <= UPLOAD_SLOTS; key++) bytesFrom(leecher, key, 16_384);
    }
    leecher.pass(1_000);
    expect(unchokedOf(leecher)).toEqual(expect.arrayContaining(steady));
  });

  it("comes every ten seconds and not before, and tells only those for whom something changes", () => {
    const seeder = crowd(UPLOAD_SLOTS + 10);
    passToRound(seeder);
    seeder.pass(1_000);
    const before = unchokedOf(seeder);
    passToRound(seeder);
    for (let key = 1; key <= UPLOAD_SLOTS + 10; key++) {
      if (before.includes(key)) seeder.handle({ type: "block-sent", peer: key, bytes: 1_000_000 });
    }
    expect(unchokedOf(seeder)).toEqual(before);
    seeder.take();
    seeder.pass(1_000);
    const after = unchokedOf(seeder);
    const told = seeder.take().flatMap((c) => (c.type === "send" && /choke/.test(c.message.type) ? [c.peer] : []));
    const changed = [...before.filter((key) => !after.includes(key)), ...after.filter((key) => !before.includes(key))];
    expect(told.toSorted()).toEqual(changed.toSorted());
    expect(changed.length).toBeGreaterThan(0);
  });

  it("takes the slot of who wants nothing any more, and gives it to one that waits", () => {
    const seeder = crowd(UPLOAD_SLOTS + 2);
    seeder.say(1, { type: "not-interested" });
    seeder.pass(CHOKE_ROUND_MS + 1_000);
    expect(unchokedOf(seeder)).not.toContain(1);
    expect(unchokedOf(seeder)).toHaveLength(UPLOAD_SLOTS + 1);
  });

  it("is not held, and no slot given, while nothing is uploaded", () => {
    const seeder = new HandSwarm();
    seeder.handle({ type: "set-active", download: true, upload: false });
    seeder.join(1);
    seeder.say(1, { type: "interested" });
    seeder.pass(3 * CHOKE_ROUND_MS);
    expect(unchokedOf(seeder)).toEqual([]);
  });
});

describe("pausing", () => {
  it("drops everybody and says nothing to those that still wait to be dropped", () => {
    const leecher = new HandSwarm({ pieceCount: 400 });
    for (let key = 1; key <= UPLOAD_SLOTS + 4; key++) {
      leecher.join(key, "all");
      leecher.say(key, { type: "interested" });
      leecher.say(key, { type: "unchoke" });
    }
    const commands = leecher.handle({ type: "set-active", download: false, upload: false });
    expect(commands.filter(({ type }) => type === "disconnect")).toHaveLength(UPLOAD_SLOTS + 4);
    expect(commands.filter(({ type }) => type === "send")).toEqual([]);
    expect(leecher.swarm.peers.size).toBe(0);
  });

  it("is over at once: peers that were dialled are dialled again within a second or two", () => {
    const leecher = new HandSwarm();
    const address = { host: "10.0.0.9", port: 50_009 };
    leecher.handle({ type: "candidates", addresses: [address], source: "given" });
    leecher.join(9, "all", "given");
    leecher.handle({ type: "set-active", download: false, upload: false });
    leecher.handle({ type: "set-active", download: true, upload: true });
    leecher.take();
    leecher.pass(2_000);
    expect(leecher.take()).toContainEqual({ type: "dial", address, source: "given" });
  });
});
