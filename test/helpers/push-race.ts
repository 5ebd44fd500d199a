// A fresh file of one slow seeder, on its way to N peers: pulled as in BitTorrent, given by sta_push as well, or only given.
import { BLOCK_BYTES } from "../../source/metainfo/piece-layout.ts";
import { Simulation } from "./simulation.ts";

export const WAYS = ["pulled", "pulled and pushed", "pushed"] as const;
export type Way = (typeof WAYS)[number];

export interface PushRaceResult {
  /** Virtual seconds until it is whole on every peer. */
  readonly seconds: number;
  /** Share of the received bytes that were of no use. */
  readonly twice: number;
  readonly done: boolean;
}

/** 100 pieces of 256 KiB; the seeder sends 1 MB/s, the peers as much each, 25 ms one way. */
export function runPushRace(options: {
  readonly peers: number;
  readonly way: Way;
  readonly seed: number;
}): PushRaceResult {
  const { peers, way, seed } = options;
  const simulation = new Simulation({ seed, pieceCount: 100, pieceLength: 16 * BLOCK_BYTES, delayMs: 25 });
  const upBytesPerSecond = 1_000_000;
  const seeder = simulation.add("seeder", { held: "all", upBytesPerSecond });
  const nodes = Array.from({ length: peers }, (_, n) =>
    simulation.add(`peer${n}`, { held: "nothing", upBytesPerSecond, download: way !== "pushed" }),
  );
  for (const node of nodes) simulation.introduce(node);
  if (way !== "pulled") seeder.handle({ type: "give", count: 1, keep: true });
  const startedAt = simulation.now;
  const done = simulation.run(3_600, () => nodes.every((node) => node.isComplete));
  const received = nodes.reduce((sum, node) => sum + node.receivedBytes, 0);
  return {
    seconds: Math.round((simulation.now - startedAt) / 100) / 10,
    twice: received / (peers * simulation.layout.length) - 1,
    done,
  };
}
