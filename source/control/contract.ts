// The contract between the engine and everything that looks at it: what the viewer and the commands see and may ask for.
// One file is the truth for the control socket, for `--json` output and for the viewer.
import { z } from "zod";
import type { DisplayText } from "../protocol/display-text.ts";

export type { DisplayText } from "../protocol/display-text.ts";

/** Version of the control protocol; an engine and a client of different versions refuse each other in one sentence. */
export const CONTROL_PROTOCOL = 1;

/** Everything the engine shows, at one moment. Plain, serialisable, immutable; rows that did not change keep their identity. */
export interface Snapshot {
  readonly engine: EngineStatus;
  readonly trackers: readonly TrackerStatus[];
  readonly catalogue: readonly CatalogueRow[];
  readonly transfers: readonly TransferRow[];
  /** Oldest first, the last 500. */
  readonly broadcasts: readonly BroadcastRow[];
}

export interface EngineStatus {
  /** `gone`: the client lost the engine and shows what it saw last. */
  readonly state: "running" | "stopping" | "gone";
  readonly version: string;
  readonly pid: number;
  /** 40 hex digits. */
  readonly peerId: string;
  /** TCP port that takes peers. */
  readonly port: number;
  /** What the router does, or says, that was asked to forward it, as a clause; null: none was, or has not answered yet. */
  readonly forwarding: DisplayText | null;
  /** Where downloads go. */
  readonly folder: DisplayText;
  /** Bytes free in `folder`; null when it cannot be told. */
  readonly freeBytes: number | null;
  readonly connectedPeers: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  /** Bytes a second of the last 60 seconds, oldest first. */
  readonly downHistory: readonly number[];
  readonly upHistory: readonly number[];
  /** 0 is no limit. */
  readonly downLimitBytesPerSecond: number;
  readonly upLimitBytesPerSecond: number;
  /** Transfers that download at once; the others are `queued`. 0 is no limit. */
  readonly activeDownloads: number;
  /** When what is added from now on stops seeding, by its ratio or after so many seconds; null: it does not. */
  readonly ratioLimit: number | null;
  readonly seedSecondsLimit: number | null;
  /** A person said that there is no tracker: he adds torrents himself. */
  readonly trackerless: boolean;
  /** Conditions a user should know of, as sentences; empty when all is well. */
  readonly alerts: readonly DisplayText[];
}

export interface TrackerStatus {
  /** host:port */
  readonly address: DisplayText;
  /** `waiting`: not reachable, next try after `retryInSeconds`. */
  readonly state: "connecting" | "connected" | "waiting" | "refused";
  /** Why it is not connected, as a sentence. */
  readonly problem: DisplayText | null;
  readonly retryInSeconds: number | null;
  /** Peers the tracker knows, ours included; 0 until connected. */
  readonly peers: number;
  readonly files: number;
  /** Whether it could dial the port on which we take peers; absent while that is not known, as from a tracker that does not try. */
  readonly reachable?: boolean;
}

/** One file of the swarm: what a tracker says of it, and what we have of it. */
export interface CatalogueRow {
  /** 40 hex digits; with `tracker` the key of the row. */
  readonly infoHash: string;
  readonly name: DisplayText;
  readonly length: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Pieces that at least one connected peer holds. */
  readonly availablePieces: number;
  readonly holders: number;
  readonly seeds: number;
  readonly private: boolean;
  /** Wall time, milliseconds since 1970. */
  readonly addedAt: number;
  readonly tracker: DisplayText;
  /** Our part in it. */
  readonly ours: "none" | "transferring" | "complete";
}

/**
 * `checking`: pieces on disk are being hashed. `seeding`: asks for nothing, gives what it has, which may be less than all.
 * `waiting`: wants pieces, and nobody connected has any. `queued`: others download first.
 * `error`: stopped by a fault that `reason` names; goes on by itself or after `resume`.
 */
export type TransferState = "checking" | "downloading" | "waiting" | "seeding" | "queued" | "paused" | "error";

