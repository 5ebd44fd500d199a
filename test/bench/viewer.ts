// npm run bench:viewer -- [--rounds 5] [--seconds 10]: what the viewer costs the machine and the line, and how fast it answers. It is `sta` as it
// is built, in a real pseudo terminal, on a scripted engine behind the control socket. It never fails by time.
import { spawn, type IPty } from "@lydell/node-pty";
import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import xterm from "@xterm/headless";
import type { EngineClient, EngineEvents, Snapshot } from "../../source/control/contract.ts";
import { ControlServer } from "../../source/control/server.ts";
import { controlSocketPath } from "../../source/control/socket-path.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { Lab, STA } from "../helpers/processes.ts";
import {
  busySnapshot,
  catalogueRow,
  peerRow,
  sampleSnapshot,
  ScriptedClient,
  transferRow,
} from "../helpers/scripted-client.ts";
import { cpuOf, loadText, machineLine } from "./machine.ts";
import { median } from "./table.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "10" } },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

const COLUMNS = 120;
const ROWS = 40;
/** What stands on the last line of a first frame. */
const LAST_LINE = "leave (transfers go on)";
/** Of what came before a measurement nothing is left after so long. */
const WARM_MS = 2000;
/** A frame is over when nothing was written for so long. */
const QUIET_MS = 70;
/** What of the screen keys change, and snapshots do not: the cursor, the focus, which part of a list is shown, the open tab. */
const STRUCTURE = /▌|┏ [^━]*|\[[a-z]+|[\d-]+ of [\d ]+(?= [━─]+[┛╯])/g;
/** Each of them changes the screen: through lists, panes, tabs, a menu, help. */
const KEYS = [
  "j",
  "j",
  "G",
  "k",
  "\u001b[5~",
  "g",
  "2",
  "j",
  "G",
  "g",
  "\r",
  "\t",
  "j",
  "G",
  "o",
  "\u001b",
  "?",
  "j",
  "q",
  "1",
];

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The viewer on an engine that shows what it is told. */
class Bench {
  readonly client: ScriptedClient;
  readonly pty: IPty;
  readonly startedAt = performance.now();
  bytes = 0;
  lastByteAt = 0;
  /** What keys change, and when it did so last. */
  structure = "";
  structureAt = 0;
  readonly #screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true, scrollback: 0 });
  #tail = "";

  private constructor(lab: Lab, client: ScriptedClient, flags: readonly string[]) {
    this.client = client;
    const env = lab.environment({ STA_HOME: lab.path("home"), TERM: "xterm-256color" });
    this.pty = spawn(process.execPath, [STA, ...flags], { cols: COLUMNS, rows: ROWS, cwd: lab.folder, env });
    this.pty.onData((data) => {
      const at = performance.now();
      this.lastByteAt = at;
      this.bytes += Buffer.byteLength(data);
      this.#tail = (this.#tail + data).slice(-20_000);
      this.#screen.write(data, () => this.#look(at));
    });
  }

  /** Runs `use` on a viewer whose first frame is there, and ends both. */
  static async with<Result>(
    snapshot: Snapshot,
    use: (bench: Bench) => Promise<Result>,
    ...flags: readonly string[]
  ): Promise<Result> {
    const lab = await Lab.open();
    const client = new ScriptedClient(snapshot);
    const engine: EngineClient & EngineEvents = Object.assign(client, { onEvent: () => () => undefined });
    await mkdir(lab.path("home"));
    const path = controlSocketPath(lab.path("home"), { STA_HOME: lab.path("home") });
    const server = await ControlServer.listen(path, engine);
    const bench = new Bench(lab, client, flags);
    try {
      await bench.shows(LAST_LINE);
      return await use(bench);
    } finally {
      bench.pty.kill("SIGKILL");
      await server.close();
      await lab.close();
    }
  }

  async shows(what: string): Promise<void> {
    for (const end = performance.now() + 10_000; !this.#tail.includes(what); await later(1))
      if (performance.now() > end) throw new Error(`the viewer never showed ${what}: ${JSON.stringify(this.#tail)}`);
  }

  #look(at: number): void {
    const buffer = this.#screen.buffer.active;
    const rows = Array.from({ length: ROWS }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? "");
    const structure = rows.flatMap((text, row) => (text.match(STRUCTURE) ?? []).map((part) => `${row} ${part}`)).join();
    if (structure === this.structure) return;
    this.structure = structure;
    this.structureAt = at;
  }

  async quiet(): Promise<void> {
    while (performance.now() - this.lastByteAt < QUIET_MS) await later(5);
  }
}

/** From the start of the command to the last byte of its first frame, in milliseconds. */
function firstFrame(): Promise<number> {
  return Bench.with(sampleSnapshot(), async (bench) => {
    await bench.quiet();
    return bench.lastByteAt - bench.startedAt;
  });
}

async function versionMs(): Promise<number> {
  const lab = await Lab.open();
  try {
    const run = lab.sta("home", ["--version"]);
    await run.end();
    return run.endedAt! - run.startedAt;
  } finally {
    await lab.close();
  }
}

interface Load {
  /** Share of a core, in percent. */
  readonly cpu: number;
  /** Kilobytes a second to the terminal. */
  readonly kilobytes: number;
}

/** With `moving`, 40 rows change four times a second. */
function load(moving: boolean, ...flags: readonly string[]): Promise<Load> {
  return Bench.with(
    busySnapshot(0),
    async (bench) => {
      bench.pty.write("2z");
      let ticks = 0;
      const ticking = moving ? setInterval(() => bench.client.show(busySnapshot(++ticks)), 250) : undefined;
      await later(WARM_MS);
      const { bytes } = bench;
      const cpu = cpuOf(bench.pty.pid);
      const begin = performance.now();
      await later(seconds * 1000);
      const took = (performance.now() - begin) / 1000;
      clearInterval(ticking);
      return { cpu: ((cpuOf(bench.pty.pid) - cpu) / took) * 100, kilobytes: (bench.bytes - bytes) / took / 1000 };
    },
    ...flags,
  );
}

/** 1 000 files and a transfer of 200 peers, everything of it different from tick to tick. */
function fullSnapshot(tick: number): Snapshot {
  const peers = Array.from({ length: 200 }, (_, index) =>
    peerRow(`10.0.${index >> 8}.${index & 255}:6881`, {
      downBytesPerSecond: index * 1000,
      upBytesPerSecond: tick * 1000,
    }),
  );
  const pieceMap = "hhamp".repeat(200);
  return {
    ...sampleSnapshot(),
    catalogue: Array.from({ length: 1000 }, (_, index) =>
      catalogueRow(`file ${index} übergroß.mkv`, { holders: 1 + ((tick + index) % 7) }),
    ),
    transfers: [
      transferRow("big.iso", {
        pieceMap,
        availabilityMap: pieceMap.replaceAll(/./g, "3"),
        peers,
        length: 4_000_000_000,
        reason: displayText(`tick ${tick}`),
      }),
    ],
  };
}

/** From each key to its frame, in milliseconds, while snapshots come four times a second. */
function keyTimes(presses: number): Promise<readonly number[]> {
  return Bench.with(fullSnapshot(0), async (bench) => {
    bench.pty.write("2l1");
    let ticks = 0;
    const ticking = setInterval(() => bench.client.show(fullSnapshot(++ticks)), 250);
    await later(WARM_MS);
    const times: number[] = [];
    for (let press = 0; press < presses; press++) {
      const { structure } = bench;
      const begin = performance.now();
      bench.pty.write(KEYS[press % KEYS.length]!);
      // Another moment between two snapshots for each key.
      await later(160 + ((press * 37) % 100));
      if (bench.structure === structure)
        throw new Error(`key ${press} changed nothing within ${performance.now() - begin} ms`);
      times.push(bench.structureAt - begin);
    }
    clearInterval(ticking);
    return times;
  });
}

async function repeated<Result>(what: () => Promise<Result>): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let round = 0; round < rounds; round++) results.push(await what());
  return results;
}

