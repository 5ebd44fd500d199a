// Checking what is there already, against openssl on as many cores.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { Lab } from "../helpers/processes.ts";
import type { Load } from "./load.ts";
import { cpuOf } from "./machine.ts";
import type { Run } from "./run.ts";

/** Lets a new engine hash all pieces of the file. */
export async function checkWithSta({ torrent, folder }: Load, below: string): Promise<Run> {
  const lab = await Lab.open(undefined, below);
  try {
    const { running } = await lab.daemon("checker");
    const engine = await lab.engine("checker");
    const before = cpuOf(running.pid);
    const start = performance.now();
    const reply = await engine.send({ method: "share", path: torrent, folder });
    const wall = (performance.now() - start) / 1_000;
    if (!reply.ok) throw new Error(reply.text);
    return { wall, leecherCpu: cpuOf(running.pid) - before };
  } finally {
    await lab.close();
  }
}

/** As many `openssl sha1` as there are cores, each on its share of the bytes. */
export async function checkWithOpenssl(bytes: number, below: string): Promise<Run> {
  const lab = await Lab.open(undefined, below);
  try {
    const parts = Array.from({ length: availableParallelism() }, (_, part) => lab.path(`part-${part}`));
    for (const part of parts) await writeFileOf(part, Math.ceil(bytes / parts.length), part);
    for (const part of parts) await digestOf(part);
    const start = performance.now();
    const hashing = parts.map((part) => spawn("openssl", ["sha1", part], { stdio: "ignore" }));
    await Promise.all(hashing.map((child) => once(child, "close")));
    return { wall: (performance.now() - start) / 1_000 };
  } finally {
    await lab.close();
  }
}
