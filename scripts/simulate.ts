// npm run simulate: swarms on virtual time. `--seed N [--count K] [--peers P] [--pieces C]` replays random ones, whatever fails in them;
// with `--peers 6-20` their sizes differ from seed to seed.
// `--push` measures how long a fresh file takes to N peers, pulled and pushed.
import { parseArgs } from "node:util";
import { runPushRace, WAYS } from "../test/helpers/push-race.ts";
import { runRandomSwarm } from "../test/helpers/random-swarm.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0" },
    count: { type: "string", default: "1" },
    peers: { type: "string", default: "300" },
    pieces: { type: "string", default: "30" },
    push: { type: "boolean", default: false },
  },
});

if (values.push) racePushes();
else replay(Number(values.seed), Number(values.count), values.peers.split("-").map(Number), Number(values.pieces));

function replay(first: number, count: number, [fewest = 1, most = fewest]: number[], pieceCount: number): void {
  let failed = 0;
  for (let seed = first; seed < first + count; seed++) {
    const startedAt = performance.now();
    const peers = fewest + (seed % (most - fewest + 1));
    const result = runRandomSwarm({ seed, peers, pieceCount });
    const { problems, virtualSeconds, bannedNodes, diskFaults } = result;
    const share = (result.receivedBytes / result.wantedBytes).toFixed(3);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const outcome = problems.length === 0 ? "done" : problems.join("; ");
    console.log(
      `seed ${seed}, ${peers} peers: ${outcome}; ${virtualSeconds} virtual s, received ${share} x, ${bannedNodes} banned, ` +
        `${diskFaults} disk faults; took ${seconds} s`,
    );
    if (problems.length > 0) failed++;
  }
  console.log(`${count - failed} of ${count} swarms are done.`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function racePushes(): void {
  for (const peers of [1, 4, 16]) {
    for (const way of WAYS) {
      const runs = Array.from({ length: 5 }, (_, seed) => runPushRace({ peers, way, seed }));
      const seconds = runs.map((run) => run.seconds).toSorted((a, b) => a - b)[2]!;
      const twice = Math.max(...runs.map((run) => run.twice));
      console.log(`${peers} peers, ${way}: whole in ${seconds} s, received twice ${(100 * twice).toFixed(2)} %`);
    }
  }
}
