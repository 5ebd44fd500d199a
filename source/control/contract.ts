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
 * `waiting`: wants pieces, and nobody connected has any.
 * `error`: stopped by a fault that `reason` names; goes on by itself or after `resume`.
 */
export type TransferState = "checking" | "downloading" | "waiting" | "seeding" | "paused" | "error";

export interface TransferRow {
  readonly infoHash: string;
  readonly name: DisplayText;
  readonly state: TransferState;
  /** In words: why it is in this state, or what it is doing. May be empty. */
  readonly reason: DisplayText;
  readonly length: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly heldPieces: number;
  /** Bytes held and verified. */
  readonly heldBytes: number;
  /** Where its files lie. */
  readonly folder: DisplayText;
  readonly fileCount: number;
  /** The first 1 000 files. */
  readonly files: readonly FileRow[];
  readonly private: boolean;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
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
  readonly peers: readonly PeerRow[];
  /** Wall time, milliseconds since 1970. */
  readonly addedAt: number;
  /** `video.mkv: 12.1 MB in 1.6 s, 7.5 MB/s from 2 peers`, once a download has finished in this run of the engine. */
  readonly summary: DisplayText | null;
}

export interface FileRow {
  /** Path inside the torrent, `/` between its parts. */
  readonly path: DisplayText;
  readonly length: number;
  readonly heldBytes: number;
}

export interface PeerRow {
  /** Stable while it is connected, unique in the transfer. */
  readonly key: string;
  /** host:port; an IPv6 host in brackets. */
  readonly address: DisplayText;
  /** `sta 0.1.0`, `qBittorrent 4.5.2`, ... */
  readonly client: DisplayText;
  /** How we met. */
  readonly via: "tracker" | "incoming" | "given" | "channel";
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

/** 40 hex digits, a name of the catalogue or of a transfer, or a path of a .torrent file on the engine's machine. */
const target = z.string().min(1).max(4096);
const infoHash = z.string().regex(/^[0-9a-f]{40}$/);
const bytesPerSecond = z.number().int().min(0);

/** What can be asked of the engine. Paths are absolute, on the engine's machine. */
export const commandSchema = z.discriminatedUnion("method", [
  z.object({
    method: z.literal("download"),
    target,
    /** host:port to dial at once. */
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
  }),
  /** Gives `count` random pieces to every connected sta peer; `keep` goes on until nobody lacks anything. */
  z.object({
    method: z.literal("push"),
    target,
    count: z.number().int().min(1).max(1000),
    keep: z.boolean().optional(),
  }),
  z.object({ method: z.literal("pause"), infoHash }),
  z.object({ method: z.literal("resume"), infoHash }),
  z.object({ method: z.literal("check"), infoHash }),
  z.object({ method: z.literal("remove"), infoHash, withData: z.boolean() }),
  /** host:port, also of the next; both are remembered. */
  z.object({ method: z.literal("add-tracker"), address: z.string().min(1).max(255) }),
  /** Its channel is closed, and what it offered goes from the catalogue. */
  z.object({ method: z.literal("remove-tracker"), address: z.string().min(1).max(255) }),
  z.object({
    method: z.literal("set-limits"),
    downBytesPerSecond: bytesPerSecond.optional(),
    upBytesPerSecond: bytesPerSecond.optional(),
  }),
  /** Paths on the engine's machine that begin with `prefix`, folders with `/` behind, at most 100. */
  z.object({ method: z.literal("complete-path"), prefix: z.string().max(4096) }),
  /** Ends the engine; transfers are saved. */
  z.object({ method: z.literal("stop") }),
]);

export type Command = z.infer<typeof commandSchema>;

/** What a command came to. `text` is one sentence for a person: what happened, to what, and what to do. */
export const replySchema = z.discriminatedUnion("ok", [
  z.object({
    ok: z.literal(true),
    text: z.string(),
    infoHash: z.string().optional(),
    paths: z.array(z.string()).optional(),
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
    }
  | {
      readonly ok: false;
      readonly code: Extract<z.infer<typeof replySchema>, { ok: false }>["code"];
      readonly text: DisplayText;
    };

/** What happens, as it happens: one JSON object a line in `--json` output. */
export type EngineEvent =
  | { readonly event: "seeding"; readonly infoHash: string; readonly name: string; readonly port: number }
  | {
      readonly event: "done";
      readonly infoHash: string;
      readonly name: string;
      readonly bytes: number;
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
