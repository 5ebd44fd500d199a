// A connection to Redis or Valkey. Loaded only with --redis.
import { createClient } from "@redis/client";
import type { Log } from "./log.ts";
import { UnusableRedis } from "./unusable-redis.ts";

export type Redis = ReturnType<typeof createClient>;

/** Between two tries to reach a Redis that went away. */
const RETRY_MS = 500;

/** Connects. Rejects with UnusableRedis; once connected, it comes back by itself for as long as it takes. */
export async function connectRedis(url: string, log: Log): Promise<Redis> {
  let connected = false;
  const at = hostOf(url);
  const client = createClient({
    url,
    socket: { reconnectStrategy: () => (connected ? RETRY_MS : false), connectTimeout: 5_000 },
  });
  client.on("error", (error: Error) => log("warn", "Redis cannot be reached", { at, error: error.message }));
  try {
    await client.connect();
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new UnusableRedis(`Redis at ${at} cannot be used: ${cause.message}`, { cause });
  }
  connected = true;
  return client as Redis;
}

/** Without the password. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "an address that is no URL";
}
