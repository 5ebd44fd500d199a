// One measured transfer: a seeder, a leecher, and the file compared byte for byte afterwards.
import { rm } from "node:fs/promises";
import { digestOf } from "../helpers/files.ts";
import { Lab } from "../helpers/processes.ts";
import { type BenchClient, CLIENTS, type Load } from "./clients.ts";
import { cpuOf } from "./machine.ts";

export interface Pair {
  readonly name: string;
  readonly from: keyof typeof CLIENTS;
  readonly to: keyof typeof CLIENTS;
}

export interface Run {
  /** Seconds from request to the last piece. */
  readonly wall: number;
  /** Seconds of user and system time of the whole leecher, and of the seeder while it seeds. */
  readonly leecherCpu: number;
  readonly seederCpu: number;
  /** Peak bytes of the leecher. */
  readonly rss: number;
}

/** Runs a pair once. Throws when what arrived is not what was sent. */
export async function transfer({ from, to }: Pair, load: Load, digest: string, below: string): Promise<Run> {
  const [seeding, leeching]: BenchClient[] = [CLIENTS[from], CLIENTS[to]];
  const lab = await Lab.open(undefined, below);
  try {
    const seeder = await seeding!.seed!(lab, load);
    const before = cpuOf(seeder.pid);
    const there = await lab.makeFolder("there");
    const { seconds, cpu, rss } = await leeching!.leech!(lab, load, there, seeder.port);
    const seederCpu = cpuOf(seeder.pid) - before;
    if ((await digestOf(`${there}/${load.name}`)) !== digest) throw new Error(`${from} -> ${to}: the file is damaged.`);
    await rm(there, { recursive: true });
    return { wall: seconds, leecherCpu: cpu, seederCpu, rss };
  } finally {
    await lab.close();
  }
}
