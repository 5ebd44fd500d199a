import { describe, expect, it } from "vitest";
import { MAP_CELLS, MAX_LISTED_FILES } from "../../source/engine/limits.ts";
import { addressText } from "../../source/engine/address-text.ts";
import { RateHistory } from "../../source/engine/rate-history.ts";
import { transferRow } from "../../source/engine/rows.ts";
import { TokenBucket } from "../../source/engine/token-bucket.ts";
import type { Transfer } from "../../source/engine/transfer.ts";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { FileSelection } from "../../source/metainfo/file-selection.ts";
import { newTransferSettings } from "../../source/storage/transfer-store.ts";
import { RateMeter } from "../../source/swarm/rate-meter.ts";
import { HandSwarm } from "../swarm/support.ts";

const FACTS = {
  settings: {
    ...newTransferSettings("/downloads", 5),
    downloadedBytes: 1_000,
    uploadedBytes: 2_000,
    wastedBytes: 3,
  },
  summary: null,
  announces: [],
  webSeeds: [],
  log: [],
  queuePosition: null,
};

/** A transfer of a swarm by hand, with what a row looks at. */
function fake(hand: HandSwarm, more: object = {}): Transfer {
  const { layout, swarm } = hand;
  return {
    metainfo: {
      name: "name",
      length: layout.length,
      pieceLength: layout.pieceLength,
      files: layout.files,
      private: false,
      announce: [],
    },
    layout,
    swarm,
    infoHash: "ab",
    mode: "download",
    given: Bitfield.empty(layout.pieceCount),
    down: new RateMeter(),
    up: new RateMeter(),
    history: new RateHistory(),
    downLimit: new TokenBucket(0),
    upLimit: new TokenBucket(0),
    heldBytes: swarm.states.held.count * layout.pieceLength,
    wastedBytes: 4,
    isDone: swarm.states.held.isFull,
    selection: new FileSelection(layout),
    connectedPeers: swarm.peers.size,
    checks: { checkedPieces: undefined },
    problem: undefined,
    ...more,
  } as unknown as Transfer;
}

const rowOf = (transfer: Transfer, now = 1_000) => transferRow(transfer, FACTS, now);

