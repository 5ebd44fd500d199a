// npm run bench -- [--size 1GiB] [--pairs 5] [--only ROW]: one table of how fast sta is, beside the clients that are installed.
// All rows run in turn, A B C, A B C, so that whatever else the machine does meets them alike. It never fails by time.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { Lab } from "../helpers/processes.ts";
import { parseSize } from "../../source/commands/sizes.ts";
import { CLIENTS, type Load } from "./clients.ts";
import { checkWithOpenssl, checkWithSta } from "./check.ts";
import { loadText, machineLine } from "./machine.ts";
import { tableText } from "./table.ts";
import { type Pair, type Run, transfer } from "./transfer.ts";

interface Plan {
  readonly name: string;
  /** Row it is compared with. */
  readonly baseline?: string;
  readonly run: (load: Load, digest: string, below: string) => Promise<Run>;
  /** Programs it needs. */
  readonly needs: readonly (readonly [string, ...string[]] | undefined)[];
}

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "1GiB" },
    pairs: { type: "string", default: "5" },
    only: { type: "string", multiple: true },
  },
});

function pair(from: Pair["from"], to: Pair["to"], baseline?: string): Plan {
  const name = `${from} -> ${to}`;
  const run: Plan["run"] = (load, digest, below) => transfer({ name, from, to }, load, digest, below);
  return { name, run, needs: [CLIENTS[from].probe, CLIENTS[to].probe], ...(baseline !== undefined && { baseline }) };
}

const PLANS: readonly Plan[] = [
  pair("lt", "lt"),
  pair("sta", "sta", "lt -> lt"),
  pair("lt", "sta", "lt -> lt"),
  pair("sta", "lt", "lt -> lt"),
  pair("lt", "aria2", "lt -> lt"),
  pair("sta", "aria2", "lt -> lt"),
  {
    name: "openssl sha1",
    run: (load, _digest, below) => checkWithOpenssl(load, below),
    needs: [["openssl", "version"]],
  },
  { name: "sta check", baseline: "openssl sha1", run: (load, _digest, below) => checkWithSta(load, below), needs: [] },
];

function isThere(probe: Plan["needs"][number]): boolean {
  if (!probe) return true;
  const [file, ...args] = probe;
  const found = spawnSync(file, args, { stdio: "ignore" }).status === 0;
  if (!found) console.log(`not installed, and left out: ${file} ${args.join(" ")}`);
  return found;
}

const below = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const bytes = parseSize(values.size, "--size");
const pairs = Number(values.pairs);
const plans = PLANS.filter(({ name }) => !values.only || values.only.some((wanted) => name.includes(wanted))).filter(
  ({ needs }) => needs.every(isThere),
);

const lab = await Lab.open(undefined, below);
try {
  console.log(machineLine());
  console.log(`${values.size} in ${below}, 512 KiB pieces, ${pairs} runs of each row in turn; median (range)`);
  const load: Load = { folder: lab.path("here"), name: "load.bin", torrent: lab.path("load.torrent"), bytes };
  await writeFileOf(`${load.folder}/${load.name}`, bytes, "bench");
  const flags = ["-o", load.torrent, "--piece-length", "512KiB", "--json"];
  await lab.sta("create", ["create", `${load.folder}/${load.name}`, ...flags]).json("created", undefined, 120_000);
  const digest = await digestOf(`${load.folder}/${load.name}`);
  const results = new Map<string, Run[]>(plans.map(({ name }) => [name, []]));
  for (let turn = 1; turn <= pairs; turn++) {
    for (const { name, run } of plans) {
      const result = await run(load, digest, below);
      results.get(name)!.push(result);
      console.log(`${turn}/${pairs} ${name}: ${result.wall.toFixed(2)} s`);
    }
  }
  const rows = plans.map(({ name, baseline }) => {
    const runs = results.get(name)!;
    return { name, runs, baseline: baseline === undefined ? undefined : results.get(baseline) };
  });
  console.log(`\n${tableText(rows)}\n\nx: to lt -> lt, or to openssl sha1. Load at the end: ${loadText()}`);
} finally {
  await lab.close();
}
