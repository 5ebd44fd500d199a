// What an operator watches, as Prometheus text. docs/OPERATING.md says what of it to watch for.
import type { monitorEventLoopDelay } from "node:perf_hooks";
import type { Announces } from "./announces.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { ChannelServer } from "./channel-server.ts";
import type { TrackerHttpServer } from "./http-server.ts";
import type { Lockouts } from "./lockouts.ts";
import type { RequestRates } from "./request-rates.ts";
import type { Swarms } from "./swarms.ts";
import type { TorrentStore } from "./torrent-store.ts";
import type { UdpServer } from "./udp-server.ts";

/** What is counted. */
export interface Measured {
  readonly swarms: Swarms;
  readonly announces: Announces;
  readonly store: TorrentStore;
  readonly broadcaster: Broadcaster;
  readonly channel: ChannelServer;
  readonly http: TrackerHttpServer;
  readonly udp: UdpServer;
  readonly rates: RequestRates;
  readonly lockouts: Lockouts;
  /** Nanoseconds. */
  readonly delay: ReturnType<typeof monitorEventLoopDelay>;
}

/** A name without `sta_tracker_`, what it is, and its value now. A counter's name ends in `_total`. */
type Metric = readonly [name: string, help: string, value: number];

export function metricsText(of: Measured): string {
  const { user, system } = process.cpuUsage();
  const metrics: readonly Metric[] = [
    ["torrents", "Torrents in the catalogue", of.swarms.catalogue.size],
    ["torrent_bytes", "Bytes of their metainfo files", of.store.bytes],
    ["swarms", "Swarms that are remembered", of.swarms.dictionary.swarmCount],
    ["peers", "Peers of all swarms", of.swarms.dictionary.size],
    ["channel_clients", "Connections on the swarm channel", of.channel.size],
    ["http_connections", "HTTP connections", of.http.connections],
    ["announces_total", "Announces over HTTP and UDP", of.announces.count],
    ["broadcasts_total", "Broadcasts to every channel client", of.broadcaster.seq],
    ["channel_cut_total", "Channel clients that were cut, for silence or for what they did", of.channel.cut],
    ["refused_connections_total", "Connections beyond the limits", of.http.refused + of.channel.refused],
    ["refused_requests_total", "Requests beyond 10 a second of one network", of.rates.refused],
    ["flooding_networks", "Networks that flooded and are refused, or were lately", of.lockouts.size],
    ["flood_refused_total", "Connections and requests of networks that flooded", of.lockouts.refused],
    ["udp_ignored_total", "Datagrams that got no answer: unreadable, or not proved", of.udp.ignored],
    ["event_loop_delay_seconds", "99th percentile since it was last asked for", of.delay.percentile(99) / 1e9],
    ["cpu_seconds_total", "User and system time", (user + system) / 1e6],
    ["resident_bytes", "Memory of the process", process.memoryUsage.rss()],
    ["uptime_seconds", "Since the start of the process", process.uptime()],
  ];
  of.delay.reset();
  return metrics
    .map(([name, help, value]) => {
      const full = `sta_tracker_${name}`;
      const type = name.endsWith("_total") ? "counter" : "gauge";
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full} ${value}\n`;
    })
    .join("");
}