describe("the row of a transfer", () => {
  it.each([
    ["checking", { checks: { checkedPieces: 1 } }, "checked 1 of 4 pieces"],
    ["error", { problem: new StorageError("disk-full", "/d", "The disk is full.") }, "The disk is full."],
    ["paused", { mode: "paused" }, ""],
    ["paused", { mode: "paused", keptBytes: 2_000_000 }, "2.0 MB of begun pieces are kept"],
    ["seeding", { mode: "hold" }, "shares the pieces it has; Enter downloads the rest"],
    ["waiting", {}, "no peer is connected"],
  ] as const)("says that it is %s, and why", (state, more, reason) => {
    expect(rowOf(fake(new HandSwarm({ held: [0] }), more))).toMatchObject({ state, reason });
  });

  it("tells a peer that has what is missing from one that has not", () => {
    const hand = new HandSwarm({ held: [0] });
    hand.join(1, [0]);
    expect(rowOf(fake(hand))).toMatchObject({ state: "waiting", reason: "no connected peer has a missing piece" });
    hand.say(1, { type: "have", index: 1 });
    expect(rowOf(fake(hand)).state).toBe("downloading");
    expect(rowOf(fake(new HandSwarm({ held: "all" })))).toMatchObject({ state: "seeding", reason: "" });
  });

  it("draws a cell for each piece: held, given, arriving, verifying, missing", () => {
    const hand = new HandSwarm({ pieceCount: 5, held: [0, 1] });
    hand.join(1, [2, 3]);
    hand.say(1, { type: "unchoke" });
    hand.deliver(1, 2, 0);
    hand.deliver(1, 3, 0);
    hand.deliver(1, 3, 1);
    const given = Bitfield.of(5, [1]);
    expect(rowOf(fake(hand, { given }))).toMatchObject({ pieceMap: "hgavm", availabilityMap: "00110" });
    hand.handle({ type: "peer-left", peer: 1 });
    expect(rowOf(fake(hand, { given })).pieceMap).toBe("hgmvm");
  });

  it("has at most 1 024 cells, each for its share of the pieces", () => {
    const held = Array.from({ length: 1_500 }, (_, i) => i);
    const { pieceMap, availabilityMap } = rowOf(fake(new HandSwarm({ pieceCount: 3_000, blocksPerPiece: 1, held })));
    expect([pieceMap.length, availabilityMap.length]).toEqual([MAP_CELLS, MAP_CELLS]);
    expect(pieceMap).toMatch(/^h{512}m{512}$/);
  });

  it("shows a piece that arrives in the cell that has its share", () => {
    for (const pieceCount of [1_025, 2_500, 3_000]) {
      for (const index of [0, 1, 2, 777, 1_023, 1_024, pieceCount - 1]) {
        const hand = new HandSwarm({ pieceCount });
        hand.join(1, [index]);
        hand.say(1, { type: "unchoke" });
        hand.deliver(1, index, 0);
        const cell = rowOf(fake(hand)).pieceMap.indexOf("a");
        const start = (n: number) => Math.floor((n * pieceCount) / MAP_CELLS);
        expect(start(cell)).toBeLessThanOrEqual(index);
        expect(start(cell + 1)).toBeGreaterThan(index);
      }
    }
  });

  it("adds what earlier runs moved, and tells how long it will take", () => {
    const down = new RateMeter();
    down.add(3_000_000, 1_000);
    const hand = new HandSwarm({ held: [0] });
    hand.join(1, "all");
    const row = rowOf(fake(hand, { down }));
    expect(row).toMatchObject({ downloadedBytes: 3_001_000, uploadedBytes: 2_000, wastedBytes: 7 });
    expect(row.secondsLeft).toBe(Math.ceil((3 * hand.layout.pieceLength) / row.downBytesPerSecond));
    expect(row.ratio).toBe(0.02);
    expect(rowOf(fake(hand)).secondsLeft).toBeNull();
  });

  it("is as long as the files that people see", () => {
    const files = [
      { path: ["one"], length: 10, offset: 0 },
      { path: [".pad", "16374"], length: 16_374, offset: 10, padding: true as const },
      { path: ["two"], length: 5, offset: 16_384 },
    ];
    const layout = new PieceLayout({ length: 16_389, pieceLength: 16_384, files });
    const hand = new HandSwarm({ pieceCount: 2, held: [0, 1] });
    const row = rowOf(fake(hand, { layout, selection: new FileSelection(layout), heldBytes: 16_389 }));
    expect(row).toMatchObject({ length: 15, heldBytes: 15, wantedBytes: 15, wantedHeldBytes: 15, fileCount: 2 });
  });

  it("has less time left with each block that arrives, not with whole pieces alone", () => {
    const down = new RateMeter();
    down.add(3_000, 1_000);
    const hand = new HandSwarm({ pieceCount: 1, blocksPerPiece: 4 });
    hand.join(1, "all");
    hand.say(1, { type: "unchoke" });
    hand.deliver(1, 0, 0);
    const row = rowOf(fake(hand, { down }));
    expect(row.wantedHeldBytes).toBe(0);
    expect(row.secondsLeft).toBe(Math.ceil(((3 / 4) * hand.layout.pieceLength) / row.downBytesPerSecond));
  });

  it("counts what is held of each file, of a thousand files at most", () => {
    const hand = new HandSwarm({ pieceCount: 4, held: [1] });
    const { pieceLength } = hand.layout;
    const files = [
      { path: ["a"], length: pieceLength + 10, offset: 0 },
      { path: ["d", "\x1b[1mb"], length: 3 * pieceLength - 10, offset: pieceLength + 10 },
      ...Array.from({ length: MAX_LISTED_FILES }, (_, i) => ({ path: [`e${i}`], length: 0, offset: 4 * pieceLength })),
    ];
    const layout = new PieceLayout({ length: 4 * pieceLength, pieceLength, files });
    const metainfo = { name: "n", length: layout.length, pieceLength, files, private: false, announce: [] };
    const row = rowOf(fake(hand, { layout, metainfo }));
    expect(row.files).toHaveLength(MAX_LISTED_FILES);
    expect(row.fileCount).toBe(MAX_LISTED_FILES + 2);
    expect([row.files[0]!.heldBytes, row.files[1]!.heldBytes, row.files[2]!.heldBytes]).toEqual([
      10,
      pieceLength - 10,
      0,
    ]);
    expect(row.files[1]!.path).not.toContain("\x1b");
  });
});

