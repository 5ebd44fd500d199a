// npm run bench:tracker -- [--seconds 5] [--rounds 3] [--clients 9000] [--pairs 5] [--only announces|hashes|redis|sizes|peers|clients|abuse]: how fast sta-tracker is, beside the trackers that can be had here.
// Each figure is from a process of its own that asks over loopback; trackers take turns. It never fails by time.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Lab, type Running } from "../helpers/processes.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import { Announces } from "../../tracker/announces.ts";
import { keepHeapSmall } from "../../tracker/cli.ts";
import { LocalLedger } from "../../tracker/ledger.ts";
import { addressKey, peerKey } from "../../tracker/peer-key.ts";
import { Swarms } from "../../tracker/swarms.ts";
import { cpuOf, loadText, machineLine } from "./machine.ts";
import { REDIS, startRedis } from "../interop/redis.ts";
import { median } from "./table.ts";
import type { AbusersResult } from "./tracker-abusers.ts";
import type { AbuseTurn, ClientsPlan, ClientsResult } from "./tracker-clients.ts";
import type { LoadPlan, LoadResult } from "./tracker-load.ts";
import { SERVERS, type TrackerServer, startSta, startUnlimited } from "./tracker-servers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    clients: { type: "string", default: "9000" },
    pairs: { type: "string", default: "5" },
    only: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const pairs = Number(values.pairs);
const wants = (part: string) => values.only === undefined || values.only === part;
const SPREAD = { seconds, connections: 64, swarms: 100, peers: 500 } as const;

const WIRES = { http: "HTTP keep-alive", close: "HTTP, a connection each", udp: "UDP" } as const;

interface Started {
  readonly server: TrackerServer;
  readonly running: Running;
  readonly port: number;
}

/** Announces a second, and microseconds of the tracker's own CPU for each. */
interface Rate {
  readonly perSecond: number;
  readonly cpu: number;
  readonly announces: number;
}

async function load(lab: Lab, { running, port }: Started, plan: Omit<LoadPlan, "port">): Promise<Rate> {
  const before = cpuOf(running.pid);
  const script = join(import.meta.dirname, "tracker-load.ts");
  const child = startUnlimited(lab, process.execPath, [script, JSON.stringify({ ...plan, port } satisfies LoadPlan)]);
  const { code } = await child.end(120_000);
  if (code !== 0) throw new Error(`the load ended with ${code}: ${child.stderr}`);
  const { announces, failures, seconds: took } = JSON.parse(child.stdout) as LoadResult;
  if (failures > announces / 100) throw new Error(`${failures} of ${announces} announces failed`);
  return { perSecond: announces / took, cpu: ((cpuOf(running.pid) - before) / announces) * 1e6, announces };
}

function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024;
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const middle = (rates: readonly Rate[]) =>
  `${Math.round(median(rates.map((rate) => rate.perSecond)))
    .toLocaleString("en")
    .padStart(9)}/s ${median(rates.map((rate) => rate.cpu))
    .toFixed(1)
    .padStart(6)} us CPU each`;

/** Announces to every tracker in turn, over HTTP and UDP. */
async function compareAnnounces(lab: Lab, started: readonly Started[]): Promise<void> {
  const rates = new Map<string, Rate[]>();
  const measure = async (one: Started, wire: LoadPlan["wire"]) => {
    const name = `${one.server.name}, ${WIRES[wire]}`;
    rates.set(name, [...(rates.get(name) ?? []), await load(lab, one, { ...SPREAD, wire })]);
  };
  for (let round = 0; round < rounds; round++) {
    for (const one of started) {
      const wires: readonly LoadPlan["wire"][] = [one.server.keepsAlive ? "http" : "close", "udp"];
      for (const wire of wires) await measure(one, wire);
    }
    // What others cannot, ours is measured with as well.
    await measure(started[0]!, "close");
  }
  console.log("\nannounces, 100 swarms of 500 peers, 64 at once, medians:");
  for (const [name, list] of rates) console.log(`  ${name.padEnd(46)} ${middle(list)}`);
}

