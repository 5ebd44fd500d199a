// npm run bench:lines -- [--rounds 5] [--size 64MiB] [--only TEXT] [--clients sta,lt] [--congestion cubic]: sta over bad lines, beside one
// plain TCP connection over the same line. All of a line run in turn. Needs root.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { parseSize } from "../../source/commands/sizes.ts";
import { Lab } from "../helpers/processes.ts";
import type { ClientName } from "./clients.ts";
import { canMakeLines, type Line, overLine, plainTcp } from "./link.ts";
import { Loads } from "./load.ts";
import { loadText, machineLine } from "./machine.ts";
import type { Run } from "./run.ts";
import { median } from "./table.ts";
import { transfer } from "./transfer.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    size: { type: "string", default: "64MiB" },
    only: { type: "string", multiple: true },
    clients: { type: "string", default: "sta" },
    congestion: { type: "string" },
  },
});

/** Near and far, without loss and with more and more of it; and two where packets overtake others. */
const LINES: readonly Omit<Line, "megabits">[] = [
  ...[0.01, 0.05, 0.1].map((loss) => ({ delayMs: 10, loss, jitterMs: 0 })),
  ...[0, 0.01, 0.05, 0.1].map((loss) => ({ delayMs: 100, loss, jitterMs: 0 })),
  { delayMs: 10, loss: 0, jitterMs: 5 },
  { delayMs: 100, loss: 0, jitterMs: 20 },
];
const MEGABITS = 50;

if (!canMakeLines()) throw new Error("Lines are made of network namespaces: that needs root and /dev/net/tun.");
const size = parseSize(values.size, "--size");
const clients = values.clients.split(",") as ClientName[];
const below = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const lab = await Lab.open(undefined, below);

/** `40.1 (39.0-41.2)`: Mbit/s. */
function ratesText(runs: readonly Run[]): string {
  const rates = runs.map(({ wall }) => (size * 8) / wall / 1e6);
  return `${median(rates).toFixed(1)} (${Math.min(...rates).toFixed(1)}-${Math.max(...rates).toFixed(1)})`;
}

const timeOf = (runs: readonly Run[]) => median(runs.map(({ wall }) => wall));

try {
  const load = await new Loads(lab).get({ name: "for-lines", bytes: size, pieceLength: "512KiB" });
  console.log(machineLine());
  console.log(`${values.size} over ${MEGABITS} Mbit/s, ${values.rounds} rounds; Mbit/s, median (range)\n`);
  console.log(["line", "plain TCP", ...clients.flatMap((name) => [name, "x"])].join(" | "));
  for (const { delayMs, loss, jitterMs } of LINES) {
    const what = `${2 * delayMs} ms${jitterMs ? ` + 0-${2 * jitterMs} ms` : ""}, ${loss * 100} % lost`;
    if (values.only && !values.only.some((wanted) => what.includes(wanted))) continue;
    const { congestion } = values;
    const line = { megabits: MEGABITS, delayMs, loss, jitterMs, ...(congestion !== undefined && { congestion }) };
    const plain: Run[] = [];
    const others = clients.map((): Run[] => []);
    for (let round = 0; round < Number(values.rounds); round++) {
      plain.push(await overLine(line, below, (a, b) => plainTcp(size, a, b, below)));
      for (const [n, client] of clients.entries()) {
        const pair = { from: client, to: client };
        const run = await overLine(line, below, (a, b) =>
          transfer({ ...pair, seederAt: a, leecherAt: b }, load, below),
        );
        others[n]!.push(run);
      }
    }
    const cells = others.flatMap((runs) => [ratesText(runs), (timeOf(plain) / timeOf(runs)).toFixed(2)]);
    console.log([what, ratesText(plain), ...cells].join(" | "));
  }
  console.log(`\nLoad at the end: ${loadText()}`);
} finally {
  await lab.close();
}
