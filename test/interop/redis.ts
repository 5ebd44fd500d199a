// A Redis server of a lab, and what its tests need to be skipped by.
import { Lab, type Running, freePort, until } from "../helpers/processes.ts";

export const REDIS = { name: "Redis", packages: "redis-server", probe: ["redis-server", "--version"] } as const;

/** A server on a free port of 127.0.0.1 that keeps nothing. */
export async function startRedis(lab: Lab, port?: number): Promise<{ url: string; port: number; running: Running }> {
  const at = port ?? (await freePort());
  const flags = ["--port", String(at), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", lab.folder];
  const running = lab.start("redis-server", flags);
  await until("Redis", () => /Ready to accept connections/.test(running.stdout) || undefined);
  return { url: `redis://127.0.0.1:${at}`, port: at, running };
}
