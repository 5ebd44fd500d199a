// A random swarm from a seed: honest peers, and such as stall, spoil, leave and lie; disks that fail, are slow or full. FAULTS.md calls it P10.
import { Simulation, type Disk, type NodeOptions, type SimulatedNode } from "./simulation.ts";

export interface RandomSwarmOptions {
  readonly seed: number;
  /** Peers beside the one seeder that is honest and stays. */
  readonly peers: number;
  readonly pieceCount: number;
  /** Virtual seconds after which it is given up. */
  readonly seconds?: number;
}

export interface RandomSwarmResult {
  /** All honest leechers are whole. */
  readonly done: boolean;
  /** What is wrong, in words; empty when nothing is. */
  readonly problems: readonly string[];
  readonly virtualSeconds: number;
  readonly receivedBytes: number;
  /** Bytes of all that honest leechers fetched. */
  readonly wantedBytes: number;
  readonly diskFaults: number;
  readonly bannedNodes: number;
}

const STALL = 0.1;
const SPOIL = 0.05;
const LEAVE = 0.1;
const LIE = 0.05;

/** Runs it on virtual time. The same seed is the same swarm, move for move. */
export function runRandomSwarm(options: RandomSwarmOptions): RandomSwarmResult {
  const { seed, peers, pieceCount, seconds = 3_600 } = options;
  const simulation = new Simulation({
    seed,
    pieceCount,
    delayMs: 5 + (seed % 120),
    lastPieceLength: 1 + (seed % 9_999),
  });
  const { random } = simulation;
  simulation.add("seeder", { held: "all", upBytesPerSecond: 2_000_000 });
  const honest: SimulatedNode[] = [];
  const dishonest = new Set<string>();
  for (let n = 0; n < peers; n++) {
    const kind = random();
    const name = `peer${n}`;
    const node = simulation.add(name, optionsOf(kind, random));
    if (kind < STALL + SPOIL + LIE) dishonest.add(name);
    else if (kind < STALL + SPOIL + LIE + LEAVE) simulation.after(random() * 60_000, () => node.leave());
    else honest.push(node);
  }
  for (const node of simulation.nodes.values()) simulation.introduce(node, 40);
  const lacking = honest.filter((node) => !node.isComplete).length;
  const startedAt = simulation.now;
  // Who loses all its peers hears of others now and then, as from a tracker.
  const hear = () => {
    for (const node of honest) if (!node.isComplete) simulation.introduce(node, 40);
    simulation.after(30_000, hear);
  };
  simulation.after(30_000, hear);
  const done = simulation.run(seconds, () => honest.every((node) => node.isComplete));
  const nodes = [...simulation.nodes.values()];
  const problems = done
    ? []
    : [`${honest.filter((node) => !node.isComplete).length} of ${honest.length} are not whole`];
  for (const node of honest) {
    for (const name of node.banned)
      if (!dishonest.has(name)) problems.push(`${node.name} banned ${name}, which is honest`);
  }
  return {
    done,
    problems,
    virtualSeconds: Math.round((simulation.now - startedAt) / 1_000),
    receivedBytes: honest.reduce((sum, node) => sum + node.receivedBytes, 0),
    wantedBytes: lacking * simulation.layout.length,
    diskFaults: nodes.reduce((sum, node) => sum + node.diskFaults, 0),
    bannedNodes: new Set(nodes.flatMap((node) => [...node.banned])).size,
  };
}

function optionsOf(kind: number, random: () => number): NodeOptions {
  const held = random() < 0.2 ? "all" : "nothing";
  const upBytesPerSecond = 50_000 + random() * 2_000_000;
  if (kind < STALL) return { held: "all", behaviour: { stallsAfter: Math.floor(random() * 20) } };
  if (kind < STALL + SPOIL) return { held: "all", upBytesPerSecond, behaviour: { spoils: random() < 0.5 ? 1 : 0.05 } };
  if (kind < STALL + SPOIL + LIE) return { held: "nothing", download: false, behaviour: { lies: true } };
  return { held, upBytesPerSecond, disk: diskOf(random) };
}

function diskOf(random: () => number): Disk {
  const kind = random();
  if (kind < 0.1) return { failsAt: 1 + Math.floor(random() * 20) };
  if (kind < 0.15) return { full: { from: 2, until: 2 + random() * 40 } };
  return kind < 0.25 ? { writeMs: 200 } : {};
}