export interface TransferRow {
  readonly infoHash: string;
  readonly name: DisplayText;
  readonly state: TransferState;
  /** In words: why it is in this state, or what it is doing. May be empty. */
  readonly reason: DisplayText;
  /** Bytes of its files, padding not among them. */
  readonly length: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly heldPieces: number;
  /** Bytes held and verified. */
  readonly heldBytes: number;
  /** Where its files lie. */
  readonly folder: DisplayText;
  /** Padding between files (BEP 47) is none of them, here and wherever files are told of. */
  readonly fileCount: number;
  /** The first 1 000 files; `files` asks for all of them. */
  readonly files: readonly FileRow[];
  /** Bytes of the files that are wanted, and how many of them are held. */
  readonly wantedBytes: number;
  readonly wantedHeldBytes: number;
  readonly private: boolean;
  /** Of the last seconds. */
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  /** Mean of the last half minute: what `secondsLeft` is told from. */
  readonly meanDownBytesPerSecond: number;
  readonly meanUpBytesPerSecond: number;
  /** Bytes a second of the last 60 seconds, oldest first; empty when nothing moved in them. */
  readonly downHistory: readonly number[];
  readonly upHistory: readonly number[];
  /** 0 is no limit. */
  readonly downLimitBytesPerSecond: number;
  readonly upLimitBytesPerSecond: number;
  /** It stops seeding at this ratio, or after so many seconds of it; null: it does not. */
  readonly ratioLimit: number | null;
  readonly seedSecondsLimit: number | null;
  /** Pieces are fetched in their order, to be used while they come. */
  readonly sequential: boolean;
  /** Place among those that are queued, from 1; null when it is not. */
  readonly queuePosition: number | null;
  /** Payload bytes received and sent since it was added. */
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  /** Payload bytes received that were of no use: twice, unasked, or failed their hash. */
  readonly wastedBytes: number;
  /** uploadedBytes / length. */
  readonly ratio: number;
  readonly secondsLeft: number | null;
  /**
   * One character a cell, at most 1 024 cells in piece order, each for the same share of the pieces:
   * `h` all held, `g` all held and some given to others, `p` some held, `a` one arriving, `v` one verifying, `m` all missing.
   */
  readonly pieceMap: string;
  /** Cells as in `pieceMap`: how many connected peers hold the rarest piece of the cell, `0` to `9` (9 or more). */
  readonly availabilityMap: string;
  /**
   * Copies of the torrent among connected peers: of the rarest piece, and behind the point the share of pieces that have one copy
   * more (as libtorrent's distributed copies).
   */
  readonly availability: number;
  readonly peers: readonly PeerRow[];
  /** The trackers that its metainfo names. */
  readonly trackers: readonly AnnounceRow[];
  /** What happened to it, oldest first, the last 100. */
  readonly log: readonly LogRow[];
  /** Wall time, milliseconds since 1970. */
  readonly addedAt: number;
  /** `video.mkv: 12.1 MB in 1.6 s, 7.5 MB/s from 2 peers`, once a download has finished in this run of the engine. */
  readonly summary: DisplayText | null;
}

export type FilePriority = "high" | "normal" | "off";

export interface FileRow {
  /** Its place in the torrent: what `set-files` names it by. */
  readonly index: number;
  /** Path inside the torrent, `/` between its parts. */
  readonly path: DisplayText;
  readonly length: number;
  readonly heldBytes: number;
  readonly priority: FilePriority;
}

/** One announce URL of a transfer, and what came of it; or the DHT, whose `leechers` are the peers it told of last, or our networks, where they were heard since. */
export interface AnnounceRow {
  /** scheme://host:port: the rest of an announce URL may be a secret. Or `DHT`, `LAN`, `web HOST:PORT`: a web server. */
  readonly address: DisplayText;
  /** From 0: those of a tier are tried before those of the next (BEP 12). */
  readonly tier: number;
  /** `unused`: another one answers. */
  readonly state: "unused" | "announcing" | "working" | "failing";
  /** Why it does not work, or what it warns of, as a sentence. */
  readonly problem: DisplayText | null;
  /** Wall time, milliseconds since 1970; null while it is not known, or nothing is to come. */
  readonly nextAnnounceAt: number | null;
  /** What it said last; null when it has not. */
  readonly seeds: number | null;
  readonly leechers: number | null;
}

export interface LogRow {
  /** Rises by one in a transfer; the key of the row. */
  readonly seq: number;
  /** Wall time, milliseconds since 1970. */
  readonly at: number;
  readonly text: DisplayText;
}

