// Peers that say anything, in any order. What they say is allowed; what it makes of a swarm must not matter to the others.
import { expect, test } from "vitest";
import { Simulation } from "../helpers/simulation.ts";

const SEEDS = process.env["STA_LONG"] ? 1_000 : 60;

/** For these an honest peer may be let go. */
const FAIR: ReadonlySet<string> = new Set(["connected twice", "neither wants anything of the other"]);

test("who says anything keeps nobody from what an honest seeder has", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const simulation = new Simulation({ seed, pieceCount: 20, lastPieceLength: 9_999, exchangesPeers: seed % 2 === 0 });
    simulation.add("seeder", { held: "all", upBytesPerSecond: 300_000 });
    const honest = [0, 1, 2].map((n) => simulation.add(`honest${n}`, { held: n === 0 ? [1, 2, 3] : "nothing" }));
    for (let n = 0; n < 4; n++) {
      const held = n === 0 ? "all" : n === 1 ? [0, 5, 6] : "nothing";
      simulation.add(`babbler${n}`, { held, behaviour: { babbles: 2 + ((seed * 7 + n * 13) % 40) } });
    }
    for (const node of simulation.nodes.values()) simulation.introduce(node);
    // Who was cut comes again.
    const hear = () => {
      for (const node of simulation.nodes.values()) simulation.introduce(node);
      simulation.after(20_000, hear);
    };
    simulation.after(20_000, hear);
    const done = simulation.run(900, () => honest.every((node) => node.isComplete));
    const held = honest.map(({ swarm }) => swarm.states.held.count);
    expect(done, `seed ${seed}: not whole, but ${held.join(", ")} pieces`).toBe(true);
    for (const node of honest) {
      expect(
        [...node.banned].filter((name) => !name.startsWith("babbler")),
        `seed ${seed}`,
      ).toEqual([]);
      const cut = node.disconnects.filter(
        ({ node: other, reason }) => !other.startsWith("babbler") && !FAIR.has(reason),
      );
      expect(cut, `seed ${seed}`).toEqual([]);
    }
  }
});