async function swarmSizes(lab: Lab, ours: Started): Promise<void> {
  console.log("\none swarm, HTTP keep-alive (a swarm keeps its newest 1 000 peers):");
  for (const peers of [1, 1_000, 100_000]) {
    const plan = { wire: "http", connections: 64, swarms: 1, peers, seconds } as const;
    await load(lab, ours, { ...plan, once: true });
    console.log(`  ${peers.toLocaleString("en").padStart(9)} announcing ${middle([await load(lab, ours, plan)])}`);
  }
}

async function manyPeers(lab: Lab, ours: Started): Promise<void> {
  await load(lab, ours, { wire: "http", connections: 64, swarms: 200, peers: 1_000, seconds, once: true });
  console.log(`\n200 000 peers in 200 swarms: ${megabytes(residentOf(ours.running.pid))} RSS`);
}

/** FAULTS T5: the tracker's own state, told of 10 million info hashes. */
function manyHashes(): Promise<void> {
  keepHeapSmall();
  const swarms = new Swarms({ name: "bench", now: () => 0, broadcast: () => undefined });
  const ledger = new LocalLedger();
  void ledger.open(swarms, () => Promise.resolve());
  const rest = { name: "bench", open: true, intervalMs: 300_000, now: () => 0, random: Math.random };
  const announces = new Announces({ swarms, ledger, ...rest });
  const infoHash = toInfoHash(new Uint8Array(20));
  const peerId = toPeerId(new Uint8Array(20));
  const peer = peerKey(addressKey("10.0.0.1"), 6881);
  const view = new DataView(infoHash.buffer);
  const sizes: string[] = [];
  for (let n = 1; n <= 10_000_000; n++) {
    view.setUint32(0, n);
    announces.announce({ infoHash, peerId, left: 1 }, peer, "both");
    if (n % 2_000_000 === 0) sizes.push(megabytes(residentOf(process.pid)));
  }
  console.log(`\n10 million info hashes, RSS after each 2 million: ${sizes.join(", ")}`);
  return Promise.resolve();
}

/** Starts so many channel clients, and tells them to begin. `before`, `after`: memory of the tracker without and with them. */
async function runClients(lab: Lab, ours: Started, plan: Omit<ClientsPlan, "port">) {
  const { clients } = plan;
  const hard = Number(execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).replace("unlimited", "1000000"));
  if (hard < clients + 100) {
    console.log(`\nSKIPPED: ${clients} channel clients need as many descriptors; the hard limit is ${hard}`);
    return undefined;
  }
  const before = residentOf(ours.running.pid);
  const script = join(import.meta.dirname, "tracker-clients.ts");
  const child = startUnlimited(lab, process.execPath, [script, JSON.stringify({ ...plan, port: ours.port })]);
  await child.line((line) => line === "connected", 120_000);
  const each = (residentOf(ours.running.pid) - before) / clients;
  child.child.stdin!.write("go\n");
  const { code } = await child.end(600_000);
  if (code !== 0) throw new Error(`the clients ended with ${code}: ${child.stderr}`);
  return { each, said: JSON.parse(child.stdout.split("\n")[1]!) as unknown };
}

async function channel(lab: Lab, ours: Started, clients: number): Promise<void> {
  const ran = await runClients(lab, ours, { clients, rounds: 10 });
  if (!ran) return;
  const { median: half, p99, last, leave } = ran.said as ClientsResult;
  console.log(`\n${clients} channel clients: ${(ran.each / 1e3).toFixed(1)} KB of RSS each`);
  console.log(
    `  a broadcast reaches half within ${half.toFixed(0)} ms, 99 % ${p99.toFixed(0)} ms, the last ${last.toFixed(0)} ms`,
  );
  console.log(`  100 leave at once: the last \`unavailable\` is there after ${leave.toFixed(0)} ms`);
}

