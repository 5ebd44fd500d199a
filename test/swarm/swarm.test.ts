import { describe, expect, it } from "vitest";
import { STALL_MS } from "../../source/swarm/limits.ts";
import { Simulation, type SimulatedNode } from "../helpers/simulation.ts";
import { HandSwarm } from "./support.ts";

describe("a swarm", () => {
  it("brings a file from one seeder to one leecher, each block once", () => {
    const simulation = new Simulation({ seed: 1, pieceCount: 50, lastPieceLength: 5 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.add("seeder", { held: "all" });
    simulation.introduce(leecher);
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
    expect(leecher.receivedBytes).toBe(simulation.layout.length);
  });

  it("uses every seeder's bandwidth and wastes less than 2 % in endgame", () => {
    const simulation = new Simulation({ seed: 2, pieceCount: 400 });
    for (let i = 0; i < 5; i++) simulation.add(`seeder${i}`, { held: "all", upBytesPerSecond: (i + 1) * 200_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
    const ideal = (simulation.layout.length / (15 * 200_000)) * 1_000;
    expect(leecher.completedAt! - 1_000).toBeLessThan(1.25 * ideal + 1_000);
    expect(leecher.receivedBytes).toBeLessThan(1.02 * simulation.layout.length);
  });

  it("lets leechers feed each other: ten of them finish in far less than ten times the seeder's time", () => {
    const simulation = new Simulation({ seed: 3, pieceCount: 200 });
    simulation.add("seeder", { held: "all", upBytesPerSecond: 1_000_000 });
    const leechers = addLeechers(simulation, 10);
    expect(simulation.run(600, () => leechers.every((node) => node.isComplete))).toBe(true);
    const alone = (simulation.layout.length / 1_000_000) * 1_000;
    expect(Math.max(...leechers.map((node) => node.completedAt!)) - 1_000).toBeLessThan(4 * alone);
  });

  it("that has all it wants gets nothing from anybody any more, and says so at once", () => {
    const leecher = new HandSwarm({ pieceCount: 2, blocksPerPiece: 1, held: [1] });
    leecher.join(1, [0]);
    leecher.say(1, { type: "unchoke" });
    leecher.deliver(1, 0, 0);
    const { down } = leecher.swarm.peers.get(1)!;
    expect(down.bytesPerSecond(leecher.now)).toBeGreaterThan(0);
    leecher.handle({ type: "piece-verified", index: 0, ok: true });
    expect(leecher.swarm.peers.has(1)).toBe(true);
    expect(down.bytesPerSecond(leecher.now)).toBe(0);
  });

  it("takes halves from two peers that have no whole", () => {
    const simulation = new Simulation({ seed: 4, pieceCount: 40 });
    const indexes = [...Array(40).keys()];
    simulation.add("first", { held: indexes.slice(0, 20), download: false });
    simulation.add("second", { held: indexes.slice(20), download: false });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
  });

  it("gives the requests of a peer that leaves in mid piece to others", () => {
    const simulation = new Simulation({ seed: 5, pieceCount: 100 });
    simulation.add("stays", { held: "all", upBytesPerSecond: 500_000 });
    const leaves = simulation.add("leaves", { held: "all", upBytesPerSecond: 500_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    simulation.run(2);
    leaves.leave();
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
    expect(leecher.receivedBytes).toBeLessThan(1.02 * simulation.layout.length + 4 * 65_536);
  });

  it("gives the requests of a peer that stalls to others within 20 s and drops it within 30 s", () => {
    const simulation = new Simulation({ seed: 6, pieceCount: 60 });
    simulation.add("stalls", { held: "all", behaviour: { stallsAfter: 1 } });
    simulation.add("slow", { held: "all", upBytesPerSecond: 400_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    expect(simulation.run(45, () => leecher.isComplete)).toBe(true);
    const alone = simulation.add("alone", { held: "nothing" });
    alone.handle({ type: "candidates", addresses: [simulation.nodes.get("stalls")!.address], source: "tracker" });
    simulation.run(31);
    expect(alone.disconnects[0]?.reason).toContain("sent none");
  });

  it("waits for a peer that has what is missing, and goes on when it comes", () => {
    const simulation = new Simulation({ seed: 7, pieceCount: 20 });
    simulation.add("half", { held: [...Array(10).keys()], download: false });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    expect(simulation.run(120, () => leecher.isComplete)).toBe(false);
    expect(leecher.swarm.states.held.count).toBe(10);
    simulation.add("seeder", { held: "all" });
    simulation.introduce(leecher);
    expect(simulation.run(10, () => leecher.isComplete)).toBe(true);
  });

  it("closes connections between two that have everything", () => {
    const simulation = new Simulation({ seed: 8, pieceCount: 5 });
    const one = simulation.add("one", { held: "all" });
    simulation.add("two", { held: "all" });
    simulation.introduce(one);
    simulation.run(5);
    expect(one.swarm.peers.size).toBe(0);
  });

  it("keeps one of two connections when both sides dial at once", () => {
    for (let seed = 0; seed < 10; seed++) {
      const simulation = new Simulation({ seed, pieceCount: 5 });
      const one = simulation.add(`one${seed}`, { held: "nothing" });
      const two = simulation.add(`two${9 - seed}`, { held: "nothing" });
      simulation.introduce(one);
      simulation.introduce(two);
      simulation.run(3);
      expect([one.swarm.peers.size, two.swarm.peers.size]).toEqual([1, 1]);
    }
  });

  it("never connects to itself", () => {
    const simulation = new Simulation({ seed: 9, pieceCount: 5 });
    const node = simulation.add("self", { held: "nothing" });
    node.handle({ type: "candidates", addresses: [node.address], source: "tracker" });
    simulation.run(600);
    expect(node.disconnects.filter(({ reason }) => reason === "it is ourselves").length).toBeLessThanOrEqual(2);
    expect(node.swarm.peers.size).toBe(0);
  });

  it("stops and goes on: paused it has no peers, afterwards it finishes", () => {
    const simulation = new Simulation({ seed: 10, pieceCount: 100 });
    simulation.add("seeder", { held: "all", upBytesPerSecond: 1_000_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    simulation.run(2);
    leecher.handle({ type: "set-active", download: false, upload: false });
    const held = leecher.swarm.states.held.count;
    simulation.run(30);
    expect(leecher.swarm.peers.size).toBe(0);
    expect(leecher.swarm.states.held.count - held).toBeLessThanOrEqual(1);
    leecher.handle({ type: "set-active", download: true, upload: true });
    simulation.introduce(leecher);
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
  });

  it("forgives silence while the machine was suspended", () => {
    const simulation = new Simulation({ seed: 11, pieceCount: 10 });
    simulation.add("half", { held: [0, 1], download: false });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    simulation.run(5);
    simulation.now += 7_200_000;
    simulation.run(1);
    expect(leecher.swarm.peers.size).toBe(1);
  });

  it("holds nothing against a peer that we do not read, and 30 s without a block once we do", () => {
    let read = false;
    const leecher = new HandSwarm({ isRead: () => read });
    leecher.join(1, "all");
    leecher.say(1, { type: "unchoke" });
    leecher.pass(400_000);
    expect(leecher.swarm.peers.get(1)?.requests.snubbed).toBe(false);
    read = true;
    leecher.pass(STALL_MS - 2_000);
    expect(leecher.swarm.peers.has(1)).toBe(true);
    leecher.pass(4_000);
    expect(leecher.swarm.peers.has(1)).toBe(false);
  });

  it("loses nothing to a peer that leaves 200 times in mid piece (P4)", () => {
    const simulation = new Simulation({ seed: 13, pieceCount: 400, delayMs: 5 });
    const restless = simulation.add("restless", { held: "all", upBytesPerSecond: 300_000 });
    simulation.add("stays", { held: "all", upBytesPerSecond: 300_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    simulation.run(1);
    let verified = 0;
    for (let times = 0; times < 200; times++) {
      for (const [key, { to }] of leecher.links) {
        if (to !== restless) continue;
        leecher.unlink(key);
        leecher.handle({ type: "peer-left", peer: key });
      }
      simulation.dialled(leecher, restless.address);
      simulation.run(0.25);
      expect(leecher.swarm.states.held.count).toBeGreaterThanOrEqual(verified);
      verified = leecher.swarm.states.held.count;
    }
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
  });

  it("finishes whichever write of the disk fails (D4), and when the disk is full for a while", () => {
    for (let failsAt = 1; failsAt <= 20; failsAt++) {
      const simulation = new Simulation({ seed: failsAt, pieceCount: 20 });
      simulation.add("seeder", { held: "all" });
      const leecher = simulation.add("leecher", { held: "nothing", disk: { failsAt } });
      simulation.introduce(leecher);
      expect(
        simulation.run(60, () => leecher.isComplete),
        `write ${failsAt}`,
      ).toBe(true);
      expect([leecher.diskFaults, leecher.banned.size]).toEqual([1, 0]);
    }
    const simulation = new Simulation({ seed: 1, pieceCount: 200 });
    simulation.add("seeder", { held: "all", upBytesPerSecond: 1_000_000 });
    const leecher = simulation.add("leecher", {
      held: "nothing",
      disk: { full: { from: 5, until: 60 }, writeMs: 200 },
    });
    simulation.introduce(leecher);
    simulation.run(58);
    expect(leecher.isComplete).toBe(false);
    // Looked at every 10 s, then 10 s for what is missing.
    expect(simulation.run(35, () => leecher.isComplete)).toBe(true);
  });

  it("drops a peer that is silent for 150 s, and keeps one that sends keep-alives", () => {
    const simulation = new Simulation({ seed: 12, pieceCount: 10 });
    const one = simulation.add("one", { held: "nothing" });
    const mute = simulation.add("mute", { held: "nothing" });
    simulation.introduce(one);
    simulation.run(400);
    expect(one.swarm.peers.size).toBe(1);
    mute.gone = true;
    simulation.run(155);
    expect(one.disconnects.at(-1)?.reason).toContain("silent");
  });
});

describe("a swarm with peers that lie", () => {
  it("is not held up by one that says it has everything and has nothing", () => {
    const simulation = new Simulation({ seed: 23, pieceCount: 50 });
    simulation.add("liar", { held: "nothing", download: false, behaviour: { lies: true } });
    simulation.add("seeder", { held: "all", upBytesPerSecond: 300_000 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    simulation.introduce(leecher);
    expect(simulation.run(60, () => leecher.isComplete)).toBe(true);
  });

  it("drops who asks outside the torrent, and who asks for more than 2 000 blocks at once", () => {
    const simulation = new Simulation({ seed: 24, pieceCount: 10 });
    const seeder = simulation.add("seeder", { held: "all", behaviour: { stallsAfter: 0 } });
    const peer = join(simulation, seeder);
    peer({ type: "interested" });
    peer({ type: "request", index: 9, begin: 0, length: 16_385 });
    expect(seeder.disconnects.at(-1)?.reason).toContain("request for 16385 bytes");
    const flooder = join(simulation, seeder);
    flooder({ type: "interested" });
    for (let i = 0; i < 2_000; i++) flooder({ type: "request", index: 0, begin: 0, length: 16_384 });
    expect(seeder.swarm.peers.size).toBe(1);
    flooder({ type: "request", index: 0, begin: 0, length: 16_384 });
    expect(seeder.disconnects.at(-1)?.reason).toContain("2000 requests");
  });

  it("drops who sends blocks that nobody asked for, after 64 of them", () => {
    const simulation = new Simulation({ seed: 25, pieceCount: 10 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    const peer = join(simulation, leecher);
    const block = { type: "piece", index: 0, begin: 0, data: new Uint8Array(16_384) } as const;
    for (let i = 0; i < 64; i++) peer(block);
    expect(leecher.swarm.peers.size).toBe(1);
    peer(block);
    expect(leecher.disconnects.at(-1)?.reason).toContain("nobody asked for");
    expect(leecher.swarm.states.held.count).toBe(0);
  });

  it("answers requests of a choked peer with reject and serves nothing", () => {
    const simulation = new Simulation({ seed: 26, pieceCount: 10 });
    const seeder = simulation.add("seeder", { held: "all" });
    const peer = join(simulation, seeder);
    const commands = peer({ type: "request", index: 0, begin: 0, length: 16_384 });
    expect(commands).toContainEqual(
      expect.objectContaining({ message: { type: "reject", index: 0, begin: 0, length: 16_384 } }),
    );
    expect(seeder.swarm.takeUploads(1, 1_000_000)).toEqual([]);
  });

  it("drops who chokes and unchokes more than 60 times a minute", () => {
    const simulation = new Simulation({ seed: 27, pieceCount: 10 });
    const leecher = simulation.add("leecher", { held: "nothing" });
    const peer = join(simulation, leecher);
    for (let i = 0; i < 61; i++) {
      peer({ type: "unchoke" });
      peer({ type: "choke" });
    }
    expect(leecher.disconnects.at(-1)?.reason).toContain("chokes and unchokes");
  });
});

function addLeechers(simulation: Simulation, count: number): SimulatedNode[] {
  const leechers = Array.from({ length: count }, (_, i) => simulation.add(`leecher${i}`, { held: "nothing" }));
  for (const leecher of leechers) simulation.introduce(leecher);
  return leechers;
}

/** A peer by hand: what it says goes in, the commands come out. */
function join(simulation: Simulation, node: SimulatedNode) {
  const key = node.nextKey();
  const other = new Simulation({ seed: key, pieceCount: 1 }).add(`hand${key}`, { held: "nothing" });
  node.connected(other, key, 1, true);
  const say = (message: Parameters<typeof node.swarm.handle>[0] & { type: "message" }) => {
    const commands = node.swarm.handle(message, simulation.now);
    for (const command of commands) {
      if (command.type === "disconnect") node.disconnects.push({ node: other.name, reason: command.reason });
    }
    return commands;
  };
  return (message: (Parameters<typeof node.swarm.handle>[0] & { type: "message" })["message"]) =>
    say({ type: "message", peer: key, message });
}
