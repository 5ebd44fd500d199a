// npm run simulate -- --seed N [--count K] [--peers P] [--pieces C]: replays random swarms on virtual time and says what came of each.
import { parseArgs } from "node:util";
import { runRandomSwarm } from "../test/helpers/random-swarm.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "0" },
    count: { type: "string", default: "1" },
    peers: { type: "string", default: "300" },
    pieces: { type: "string", default: "30" },
  },
});
const [seed, count, peers, pieceCount] = [values.seed, values.count, values.peers, values.pieces].map(Number) as [
  number,
  number,
  number,
  number,
];
let failed = 0;
for (let n = seed; n < seed + count; n++) {
  const startedAt = performance.now();
  const result = runRandomSwarm({ seed: n, peers, pieceCount });
  const share = (result.receivedBytes / result.wantedBytes).toFixed(3);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const summary = `${result.virtualSeconds} virtual s, received ${share} x, ${result.bannedNodes} banned, ${result.diskFaults} disk faults`;
  console.log(
    `seed ${n}: ${result.problems.length === 0 ? "done" : result.problems.join("; ")}; ${summary}; took ${seconds} s`,
  );
  if (result.problems.length > 0) failed++;
}
console.log(`${count - failed} of ${count} swarms of ${peers} peers are done.`);
process.exitCode = failed > 0 ? 1 : 0;
