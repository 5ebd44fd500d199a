// A running tracker: its parts put together, from start to close. One port number for HTTP, the swarm channel and UDP.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { SecureContextOptions } from "node:tls";
import { Announces } from "./announces.ts";
import { type Asker, TrustedProxies } from "./asker.ts";
import { Broadcaster } from "./broadcaster.ts";
import { catalogueJson } from "./catalogue-json.ts";
import { ChannelServer } from "./channel-server.ts";
import { route } from "./http-routes.ts";
import { type HttpOptions, TrackerHttpServer } from "./http-server.ts";
import { Library } from "./library.ts";
import { REPLAY_BROADCASTS, REQUESTS_PER_SECOND, REQUEST_BURST, TIMING, type Timing } from "./limits.ts";
import { Lockouts } from "./lockouts.ts";
import type { Log } from "./log.ts";
import { type Ledger, LocalLedger } from "./ledger.ts";
import { Members } from "./members.ts";
import { metricsText } from "./metrics.ts";
import { pageAnswer } from "./page.ts";
import { PortProber } from "./port-prober.ts";
import { RequestRates } from "./request-rates.ts";
import { Swarms } from "./swarms.ts";
import { FolderStore } from "./folder-store.ts";
import type { TorrentStore } from "./torrent-store.ts";
import { type UdpOptions, UdpServer } from "./udp-server.ts";

export interface CreateTrackerOptions {
  /** An IP literal of this machine; `::` takes IPv4 too. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the published metainfo; made when missing. */
  readonly dir: string;
  /** Torrents that nobody held for so long are forgotten; undefined keeps them for ever. */
  readonly keepMs?: number | undefined;
  /** URL of the Redis through which several trackers are one: then `dir` is not used. */
  readonly redis?: string | undefined;
  /** Serve announces of torrents nobody published, too. */
  readonly open?: boolean;
  /** Shared secret that every client must name. */
  readonly token?: string | undefined;
  /** Proxies, beside those on loopback, that say for whom they ask; undefined believes nobody. */
  readonly trustProxy?: readonly string[] | undefined;
  /** Tell channel clients whether their port can be dialled. */
  readonly probe?: boolean;
  /** Certificate and key; plain HTTP without. */
  readonly tls?: SecureContextOptions | undefined;
  readonly log?: Log;
  readonly timing?: Partial<Timing>;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds since 1970. */
  readonly wallTime?: () => number;
  readonly random?: () => number;
}

export interface RunningTracker {
  readonly host: string;
  readonly port: number;
  /** Says something to every client. */
  notice(text: string): void;
  /** Takes a new certificate for connections to come. */
  setCertificate(tls: SecureContextOptions): void;
  /** Closes every client with code 1001 and frees the port, within a second. */
  close(): Promise<void>;
}

/** Free ports tried before it is said that there is none. */
const MAX_PORT_TRIES = 10;

/** Clients have this long to answer our close. */
const CLOSE_GRACE_MS = 500;