function row(what: string, figures: readonly number[], unit: string, goal: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  const texts = [median(sorted), sorted[0]!, sorted.at(-1)!].map((figure) => figure.toFixed(figure < 10 ? 1 : 0));
  const verdict = median(sorted) <= goal ? "reached" : "not yet";
  return `${verdict}  ${what.padEnd(52)} ${texts[0]!.padStart(6)} ${`(${texts[1]}-${texts[2]})`.padEnd(14)} ${unit.padEnd(5)} of ${goal}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

print(machineLine());
print(`Medians of ${rounds}, and the range; at ${COLUMNS}x${ROWS}, ${seconds} s each.`);
print(row("sta --version", await repeated(versionMs), "ms", 80));
print(row("sta to its first full frame, an engine running", await repeated(firstFrame), "ms", 400));
const moving = await repeated(() => load(true));
print(
  row(
    "40 rows moving, 4 times a second: CPU of a core",
    moving.map(({ cpu }) => cpu),
    "%",
    6,
  ),
);
print(
  row(
    "the same: to the terminal",
    moving.map(({ kilobytes }) => kilobytes),
    "kB/s",
    20,
  ),
);
const low = await repeated(() => load(true, "--low-bandwidth"));
print(
  row(
    "the same with --low-bandwidth: to the terminal",
    low.map(({ kilobytes }) => kilobytes),
    "kB/s",
    3,
  ),
);
const idle = await repeated(() => load(false));
print(
  row(
    "nothing moving: CPU of a core",
    idle.map(({ cpu }) => cpu),
    "%",
    1,
  ),
);
print(
  row(
    "the same: to the terminal",
    idle.map(({ kilobytes }) => kilobytes),
    "kB/s",
    1,
  ),
);
const keys = (await keyTimes(rounds * KEYS.length)).toSorted((a, b) => a - b);
const share = keys.filter((ms) => ms <= 50).length / keys.length;
print(row("1 000 files and 200 peers: from key to frame", keys, "ms", 50));
print(`         ${(share * 100).toFixed(0)} % of ${keys.length} keys within 50 ms`);
print(`load after it ${loadText()}`);
