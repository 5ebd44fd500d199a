// Swarm channel, `sta.1`: one JSON object a WebSocket text frame, between a peer and its tracker.
// Requests carry `id`, their replies `re`. Unknown types are ignored, unknown members dropped, anything else malformed is a ProtocolError.
import { z } from "zod";
import { ProtocolError } from "../errors.ts";
import type { InfoHashHex, PeerIdHex } from "../ids.ts";
import {
  MAX_ENTRIES_IN_FRAME,
  MAX_FRAME,
  MAX_HAVE_FRAME,
  MAX_NAME,
  MAX_PIECES,
  MAX_TORRENT_FRAME,
  MAX_UPDATE_PIECES,
} from "./limits.ts";

/** WebSocket subprotocol, and the path it is served at. */
export const CHANNEL_SUBPROTOCOL = "sta.1";
export const CHANNEL_PATH = "/swarm";

const isHexId = (value: unknown) => typeof value === "string" && /^[0-9a-f]{40}$/.test(value);
const infoHash = z.custom<InfoHashHex>(isHexId, "expected 40 lower-case hex digits");
const peerId = z.custom<PeerIdHex>(isHexId, "expected 40 lower-case hex digits");
const port = z.number().int().min(1).max(65_535);
const portOrNone = z.number().int().min(0).max(65_535);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const piece = z
  .number()
  .int()
  .min(0)
  .max(MAX_PIECES - 1);
const pieces = z.array(piece).max(MAX_UPDATE_PIECES);
const id = count;
const text = z.string().max(1024);
/** An address, or a name; nothing in it that no system call takes. */
const address = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\s\p{Cc}]+$/u);
const name = z.string().max(MAX_NAME);

const entry = z.object({
  infoHash,
  /** The torrent's own name, raw: pass it through `displayText` before it is shown. */
  name,
  /** Bytes of all files. */
  length: count,
  pieceLength: count,
  pieceCount: count,
  /** Pieces that at least one connected peer holds. */
  availablePieces: count,
  /** Connected peers with at least one piece, seeds included. */
  holders: count,
  /** Connected peers with every piece. */
  seeds: count,
  private: z.boolean(),
  /** Wall time of the first publication, milliseconds since 1970. */
  addedAt: count,
});
const entries = z.array(entry).max(MAX_ENTRIES_IN_FRAME);

/** One torrent of the catalogue, and how much of it the connected peers hold. */
export type CatalogueEntry = Readonly<z.infer<typeof entry>>;

const peer = z.object({ peerId, address, port });
const holder = peer.extend({
  /** Base64 of its bitfield. */
  pieces: z.string().max(MAX_HAVE_FRAME),
});

/** A peer as a tracker tells of it: its socket's address and the port it said in `hello`. */
export type ChannelPeer = Readonly<z.infer<typeof peer>>;

/** What a peer says to its tracker. */
const clientMessage = z.discriminatedUnion("type", [
  /** First, within 5 s. `resume`: the last `seq` it saw, to hear only what it missed. */
  z.object({
    type: z.literal("hello"),
    peerId,
    /** 0 for one that only looks, as a browser does: it is no peer, publishes and holds nothing. */
    port: portOrNone,
    agent: z.string().max(128),
    token: z.string().max(256).optional(),
    resume: count.optional(),
    /** Which run of the tracker `resume` counts in: `welcome.epoch`. */
    epoch: z.string().max(64).optional(),
  }),
  /** Base64 of a metainfo file. */
  z.object({ type: z.literal("publish"), id, torrent: z.string().max(MAX_TORRENT_FRAME) }),
  /** The whole bitfield in base64, or null for a torrent it has nothing to do with any longer. */
  z.object({ type: z.literal("have"), infoHash, pieces: z.string().max(MAX_HAVE_FRAME).nullable() }),
  z.object({ type: z.literal("update"), infoHash, gained: pieces, lost: pieces }),
  /** By info hash, or by name when that is in the catalogue once. */
  z.object({ type: z.literal("torrent"), id, infoHash: infoHash.optional(), name: name.optional() }),
  z.object({ type: z.literal("holders"), id, infoHash, piece: piece.optional() }),
  z.object({ type: z.literal("peers"), id }),
]);