describe("the row of a peer", () => {
  it("says that others download first, and when its turn comes", () => {
    const row = transferRow(fake(new HandSwarm(), { isQueued: true }), { ...FACTS, queuePosition: 3 }, 1_000);
    expect(row).toMatchObject({ state: "queued", reason: "waits for its turn", queuePosition: 3 });
  });

  it("counts the copies among its peers as libtorrent does", () => {
    const hand = new HandSwarm({ pieceCount: 4 });
    expect(rowOf(fake(hand)).availability).toBe(0);
    hand.join(1, [0, 2]);
    expect(rowOf(fake(hand)).availability).toBe(0.5);
    hand.join(2, "all");
    expect(rowOf(fake(hand)).availability).toBe(1.5);
    hand.join(3, [1, 3]);
    expect(rowOf(fake(hand)).availability).toBe(2);
  });

  it("tells the time left by the mean of half a minute, and shows what moved in each second", () => {
    const hand = new HandSwarm({ pieceCount: 4 });
    hand.join(1, "all");
    const transfer = fake(hand);
    const left = 4 * hand.layout.pieceLength;
    transfer.down.add(1e9, 1_000);
    transfer.history.endSecond(0, 0);
    transfer.history.endSecond(left / 8, 0);
    transfer.history.endSecond(3 * (left / 8), 5);
    expect(rowOf(transfer)).toMatchObject({
      secondsLeft: 4,
      meanDownBytesPerSecond: left / 4,
      downHistory: [left / 8, 3 * (left / 8)],
      upHistory: [0, 5],
    });
  });

  it("shows what came of each announce URL", () => {
    const announces = [
      {
        tracker: "http://a:1",
        tier: 0,
        state: "failing",
        problem: "It did not \x1b[1manswer.",
        nextAt: Date.UTC(2026, 0, 1),
        seeds: null,
        leechers: null,
      },
    ] as const;
    const { trackers } = transferRow(fake(new HandSwarm()), { ...FACTS, announces }, 1_000);
    expect(trackers).toMatchObject([
      { address: "http://a:1", tier: 0, state: "failing", nextAnnounceAt: Date.UTC(2026, 0, 1) },
    ]);
    // Nothing in it counts down: a row in which nothing happens stays the same.
    expect(transferRow(fake(new HandSwarm()), { ...FACTS, announces }, 5_000).trackers).toEqual(trackers);
    expect(trackers[0]!.problem).not.toContain("\x1b");
  });

  it("tells of a web server that gives nothing, and why nothing comes when there is nobody else", () => {
    const problem = "nobody answers at a:81";
    const web = {
      tracker: "web a:81",
      tier: 0,
      state: "failing",
      problem,
      nextAt: 7_000,
      seeds: null,
      leechers: null,
    } as const;
    const row = transferRow(fake(new HandSwarm()), { ...FACTS, webSeeds: [web] }, 0);
    expect(row.trackers).toMatchObject([{ address: "web a:81", problem }]);
    expect([row.state, row.reason]).toEqual(["waiting", "no peer; nobody answers at a:81"]);
  });

  it("says why nothing moves", () => {
    const hand = new HandSwarm({ pieceCount: 2, held: [0] });
    hand.join(1);
    const idle = () => rowOf(fake(hand)).peers[0]!.idle;
    expect(idle()).toBe("has no piece we lack");
    hand.say(1, { type: "have", index: 1 });
    expect(idle()).toBe("choked by it");
    hand.say(1, { type: "unchoke" });
    expect(idle()).toBe("waiting for its blocks");
    hand.pass(25_000);
    expect(idle()).toBe("it stalls: its blocks are asked of others");
  });

  it("shows the piece that arrives, what it holds, and its name without escapes", () => {
    const hand = new HandSwarm({ pieceCount: 2, blocksPerPiece: 4 });
    hand.join(1, [1]);
    hand.say(1, { type: "extended-handshake", handshake: { extensions: new Map(), client: "\x1b[2Jevil" } });
    hand.say(1, { type: "unchoke" });
    hand.deliver(1, 1, 0);
    const [peer] = rowOf(fake(hand)).peers;
    expect(peer).toMatchObject({
      key: "1",
      address: "10.0.0.1:50001",
      via: "incoming",
      progress: 0.5,
      piece: 1,
      pieceFraction: 0.25,
      amInterested: true,
      peerChoking: false,
      idle: "",
    });
    expect(peer!.client).not.toContain("\x1b");
  });

  it("tells in letters what a peer and we do for one another", () => {
    const hand = new HandSwarm({ pieceCount: 2, blocksPerPiece: 4, held: [0] });
    hand.join(1, [1]);
    const flags = () => rowOf(fake(hand)).peers[0]!.flags;
    expect(flags()).toBe("dIFP");
    hand.say(1, { type: "unchoke" });
    hand.say(1, { type: "interested" });
    expect(flags()).toMatch(/^D[Uu]IFP$/);
    hand.pass(25_000);
    expect(flags()).toContain("S");
  });

  it("puts an IPv6 address into brackets", () => {
    expect([addressText({ host: "::1", port: 5 }), addressText({ host: "10.0.0.1", port: 5 })]).toEqual([
      "[::1]:5",
      "10.0.0.1:5",
    ]);
  });
});