export interface PeerRow {
  /** Stable while it is connected, unique in the transfer. */
  readonly key: string;
  /** host:port; an IPv6 host in brackets. */
  readonly address: DisplayText;
  /** `sta 0.1.0`, `qBittorrent 4.5.2`, ... */
  readonly client: DisplayText;
  /** How we met. */
  readonly via: "tracker" | "incoming" | "given" | "channel" | "pex" | "dht" | "lan" | "web";
  /** 0 to 1: what it holds. */
  readonly progress: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
  /** The piece that is arriving from it, and 0 to 1 how much of it is there; null when none is. */
  readonly piece: number | null;
  readonly pieceFraction: number;
  readonly amChoking: boolean;
  readonly amInterested: boolean;
  readonly peerChoking: boolean;
  readonly peerInterested: boolean;
  /**
   * A letter each: `D` we download from it (`d` it chokes us), `U` it downloads from us (`u` we choke it), `S` it stalls, `I` it came
   * to us, `F` speaks BEP 6, `P` takes gifts. As in libtorrent's clients.
   */
  readonly flags: string;
  /** Payload bytes of this connection. */
  readonly downloadedBytes: number;
  readonly uploadedBytes: number;
  /** Blocks that it was asked for and that have not come. */
  readonly requestedBlocks: number;
  /** In words why nothing moves; empty when something does. */
  readonly idle: DisplayText;
}

export interface BroadcastRow {
  /** Rises by one; the key of the row. */
  readonly seq: number;
  /** Wall time, milliseconds since 1970. */
  readonly at: number;
  /** `available` +, `unavailable` -, `given` ↑, `received` ↓, `finished` ✓, `notice` and `problem` !. */
  readonly kind: "available" | "unavailable" | "given" | "received" | "finished" | "notice" | "problem";
  /** `test.pdf can be downloaded (1 holder)` */
  readonly text: DisplayText;
}

/**
 * 40 hex digits, a magnet link, a name of the catalogue or of a transfer, a path of a .torrent file on the engine's machine, or an
 * http(s) address of one.
 */
const target = z.string().min(1).max(8192);
const infoHash = z.string().regex(/^[0-9a-f]{40}$/);
const bytesPerSecond = z.number().int().min(0);

const priority = z.enum(["high", "normal", "off"]);

/** Limits of one transfer; what is not named stays as it is. */
const ownLimits = {
  downBytesPerSecond: bytesPerSecond.optional(),
  upBytesPerSecond: bytesPerSecond.optional(),
  ratioLimit: z.number().min(0).nullable().optional(),
  seedSecondsLimit: z.number().int().min(0).nullable().optional(),
};

/** Indexes of the files that are wanted. */
const wantedFiles = z.union([z.literal("all"), z.array(z.number().int().min(0)).max(500_000)]);

/** What can be asked of the engine. Paths are absolute, on the engine's machine. */
export const commandSchema = z.discriminatedUnion("method", [
  z.object({
    method: z.literal("download"),
    target,
    /** host:port to dial at once. */
    peers: z.array(z.string().max(255)).max(200).optional(),
    folder: z.string().optional(),
    /** By default those that a magnet link chooses, else all; of a transfer that is there already: those that were wanted. */
    files: wantedFiles.optional(),
    sequential: z.boolean().optional(),
    ...ownLimits,
  }),
  /** What a target holds, before it is added: the reply's `torrent`. */
  z.object({
    method: z.literal("inspect"),
    target,
    peers: z.array(z.string().max(255)).max(200).optional(),
    folder: z.string().optional(),
  }),
  /** A file or folder to hash, publish and seed; or a .torrent whose data lies in `folder`. */
  z.object({
    method: z.literal("share"),
    path: z.string().min(1).max(4096),
    folder: z.string().optional(),
    /** Of a .torrent: share what is there, also when it is not all of it, and ask for nothing. */
    partial: z.boolean().optional(),
    ...ownLimits,
  }),
  /** Gives `count` random pieces to every connected sta peer; `keep` goes on until nobody lacks anything, or until `stop` is asked for. */
  z.object({
    method: z.literal("push"),
    target,
    count: z.number().int().min(1).max(1000),
    keep: z.boolean().optional(),
    stop: z.boolean().optional(),
  }),
  z.object({ method: z.literal("pause"), infoHash }),
  z.object({ method: z.literal("resume"), infoHash }),
  z.object({ method: z.literal("check"), infoHash }),
  /** Asks for its peers sooner than it is due: its trackers, once a minute at most, the DHT, the own networks and web servers. */
  z.object({ method: z.literal("reannounce"), infoHash }),
  z.object({ method: z.literal("remove"), infoHash, withData: z.boolean() }),
  /** Files that are wanted more, or not at all; those that are not named stay as they are. */
  z.object({
    method: z.literal("set-files"),
    infoHash,
    files: z
      .array(z.object({ index: z.number().int().min(0), priority }))
      .min(1)
      .max(500_000),
  }),
  /** All files of a transfer, however many: the reply's `files`. */
  z.object({ method: z.literal("files"), infoHash }),
  /** How one transfer goes on; what is not named stays as it is. */
  z.object({
    method: z.literal("set-transfer"),
    infoHash,
    sequential: z.boolean().optional(),
    ...ownLimits,
  }),
  /** Its place among those that wait for their turn. */
  z.object({ method: z.literal("move"), infoHash, to: z.enum(["top", "up", "down", "bottom"]) }),
  /** host:port; remembered once it has answered. */
  z.object({ method: z.literal("add-tracker"), address: z.string().min(1).max(255) }),
  /** There is none, and nobody need be asked for one; remembered until one is added. */
  z.object({ method: z.literal("no-tracker") }),
  /** host:port. Its channel is closed, what it offered goes from the catalogue, and the next start does not know it. */
  z.object({ method: z.literal("remove-tracker"), address: z.string().min(1).max(255) }),
  /** Limits of the whole engine; the last two are of what is added from now on. What is not named stays as it is; all are remembered. */
  z.object({
    method: z.literal("set-limits"),
    ...ownLimits,
    activeDownloads: z.number().int().min(0).max(10_000).optional(),
  }),
  /** How the engine itself does: the reply's `doctor`. */
  z.object({ method: z.literal("doctor") }),
  /** Paths on the engine's machine that begin with `prefix`, folders with `/` behind, at most 100. */
  z.object({ method: z.literal("complete-path"), prefix: z.string().max(4096) }),
  /** Ends the engine; transfers are saved. */
  z.object({ method: z.literal("stop") }),
]);