/** What a tracker says to a peer. */
const trackerMessage = z.discriminatedUnion("type", [
  /** `catalogue` is its first page; while `more`, `catalogue` frames follow. Absent after a `resume` that could be replayed. */
  z.object({
    type: z.literal("welcome"),
    seq: count,
    epoch: z.string().max(64),
    you: z.object({ address, port: portOrNone }),
    peers: count,
    catalogue: entries.optional(),
    more: z.boolean(),
    limits: z.object({ messagesPerSecond: count, frame: count }),
  }),
  z.object({ type: z.literal("catalogue"), entries, more: z.boolean() }),
  /** `twins`: how many other torrents have the same name; asked for by name, they are ambiguous. */
  z.object({ type: z.literal("published"), re: id, infoHash, twins: count.optional() }),
  z.object({ type: z.literal("torrent"), re: id, torrent: z.string().max(MAX_TORRENT_FRAME) }),
  z.object({ type: z.literal("holders"), re: id, peers: z.array(holder).max(1000) }),
  z.object({ type: z.literal("peers"), re: id, peers: z.array(peer).max(1000) }),
  /** `re` is missing when nothing was asked: a `have` of a torrent nobody published. */
  z.object({
    type: z.literal("error"),
    re: id.optional(),
    code: z.string().max(64),
    text,
    infoHash: infoHash.optional(),
  }),
  z.object({ type: z.literal("available"), seq: count, entry }),
  z.object({ type: z.literal("changed"), seq: count, entries, peers: count }),
  z.object({
    type: z.literal("unavailable"),
    seq: count,
    infoHash,
    name,
    /** In words: `left`, `connection lost`, ... */
    why: text,
    /** Whose going it was, host:port. */
    peer: text.optional(),
    /** The tracker forgot the torrent: its entry is no longer in the catalogue. */
    forgotten: z.boolean().optional(),
  }),
  z.object({ type: z.literal("notice"), seq: count, text }),
  /** Whether the tracker could dial the port of `hello` at the client's address. */
  z.object({ type: z.literal("reachable"), port, ok: z.boolean() }),
]);

export type ClientMessage = z.infer<typeof clientMessage>;
export type TrackerMessage = z.infer<typeof trackerMessage>;

/** What every client hears, numbered by `seq` without a gap. */
export type Broadcast = Extract<
  TrackerMessage,
  { seq: number; type: "available" | "changed" | "unavailable" | "notice" }
>;

/** Codes of `error` replies. Clients treat one they do not know as `refused`. */
export type ChannelErrorCode =
  "not-found" | "no-holder" | "ambiguous" | "bad-torrent" | "not-published" | "full" | "refused";

/** Text of one frame. `type` stands first: frames above MAX_FRAME are told by it before they are parsed. */
export function encodeMessage(message: ClientMessage | TrackerMessage): string {
  const { type, ...rest } = message;
  return JSON.stringify({ type, ...rest });
}

/** A frame from a peer; undefined for a type this version does not know. Throws ProtocolError `too-big`, `not-json` or `bad-message`. */
export function parseClientMessage(frame: string): ClientMessage | undefined {
  return parse(frame, clientMessage, CLIENT_TYPES, CLIENT_CAPS);
}

/** A frame from a tracker; undefined for a type this version does not know. Throws ProtocolError `too-big`, `not-json` or `bad-message`. */
export function parseTrackerMessage(frame: string): TrackerMessage | undefined {
  return parse(frame, trackerMessage, TRACKER_TYPES, TRACKER_CAPS);
}

const typesOf = (union: typeof clientMessage | typeof trackerMessage) =>
  new Set<string>(union.options.map((option) => option.shape.type.value));
const CLIENT_TYPES = typesOf(clientMessage);
const TRACKER_TYPES = typesOf(trackerMessage);

const CLIENT_CAPS: Readonly<Record<string, number>> = { publish: MAX_TORRENT_FRAME, have: MAX_HAVE_FRAME };
const TRACKER_CAPS: Readonly<Record<string, number>> = { torrent: MAX_TORRENT_FRAME, holders: MAX_HAVE_FRAME };

function parse<Message>(
  frame: string,
  schema: z.ZodType<Message>,
  types: ReadonlySet<string>,
  caps: Readonly<Record<string, number>>,
): Message | undefined {
  if (frame.length > MAX_FRAME) {
    const cap = caps[/^\{"type":"([a-z]+)"/.exec(frame)?.[1] ?? ""] ?? MAX_FRAME;
    if (frame.length > cap) {
      throw new ProtocolError("too-big", `frame of ${frame.length} characters, at most ${cap} allowed`);
    }
  }
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch (cause) {
    throw new ProtocolError("not-json", "frame is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") {
    throw new ProtocolError("bad-message", "frame is not an object with a type");
  }
  if (!types.has(value.type)) return undefined;
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new ProtocolError("bad-message", `${value.type}: ${issue.path.join(".")}: ${issue.message}`.slice(0, 200));
  }
  return result.data;
}
