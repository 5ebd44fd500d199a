// A long, slow line of its own for a bench: two network namespaces and what lies between them. Needs root.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { Lab } from "../helpers/processes.ts";
import { PYTHON } from "../interop/libtorrent.ts";
import type { Place } from "./clients.ts";
import type { Run } from "./run.ts";

export interface Line {
  readonly megabits: number;
  /** One way, each. */
  readonly delayMs: number;
  /** Share of packets that are lost, each way. */
  readonly loss: number;
  /** Of so many milliseconds more or less a packet is under way: some overtake others. */
  readonly jitterMs: number;
  /** How senders answer to loss, as Linux names it: `cubic`. The machine's own by default. */
  readonly congestion?: string;
}

const LINK = new URL("link.py", import.meta.url).pathname;

/** Can this user make network namespaces here? */
export function canMakeLines(): boolean {
  return process.getuid?.() === 0 && existsSync("/dev/net/tun") && spawnSync("ip", ["netns", "list"]).status === 0;
}

/** Runs `work` with a place at each end of a line, which is gone afterwards. */
export async function overLine(line: Line, below: string, work: (a: Place, b: Place) => Promise<Run>): Promise<Run> {
  const names = ["a", "b"].map((end) => `sta-bench-${process.pid}-${end}`) as [string, string];
  const lab = await Lab.open(undefined, below);
  try {
    for (const name of names) ip("netns", "add", name);
    const { megabits, delayMs, loss, jitterMs, congestion } = line;
    if (congestion !== undefined) {
      for (const name of names) {
        ip("netns", "exec", name, "sysctl", "-qw", `net.ipv4.tcp_congestion_control=${congestion}`);
      }
    }
    const running = lab.start(PYTHON, [LINK, ...names, ...[megabits, delayMs, loss, jitterMs].map(String)]);
    await running.line((text) => text === "ready");
    const place = (end: 0 | 1): Place => ({ host: `10.77.0.${end + 1}`, enter: ["ip", "netns", "exec", names[end]] });
    return await work(place(0), place(1));
  } finally {
    await lab.close();
    for (const name of names) ip("netns", "delete", name);
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}

const PORT = "5001";
const SEND = `const [host, bytes] = process.argv.slice(1);
require("node:net").createServer((socket) => socket.end(Buffer.alloc(Number(bytes)))).listen(${PORT}, host, () => console.log("ready"));`;
const TAKE = `const start = performance.now();
require("node:net").connect(${PORT}, process.argv[1]).on("data", () => 0)
  .on("end", () => { console.log(JSON.stringify({ event: "done", seconds: (performance.now() - start) / 1000 })); process.exit(); });`;

/** The same bytes over one plain TCP connection: what the line can do. */
export async function plainTcp(bytes: number, from: Place, to: Place, below: string): Promise<Run> {
  const lab = await Lab.open(undefined, below);
  try {
    const run = ({ enter = ["env"] }: Place, ...args: string[]) =>
      lab.start(enter[0], [...enter.slice(1), process.execPath, "-e", ...args]);
    await run(from, SEND, from.host, String(bytes)).line((text) => text === "ready");
    const { seconds } = await run(to, TAKE, from.host).json("done", undefined, 600_000);
    return { wall: Number(seconds) };
  } finally {
    await lab.close();
  }
}
