// What an engine costs that has nothing to do: its memory, and its part of a core.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeFileOf } from "../helpers/files.ts";
import { Lab } from "../helpers/processes.ts";
import { cpuOf } from "./machine.ts";
import type { Run } from "./run.ts";

/** How long it is watched, and how long it is left alone before. */
const WATCHED_MS = 10_000;
const SETTLED_MS = 12_000;

/** Shares so many files and then waits: `wall` is the time it is watched for. */
export async function idle(torrents: number, below: string): Promise<Run> {
  const lab = await Lab.open(undefined, below);
  try {
    const { running } = await lab.daemon("idle");
    const engine = await lab.engine("idle");
    for (let i = 0; i < torrents; i++) {
      const path = join(lab.path("files"), `file-${i}`);
      await writeFileOf(path, 20_000, String(i));
      const reply = await engine.send({ method: "share", path });
      if (!reply.ok) throw new Error(reply.text);
    }
    await engine.close();
    await delay(SETTLED_MS);
    const before = cpuOf(running.pid);
    await delay(WATCHED_MS);
    return { wall: WATCHED_MS / 1_000, leecherCpu: cpuOf(running.pid) - before, rss: rssOf(running.pid) };
  } finally {
    await lab.close();
  }
}

/** Bytes that a process has in memory now. */
function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1_024;
}
