// Measured transfers: a seeder, one leecher or several, and every file compared byte for byte afterwards.
import { rm } from "node:fs/promises";
import { freePort, Lab } from "../helpers/processes.ts";
import { CLIENTS, type ClientName, LOOPBACK, type Place } from "./clients.ts";
import { expectWhole, type Load } from "./load.ts";
import { cpuOf } from "./machine.ts";
import type { Run } from "./run.ts";

export interface Pair {
  readonly from: ClientName;
  readonly to: ClientName;
  /** Where they run: both on 127.0.0.1 unless said. */
  readonly seederAt?: Place;
  readonly leecherAt?: Place;
}

/** Runs a pair once. Throws when what arrived is not what was sent. */
export async function transfer({ from, to, seederAt, leecherAt }: Pair, load: Load, below: string): Promise<Run> {
  const lab = await Lab.open(undefined, below);
  try {
    const seeder = await CLIENTS[from].seed!(lab, load, seederAt ?? LOOPBACK);
    const before = cpuOf(seeder.pid);
    const there = await lab.makeFolder("there");
    const leech = await CLIENTS[to].leech(lab, load, { at: leecherAt ?? LOOPBACK, to: there, peers: [seeder.address] });
    const { seconds, cpu, rss } = await leech.ended;
    const seederCpu = cpuOf(seeder.pid) - before;
    await expectWhole(load, there);
    await rm(there, { recursive: true });
    return { wall: seconds, leecherCpu: cpu, seederCpu, rss };
  } finally {
    await lab.close();
  }
}

/** One seeder and several leechers on addresses of their own, who know each other: the time until the last one is done. */
export async function swarm(client: ClientName, leechers: number, load: Load, below: string): Promise<Run> {
  const lab = await Lab.open(undefined, below);
  try {
    const seeder = await CLIENTS[client].seed!(lab, load, LOOPBACK);
    const places: Place[] = [];
    for (let i = 0; i < leechers; i++) places.push({ host: `127.0.0.${i + 2}`, port: await freePort() });
    const leeches = await Promise.all(
      places.map(async (at, i) => {
        const others = places.filter((place) => place !== at).map(({ host, port }) => `${host}:${port}`);
        const to = await lab.makeFolder(`there-${i}`);
        const leech = CLIENTS[client].leech(lab, load, { at, to, peers: [seeder.address, ...others], stays: true });
        return { to, done: (await leech).done };
      }),
    );
    const seconds = await Promise.all(leeches.map(({ done }) => done));
    for (const { to } of leeches) await expectWhole(load, to);
    return { wall: Math.max(...seconds) };
  } finally {
    await lab.close();
  }
}
