// npm run bench -- [--pairs 5] [--size 1GiB] [--only TEXT] [--part N]: how fast sta is, beside the clients that are installed, in one table.
// All rows of a part run in turn, A B C, A B C, so that whatever else the machine does meets them alike. It never fails by time.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { parseSize } from "../../source/commands/sizes.ts";
import { Lab } from "../helpers/processes.ts";
import { checkWithOpenssl, checkWithSta } from "./check.ts";
import { CLIENTS, type ClientName } from "./clients.ts";
import { goalsText } from "./goals.ts";
import { idle } from "./idle.ts";
import { type LoadPlan, Loads } from "./load.ts";
import { loadText, machineLine } from "./machine.ts";
import type { Plan, Run } from "./run.ts";
import { tableText } from "./table.ts";
import { swarm, transfer } from "./transfer.ts";
import { webtorrentScript } from "./webtorrent.ts";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1GiB" },
    pairs: { type: "string", default: "5" },
    only: { type: "string", multiple: true },
    part: { type: "string", multiple: true },
  },
});

const size = parseSize(values.size, "--size");
const below = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const lab = await Lab.open(undefined, below);
const loads = new Loads(lab);

const WHOLE: LoadPlan = { name: "whole", bytes: size, pieceLength: "512KiB" };
const SMALL_FILES: LoadPlan = { name: "small-files", bytes: 20_000 * 8_000, pieceLength: "512KiB", files: 20_000 };
const SMALL_PIECES: LoadPlan = { name: "small-pieces", bytes: size / 4, pieceLength: "16KiB" };
const LARGE_PIECES: LoadPlan = { name: "large-pieces", bytes: size, pieceLength: "16MiB" };
const LARGE: LoadPlan = { name: "large", bytes: 4 * size, pieceLength: "512KiB" };

const needsOf = (...names: ClientName[]) =>
  names.map((name) => CLIENTS[name].probe).filter((probe) => probe !== undefined);

function pair(from: ClientName, to: ClientName, load: LoadPlan, baseline?: string): Plan {
  const name = `${from} -> ${to}${load === WHOLE ? "" : `, ${load.name}`}`;
  const run = async () => transfer({ from, to }, await loads.get(load), below);
  return { name, run, needs: needsOf(from, to), ...(baseline !== undefined && { baseline }) };
}

function several(client: ClientName, baseline?: string): Plan {
  const run = async () => swarm(client, 4, await loads.get(WHOLE), below);
  return { name: `${client} -> 4 ${client}`, run, needs: needsOf(client), ...(baseline !== undefined && { baseline }) };
}

function parts(): readonly (readonly Plan[])[] {
  const all: Plan[][] = [
    [
      pair("lt", "lt", WHOLE),
      pair("sta", "sta", WHOLE, "lt -> lt"),
      pair("lt", "sta", WHOLE, "lt -> lt"),
      pair("sta", "lt", WHOLE, "lt -> lt"),
      pair("lt", "aria2", WHOLE, "lt -> lt"),
      pair("sta", "aria2", WHOLE, "lt -> lt"),
    ],
    [several("lt"), several("sta", "lt -> 4 lt")],
    ...[SMALL_FILES, SMALL_PIECES, LARGE_PIECES].map((load) => [
      pair("lt", "lt", load),
      pair("sta", "sta", load, `lt -> lt, ${load.name}`),
      pair("lt", "sta", load, `lt -> lt, ${load.name}`),
    ]),
    [
      {
        name: "openssl sha1",
        run: () => checkWithOpenssl(LARGE.bytes, below),
        needs: [["openssl", "version"]],
      },
      { name: "sta check", baseline: "openssl sha1", run: async () => checkWithSta(await loads.get(LARGE), below) },
    ],
    [
      { name: "an idle sta", run: () => idle(0, below) },
      { name: "1 000 idle torrents", run: () => idle(1_000, below) },
    ],
  ];
  if (webtorrentScript() === undefined) console.log("cannot be installed, and left out: webtorrent");
  else all[0]!.push(pair("lt", "webtorrent", WHOLE, "lt -> lt"));
  return all;
}

function isThere(probe: readonly [string, ...string[]]): boolean {
  const [file, ...args] = probe;
  const found = spawnSync(file, args, { stdio: "ignore" }).status === 0;
  if (!found) console.log(`not installed, and left out: ${file} ${args.join(" ")}`);
  return found;
}

const isWanted = ({ name }: Plan) => !values.only || values.only.some((wanted) => name.includes(wanted));

try {
  console.log(machineLine());
  console.log(`${values.size} in ${below}, pieces of 512 KiB unless said, ${values.pairs} runs; median (range)`);
  const results = new Map<string, Run[]>();
  for (const [number, part] of parts().entries()) {
    if (values.part && !values.part.includes(String(number))) continue;
    const plans = part.filter((plan) => isWanted(plan) && (plan.needs ?? []).every(isThere));
    for (const { name } of plans) results.set(name, []);
    for (let turn = 1; turn <= Number(values.pairs); turn++) {
      for (const { name, run } of plans) {
        const result = await run();
        results.get(name)!.push(result);
        console.log(`${turn}/${values.pairs} ${name}: ${result.wall.toFixed(2)} s`);
      }
    }
  }
  const baselines = new Map(parts().flatMap((part) => part.map(({ name, baseline }) => [name, baseline])));
  const rows = Array.from(results, ([name, runs]) => ({
    name,
    runs,
    baseline: results.get(baselines.get(name) ?? ""),
  }));
  console.log(`\n${tableText(rows)}\n\nx: to the lt -> lt or openssl of the same part.\n\n${goalsText(results)}\n`);
  console.log(`Load at the end: ${loadText()}`);
} finally {
  await lab.close();
}
