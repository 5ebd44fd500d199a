// A process of many channel clients: node tracker-clients.ts '{"port":5000,"clients":9000,"rounds":20}'. Prints `connected`, waits for a line,
// then lets one client change the catalogue again and again, and prints when each broadcast reached everybody.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { median } from "./table.ts";
import type { AbusersResult } from "./tracker-abusers.ts";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { CHANNEL_SUBPROTOCOL } from "../../source/protocol/channel/messages.ts";
import { torrentOf } from "../tracker/torrents.ts";

export interface ClientsPlan {
  readonly port: number;
  readonly clients: number;
  readonly rounds: number;
  /** Instead: how often it is measured without and then with clients that do what they should not. */
  readonly pairs?: number;
  /** Another tracker, which they come to in the second of three turns: what they cost by sharing the machine. */
  readonly elsewhere?: number;
}

/** Milliseconds within which 99 of 100 heard of an offer: without abusers, with them at another tracker, with them at this one. */
export interface AbuseTurn {
  readonly without: number;
  readonly elsewhere: number;
  readonly here: number;
  readonly abusers: AbusersResult;
}

/** Milliseconds from `have` being sent to `available` being read. */
export interface ClientsResult {
  readonly median: number;
  readonly p99: number;
  readonly last: number;
  /** From 100 clients leaving at once to the last `unavailable`. */
  readonly leave: number;
}

const LEAVERS = 100;

const { port, clients, rounds, pairs = 0, elsewhere: otherPort = 0 } = JSON.parse(process.argv[2]!) as ClientsPlan;
const { bytes, infoHash } = torrentOf("bench", 8);
const pieces = toBase64(fullBitfield(8));

const sockets: WebSocket[] = [];
/** Arrivals of the broadcast that is waited for. */
let arrivals: number[] = [];
let all: () => void = () => undefined;

async function open(n: number): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/swarm`, [CHANNEL_SUBPROTOCOL], { perMessageDeflate: false });
  sockets.push(socket);
  await once(socket, "open");
  const welcomed = once(socket, "message");
  const peerId = n.toString(16).padStart(40, "0");
  socket.send(JSON.stringify({ type: "hello", peerId, port: 1 + n, agent: "bench" }));
  await welcomed;
  socket.on("message", (data: Buffer) => {
    // `{"type":"available"`: only its first letter is like `unavailable`'s and others' last.
    if (data[9] !== 0x61) return;
    arrivals.push(performance.now());
    if (arrivals.length === clients) all();
  });
}

/** Resolves when the tracker has it on its disk: a `have` before that would be of something that nobody published. */
function publish(socket: WebSocket, torrent: Uint8Array): Promise<void> {
  socket.send(JSON.stringify({ type: "publish", id: 1, torrent: toBase64(torrent) }));
  return new Promise((published) => {
    const take = (data: Buffer) => {
      if (!data.includes('"published"')) return;
      socket.off("message", take);
      published();
    };
    socket.on("message", take);
  });
}

const AT_ONCE = 50;
for (let n = 0; n < clients; n += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, clients - n) }, (_, i) => open(n + i)));
}
const [speaker] = sockets;
await publish(speaker!, bytes);
console.log("connected");
await once(createInterface(process.stdin), "line");

const ROUND_MS = 30_000;

/** Lets the speaker offer a file and take it away, again and again. Returns when each of the others heard of the offers, in order. */
async function broadcasts(): Promise<number[]> {
  const delays: number[] = [];
  for (let round = 0; round < rounds; round++) {
    arrivals = [];
    const reached = new Promise<void>((resolve) => (all = resolve));
    const sentAt = performance.now();
    speaker!.send(JSON.stringify({ type: "have", infoHash, pieces }));
    const late = setTimeout(() => {
      throw new Error(`${arrivals.length} of ${clients} clients heard the broadcast within ${ROUND_MS / 1_000} s`);
    }, ROUND_MS);
    await reached;
    clearTimeout(late);
    delays.push(...arrivals.map((at) => at - sentAt));
    speaker!.send(JSON.stringify({ type: "have", infoHash, pieces: null }));
    // 10 messages a second are allowed, and four transitions.
    await new Promise((next) => setTimeout(next, 500));
  }
  return delays.toSorted((a, b) => a - b);
}

const percentile99 = (sorted: readonly number[]) => sorted[Math.floor(sorted.length * 0.99)]!;

/** The same while others do what they should not to the tracker at `target`. */
async function underAbuse(target: number, turn: number): Promise<{ p99: number; abusers: AbusersResult }> {
  const script = join(import.meta.dirname, "tracker-abusers.ts");
  // From addresses that are not known for it yet.
  const abusers = spawn(process.execPath, [script, String(target), String(66 + turn)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface(abusers.stdout);
  await once(lines, "line");
  const p99 = percentile99(await broadcasts());
  const said = once(lines, "line");
  abusers.stdin.end();
  return { p99, abusers: JSON.parse(String((await said)[0])) as AbusersResult };
}

if (pairs > 0) {
  const turns: AbuseTurn[] = [];
  for (let turn = 0; turn < pairs; turn++) {
    const without = percentile99(await broadcasts());
    const elsewhere = (await underAbuse(otherPort, turn)).p99;
    const { p99, abusers } = await underAbuse(port, turn);
    turns.push({ without, elsewhere, here: p99, abusers });
  }
  console.log(JSON.stringify(turns));
  process.exit(0);
}
const delays = await broadcasts();
/** Each of some clients is the only one with a torrent of its own, and they all leave at once: until the speaker has heard of each. */
const leaving = sockets.slice(1, 1 + LEAVERS);
for (const [n, socket] of leaving.entries()) {
  const own = torrentOf(`of ${n}`, 8, 1);
  await publish(socket, own.bytes);
  socket.send(JSON.stringify({ type: "have", infoHash: own.infoHash, pieces }));
}
await new Promise((next) => setTimeout(next, 2_000));
let gone = 0;
const leftAt = performance.now();
const heardOfAll = new Promise<void>((resolve) => {
  speaker!.on("message", (data: Buffer) => {
    if (data.includes('"unavailable"') && ++gone === leaving.length) resolve();
  });
});
for (const socket of leaving) socket.terminate();
await heardOfAll;
const leave = performance.now() - leftAt;

const result: ClientsResult = { median: median(delays), p99: percentile99(delays), last: delays.at(-1)!, leave };
console.log(JSON.stringify(result));
for (const socket of sockets) socket.terminate();
process.exit(0);