export type Command = z.infer<typeof commandSchema>;

/** A torrent before it is added. */
const torrentSchema = z.object({
  infoHash,
  name: z.string(),
  /** Bytes of all its files. */
  length: z.number(),
  pieceLength: z.number(),
  private: z.boolean(),
  /** Where it would go, and bytes that a download may take there; null when that cannot be told. */
  folder: z.string(),
  /** It would be made. */
  isNewFolder: z.boolean(),
  freeBytes: z.number().nullable(),
  /** `index`: its place in the torrent, where padding has places too. `off`: the magnet link chooses others (BEP 53). */
  files: z.array(
    z.object({ index: z.number(), path: z.string(), length: z.number(), off: z.literal(true).optional() }),
  ),
});

export type InspectedTorrent = z.infer<typeof torrentSchema>;

const fileSchema = z.object({
  index: z.number(),
  path: z.string(),
  length: z.number(),
  heldBytes: z.number(),
  priority,
});

/** How the engine does, in figures. Milliseconds and bytes. */
const doctorSchema = z.object({
  pid: z.number(),
  version: z.string(),
  uptimeSeconds: z.number(),
  /** How late the event loop was, in the last minute. */
  loopDelayMs: z.object({ median: z.number(), p99: z.number(), max: z.number() }),
  cpuSeconds: z.number(),
  rssBytes: z.number(),
  heapBytes: z.number(),
  /** Memory of buffers outside of the heap. */
  bufferBytes: z.number(),
  descriptors: z.object({ open: z.number(), limit: z.number().nullable() }),
  port: z.number(),
  peers: z.number(),
  dialing: z.number(),
  transfers: z.number(),
  /** Bytes of pieces that are arriving, or wait to be hashed and written. */
  pieceBytes: z.number(),
  /** Bytes that wait in sockets for peers to read them. */
  socketBytes: z.number(),
  /** Our node of the DHT; null when it is not used. */
  dht: z
    .object({
      /** `idle`: nothing is looked for. `alone`: it runs, and no node answers. `failed`: there is no UDP port for it. */
      state: z.enum(["idle", "starting", "working", "alone", "failed"]),
      /** UDP; 0 while there is none. */
      port: z.number(),
      /** Nodes that answer us. */
      nodes: z.number(),
      /** Torrents that are looked for, and those of them that are right now. */
      torrents: z.number(),
      searches: z.number(),
      /** Kept for others. */
      storedTorrents: z.number(),
      storedPeers: z.number(),
      sentBytes: z.number(),
      receivedBytes: z.number(),
      /** Datagrams that were not read or answered: too many, or unreadable. */
      dropped: z.number(),
      sendErrors: z.number(),
    })
    .nullable(),
  /** Peers of our own networks (BEP 14); null when they are not looked for. */
  lan: z
    .object({
      /** `idle`: nothing is looked for. `alone`: there is no network that it is for. `failed`: multicast works in none. */
      state: z.enum(["idle", "starting", "working", "alone", "failed"]),
      /** In which it works, by the names of their interfaces. */
      networks: z.array(z.string()),
      /** That are told. */
      torrents: z.number(),
      /** Announces of others for them. */
      heard: z.number(),
      sentBytes: z.number(),
      receivedBytes: z.number(),
      /** Datagrams that were not read: too many, of elsewhere, or unreadable. */
      dropped: z.number(),
    })
    .nullable(),
  /** What came of asking the router to forward our ports; null when it is not asked. */
  portMapping: z
    .object({
      /** `idle`: nothing goes on. `needless`: no router stands before us. `failed`: TCP is not forwarded, `problem` says why. */
      state: z.enum(["idle", "asking", "working", "needless", "failed"]),
      /** Its address; null while none is known. */
      router: z.string().nullable(),
      /** What it was asked by; null while it forwards nothing. */
      way: z.enum(["PCP", "NAT-PMP", "UPnP"]).nullable(),
      /** That are forwarded. */
      ports: z.array(z.object({ protocol: z.enum(["TCP", "UDP"]), port: z.number() })),
      /** Why one is not, as a clause. */
      problem: z.string().nullable(),
    })
    .nullable(),
  /** Each says what is wrong and what helps; empty when all is well. */
  findings: z.array(z.string()),
});