/** FAULTS T4: one that never reads, one that floods, one that speaks for others, each from an address of its own. */
async function abused(lab: Lab, ours: Started): Promise<void> {
  const other = await startSta(lab);
  const ran = await runClients(lab, ours, { clients: 2_000, rounds: 15, pairs, elsewhere: other.port });
  await other.running.kill();
  if (!ran) return;
  const turns = ran.said as readonly AbuseTurn[];
  console.log(
    "\n2000 channel clients, and one that never reads, one that floods, one that speaks for others, who share the machine:",
  );
  console.log(
    "  1 000 messages a second, a connection every 10 ms. 99 % hear of a broadcast within, ms, median, and in turn:",
  );
  for (const [name, take] of [
    ["without them", (turn: AbuseTurn) => turn.without],
    ["with them at another tracker", (turn: AbuseTurn) => turn.elsewhere],
    ["with them", (turn: AbuseTurn) => turn.here],
  ] as const) {
    const figures = turns.map(take);
    console.log(
      `  ${name.padEnd(30)} ${median(figures).toFixed(0).padStart(4)}   ${figures.map((ms) => ms.toFixed(0)).join(" ")}`,
    );
  }
  const each = (what: keyof AbusersResult) => turns.map(({ abusers }) => Number(abusers[what].toFixed(2))).join(" ");
  console.log(
    `  flooder's connections: taken ${each("taken")}, refused ${each("refused")}; CPU, s: ${each("cpuSeconds")}`,
  );
}

/** Two trackers that are one through Redis: what an announce to the first costs each process. */
async function throughRedis(lab: Lab): Promise<void> {
  const [file, ...version] = REDIS.probe;
  if (spawnSync(file, version).status !== 0) return console.log(`\nSKIPPED: Redis needs ${REDIS.packages}`);
  const redis = await startRedis(lab);
  const [first, second] = [await startSta(lab, ["--redis", redis.url]), await startSta(lab, ["--redis", redis.url])];
  const processes = [first.running, second.running, redis.running];
  console.log("\ntwo trackers through Redis, us of CPU for an announce: the one that hears it, the other, Redis");
  const measure = async (what: string, plan: Omit<LoadPlan, "port">) => {
    const before = processes.map(({ pid }) => cpuOf(pid));
    const { perSecond, announces } = await load(lab, { server: SERVERS[0]!, ...first }, plan);
    // The second one is behind, and what it has not read yet is not paid for.
    await new Promise((caughtUp) => setTimeout(caughtUp, 2_000));
    const costs = processes.map(({ pid }, i) => (((cpuOf(pid) - before[i]!) / announces) * 1e6).toFixed(1));
    console.log(`  ${what.padEnd(24)} ${costs.join(", ")} (${Math.round(perSecond).toLocaleString("en")}/s)`);
  };
  const plan = { wire: "http", connections: 64, swarms: 100, peers: 1_000, seconds } as const;
  await measure("of a peer that is new", { ...plan, once: true });
  await measure("of one that is known", plan);
  await Promise.all([first.running.kill(), second.running.kill()]);
  await redis.running.kill();
}

const lab = await Lab.open();
try {
  console.log(machineLine());
  if (wants("announces")) {
    const started: Started[] = [];
    for (const server of SERVERS) {
      const one = await server.start(lab);
      if (one) started.push({ server, ...one });
    }
    await compareAnnounces(lab, started);
    for (const { running } of started) await running.kill();
  }
  if (wants("hashes")) await manyHashes();
  if (wants("redis")) await throughRedis(lab);
  const parts: readonly (readonly [string, (on: Lab, ours: Started) => Promise<void>])[] = [
    ["sizes", swarmSizes],
    ["peers", manyPeers],
    ["clients", (on, ours) => channel(on, ours, Number(values.clients))],
    ["clients", (on, ours) => channel(on, ours, 2_000)],
    ["abuse", abused],
  ];
  for (const [name, part] of parts) {
    if (!wants(name)) continue;
    const ours = { server: SERVERS[0]!, ...(await SERVERS[0]!.start(lab))! };
    await part(lab, ours);
    await ours.running.kill();
  }
  console.log(`\nload at the end: ${loadText()}`);
} finally {
  await lab.close();
}