/** Starts a tracker. Rejects with the system's error when the port cannot be had or the folder cannot be used. */
export async function createTracker(options: CreateTrackerOptions): Promise<RunningTracker> {
  const { log = () => undefined, now = () => performance.now(), wallTime = Date.now, random = Math.random } = options;
  const timing = { ...TIMING, ...options.timing };
  const name = randomBytes(8).toString("hex");
  const broadcaster = new Broadcaster((frame) => channel.send(frame), REPLAY_BROADCASTS);
  const swarms = new Swarms({ name, broadcast: (announcement) => broadcaster.broadcast(announcement), now });
  const { store, ledger } = await openState(options, { name, log, wallTime });
  const library = new Library({ store, swarms, ledger, keepMs: options.keepMs, wallTime, now });
  try {
    await ledger.open(swarms, () => library.load((sentence) => log("warn", sentence)));
  } catch (error) {
    await ledger.close();
    await store.close();
    throw error;
  }

  const admits = admission(options.token);
  const announces = new Announces({
    swarms,
    ledger,
    name,
    open: options.open ?? false,
    intervalMs: timing.announceIntervalMs,
    now,
    random,
  });
  const members = new Members({ swarms, ledger, name, random });
  const rates = new RequestRates(REQUESTS_PER_SECOND, REQUEST_BURST);
  const lockouts = new Lockouts();
  const isLockedOut = ({ network }: Asker) => lockouts.refuses(network, now());
  const allows = (asker: Asker) => !isLockedOut(asker) && rates.allows(asker, now());
  const flooded = ({ host, network }: Asker) => {
    const seconds = Math.ceil(lockouts.add(network, now()) / 1000);
    log("warn", "a client floods: its address is refused for a while", { address: host, seconds });
  };
  const prober = options.probe ? new PortProber({ now }) : undefined;
  const room = { swarms, members, library, broadcaster, epoch: name, now, admits, flooded, prober, log };
  const channel = new ChannelServer(room, timing);
  const delay = monitorEventLoopDelay();
  delay.enable();
  const metrics = (): string =>
    metricsText({ swarms, announces, store, broadcaster, channel, http, udp, rates, lockouts, delay });
  const trouble = () => ledger.trouble();
  const catalogue = catalogueJson(swarms.catalogue, broadcaster, now);
  const routes = { announces, catalogue, admits, page: pageAnswer(), metrics, trouble };
  const { http, udp } = await listen(
    options,
    {
      answer: (request, asker) => route(routes, request, asker),
      upgrade: (request, stream, head, asker) => channel.upgrade(request, stream, head, asker),
      allows,
      isLockedOut,
      proxies: new TrustedProxies(options.trustProxy),
      tls: options.tls,
      now,
      failed: (error) => log("warn", "a connection could not be taken", { error: error.message }),
    },
    {
      announces,
      admits,
      allows,
      now,
      failed: (error) => log("debug", "a datagram could not be sent", { error: error.message }),
    },
  ).catch(async (error: unknown) => {
    await closeState();
    throw error;
  });
  /** What is open beside the port. */
  async function closeState(): Promise<void> {
    delay.disable();
    prober?.close();
    await channel.close(CLOSE_GRACE_MS);
    await ledger.close();
    await store.close();
  }
  const { address, port } = http.address;
  const flush = setInterval(() => swarms.flushChanged(), timing.gatherMs);
  const expire = setInterval(() => {
    announces.expire();
    rates.forget(now());
    lockouts.forget(now());
    channel.forget();
    prober?.forget();
  }, timing.announceIntervalMs / 10);

  const tidy = setInterval(() => {
    library.tidy().catch((error: unknown) => log("error", "the torrents cannot be kept", { error: String(error) }));
  }, timing.tidyMs);
  let closed: Promise<void> | undefined;

  return {
    host: address,
    port,
    notice: (text) => void ledger.record({ type: "notice", text }),
    setCertificate: (tls) => http.setCertificate(tls),
    close() {
      clearInterval(flush);
      clearInterval(expire);
      clearInterval(tidy);
      return (closed ??= Promise.all([http.close(), udp.close(), closeState()]).then(() => undefined));
    },
  };
}

/** Where torrents are kept and changes are ordered: here, or in Redis, whose client is loaded only when it is asked for. */
async function openState(
  { dir, redis: url }: CreateTrackerOptions,
  { name, log, wallTime }: { readonly name: string; readonly log: Log; readonly wallTime: () => number },
): Promise<{ store: TorrentStore; ledger: Ledger }> {
  if (url === undefined) return { store: new FolderStore(dir), ledger: new LocalLedger() };
  const [{ connectRedis }, { RedisStore }, { RedisLedger }] = await Promise.all([
    import("./redis.ts"),
    import("./redis-store.ts"),
    import("./redis-ledger.ts"),
  ]);
  const redis = await connectRedis(url, log);
  const reader = await connectRedis(url, log);
  return { store: new RedisStore(redis, wallTime), ledger: new RedisLedger({ redis, reader, name, log }) };
}

/** TCP and UDP at one port. Where any will do, one whose UDP half is taken is given back, and another tried. */
async function listen(
  { host, port }: CreateTrackerOptions,
  httpOptions: HttpOptions,
  udpOptions: UdpOptions,
): Promise<{ http: TrackerHttpServer; udp: UdpServer }> {
  for (let tries = 1; ; tries++) {
    const http = await TrackerHttpServer.listen(httpOptions, host, port);
    try {
      return { http, udp: await UdpServer.open(udpOptions, http.address.address, http.address.port) };
    } catch (error) {
      await http.close();
      if (port !== 0 || tries === MAX_PORT_TRIES) throw error;
    }
  }
}

/** Compares tokens by their hashes, in constant time: neither their length nor their first letters can be measured. */
function admission(secret: string | undefined): (token: string | undefined) => boolean {
  if (secret === undefined) return () => true;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const expected = digest(secret);
  return (token) => timingSafeEqual(digest(token ?? ""), expected);
}
