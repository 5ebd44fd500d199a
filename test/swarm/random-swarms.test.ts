// Swarms from seeds, peers and disks that fail among them. One that fails is replayed by `npm run simulate -- --seed N --peers P`.
import { describe, expect, it } from "vitest";
import { type RandomSwarmOptions, runRandomSwarm } from "../helpers/random-swarm.ts";

function run(options: RandomSwarmOptions): void {
  const { problems } = runRandomSwarm(options);
  const replay = `npm run simulate -- --seed ${options.seed} --peers ${options.peers} --pieces ${options.pieceCount}`;
  expect(problems, replay).toEqual([]);
}

describe("random swarms", () => {
  it.each(Array.from({ length: 20 }, (_, n) => [10 * n, 10 * n + 9]))(
    "of seeds %d to %d all finish, whatever stalls, spoils, lies, leaves or fails in them, and ban nobody honest",
    (first, last) => {
      for (let seed = first; seed <= last; seed++) run({ seed, peers: 6 + (seed % 15), pieceCount: 30 });
    },
  );

  it("of 300 peers finish too", { timeout: 60_000 }, () => run({ seed: 1, peers: 300, pieceCount: 20 }));

  it("are the same swarm for the same seed, move for move", () => {
    const options = { seed: 7, peers: 15, pieceCount: 30 };
    expect(runRandomSwarm(options)).toEqual(runRandomSwarm(options));
    expect(runRandomSwarm({ ...options, seed: 8 })).not.toEqual(runRandomSwarm(options));
  });
});