export type Doctor = z.infer<typeof doctorSchema>;

/** What a command came to. `text` is one sentence for a person: what happened, to what, and what to do. */
export const replySchema = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    text: z.string(),
    infoHash: z.string().optional(),
    paths: z.array(z.string()).optional(),
    torrent: torrentSchema.optional(),
    files: z.array(fileSchema).optional(),
    doctor: doctorSchema.optional(),
  }),
  z.object({
    ok: z.literal(false),
    code: z.enum([
      "not-found",
      "no-holder",
      "not-held",
      "bad-format",
      "file-problem",
      "tracker-problem",
      "no-tracker",
      "engine-gone",
      "failed",
    ]),
    text: z.string(),
  }),
]);

export type Reply =
  | {
      readonly ok: true;
      readonly text: DisplayText;
      readonly infoHash?: string;
      readonly paths?: readonly DisplayText[];
      /** Its texts are fit for display. */
      readonly torrent?: InspectedTorrent;
      readonly files?: readonly FileRow[];
      readonly doctor?: Doctor;
    }
  | {
      readonly ok: false;
      readonly code: Extract<z.infer<typeof replySchema>, { ok: false }>["code"];
      readonly text: DisplayText;
    };

/** What happens, as it happens: one JSON object a line in `--json` output. */
export type EngineEvent =
  /** How the engine does, once in ten minutes and when it was late. */
  | ({ readonly event: "health" } & Doctor)
  | { readonly event: "seeding"; readonly infoHash: string; readonly name: string; readonly port: number }
  | {
      readonly event: "done";
      readonly infoHash: string;
      readonly name: string;
      /** Of the files that were wanted. */
      readonly bytes: number;
      /** Of the file, or of its folder; as it stands on the disk, not for display. */
      readonly path: string;
      readonly seconds: number;
    }
  | {
      readonly event: "progress";
      readonly infoHash: string;
      readonly name: string;
      readonly heldBytes: number;
      readonly bytes: number;
    }
  | { readonly event: "problem"; readonly infoHash?: string; readonly text: string }
  | { readonly event: "broadcast"; readonly kind: BroadcastRow["kind"]; readonly text: string };

/** Hears what happens; returns the way to stop. */
export interface EngineEvents {
  onEvent(listener: (event: EngineEvent) => void): () => void;
}

/** The engine as the viewer and the commands see it: in process, over the control socket, or scripted. */
export interface EngineClient {
  /** The latest snapshot; the same object until something changes. */
  getSnapshot(): Snapshot;
  /** Calls `listener` after each new snapshot, at most four times a second; returns the way to stop. */
  subscribe(listener: () => void): () => void;
  /** Never rejects: what went wrong is in the reply. */
  send(command: Command): Promise<Reply>;
  close(): Promise<void>;
}
