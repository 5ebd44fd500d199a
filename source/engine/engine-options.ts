// EngineOptions: what an engine is told when it starts.
import type { EngineEvent } from "../control/contract.ts";
import type { Allocation } from "../storage/allocate.ts";
import type { Address } from "../swarm/events.ts";
import type { TrackerAddress } from "./tracker-address.ts";
import type { PushPolicy } from "./push-policy.ts";

/** What a person sets of the whole engine, at its start or later. */
export interface EngineLimits {
  /** Bytes a second; 0: no limit. */
  readonly downLimit: number;
  readonly upLimit: number;
  /** Transfers that download at once; 0: no limit. */
  readonly activeDownloads: number;
  /** When a new transfer stops seeding; null: it does not. */
  readonly ratioLimit: number | null;
  readonly seedSecondsLimit: number | null;
}

export interface EngineOptions extends EngineLimits {
  readonly version: string;
  /** The state folder; one engine at a time owns it. */
  readonly home: string;
  /** Where downloads go. */
  readonly folder: string;
  /** TCP port for peers, or the next free one; 0: any. */
  readonly port: number;
  /** A person named that port: it matters to him when another one is taken instead. */
  readonly isPortNamed?: boolean;
  /** Address to listen on; undefined: all. One that is not loopback is also where all that we begin leaves from. */
  readonly host: string | undefined;
  readonly trackers: readonly TrackerAddress[];
  /** Nodes of the DHT to begin with, none for those that everybody begins with; undefined: the DHT is not used. */
  readonly dht?: { readonly nodes: readonly Address[] } | undefined;
  /** Whether peers are looked for in our own networks, by multicast; not unless said. */
  readonly lan?: boolean | undefined;
  /** Whether the router is asked to forward our ports; not unless said. */
  readonly portMapping?: boolean | undefined;
  /** An absolute folder: what is put there is downloaded. */
  readonly watchedFolder?: string | undefined;
  /** Shared secret for the trackers. */
  readonly token: string | undefined;
  /** Which gifts are taken (sta_push). */
  readonly acceptPushes: PushPolicy;
  /** Bytes of pieces taken as gifts of torrents the user never asked for; 1 GiB unless said. */
  readonly giftQuotaBytes?: number | undefined;
  /** Bytes of each disk that downloads leave free; 100 MB unless said. */
  readonly keptFreeBytes?: number | undefined;
  /** Whether files take all their room before their first piece; `sparse` unless said. */
  readonly allocation?: Allocation | undefined;
  /** Keeps a tracker that has answered for the next start, or forgets it. Rejects with StorageError. */
  readonly rememberTracker?: (address: TrackerAddress, wanted: boolean) => Promise<void>;
  /** A person said that there is no tracker. */
  readonly trackerless?: boolean;
  /** Keeps that for the next start. Rejects with StorageError. */
  readonly rememberTrackerless?: () => Promise<void>;
  /** Keeps the limits for the next start. Rejects with StorageError. */
  readonly rememberLimits?: (limits: EngineLimits) => Promise<void>;
  /** Somebody asked the engine to stop. */
  readonly onStop: () => void;
  /** Hears also what happens while the engine starts. */
  readonly onEvent?: (event: EngineEvent) => void;
}
