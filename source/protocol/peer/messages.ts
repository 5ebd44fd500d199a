// The messages of the peer wire (BEP 3, BEP 6, BEP 10) as values, and their bytes.
import type { InfoHash, PeerId } from "../ids.ts";
import type { ExtendedHandshake } from "./extensions/extended-handshake.ts";
import type { PushMessage } from "./extensions/sta-push.ts";
import type { PexMessage } from "./extensions/ut-pex.ts";
import type { MetadataMessage } from "./extensions/ut-metadata.ts";
import { Outbox } from "./outbox.ts";

/** A block, or the request for one: `length` bytes from `begin` in piece `index`. */
export interface BlockRange {
  readonly index: number;
  readonly begin: number;
  readonly length: number;
}

export interface Handshake {
  readonly type: "handshake";
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** BEP 6. */
  readonly fast: boolean;
  /** BEP 10. */
  readonly extended: boolean;
  /** BEP 5: has a node of the DHT, whose port it says and wants to hear. */
  readonly dht: boolean;
}

export type PeerMessage =
  | Handshake
  | { readonly type: "keep-alive" }
  | { readonly type: "choke" }
  | { readonly type: "unchoke" }
  | { readonly type: "interested" }
  | { readonly type: "not-interested" }
  | { readonly type: "have"; readonly index: number }
  /** `bytes`: one bit a piece, highest first, spare bits zero. Received: a copy of the receiver's own. */
  | { readonly type: "bitfield"; readonly bytes: Uint8Array }
  | ({ readonly type: "request" } & BlockRange)
  /** `data` received is a view that is valid only while the message is handed on. */
  | { readonly type: "piece"; readonly index: number; readonly begin: number; readonly data: Uint8Array }
  | ({ readonly type: "cancel" } & BlockRange)
  /** DHT port (BEP 5). */
  | { readonly type: "port"; readonly port: number }
  | { readonly type: "have-all" }
  | { readonly type: "have-none" }
  | { readonly type: "suggest"; readonly index: number }
  | ({ readonly type: "reject" } & BlockRange)
  | { readonly type: "allowed-fast"; readonly index: number }
  | { readonly type: "extended-handshake"; readonly handshake: ExtendedHandshake }
  | { readonly type: "sta-push"; readonly message: PushMessage }
  | { readonly type: "ut-metadata"; readonly message: MetadataMessage }
  | { readonly type: "ut-pex"; readonly message: PexMessage };

/** Message ids: BEP 3 (0-8), BEP 5 (9), BEP 6 (13-17), BEP 10 (20). */
export const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
} as const;

/** The first 20 bytes of every connection: length 19 and the protocol's name (BEP 3). */
export const HANDSHAKE_PREFIX: Uint8Array = new TextEncoder().encode("\x13BitTorrent protocol");

/** Bytes of a handshake: prefix 20, reserved 8, info hash 20, peer id 20. */
export const HANDSHAKE_BYTES = 68;

/** Bytes before the payload of a `piece` message: length 4, id 1, index 4, begin 4. */
export const PIECE_HEADER_BYTES = 13;

const KEEP_ALIVE = new Uint8Array(4);

/** A handshake's 68 bytes. Reserved bits: byte 5 `0x10` extended (BEP 10), byte 7 `0x04` fast (BEP 6), `0x01` DHT (BEP 5). */
export function encodeHandshake(handshake: Omit<Handshake, "type">): Uint8Array {
  const bytes = new Uint8Array(HANDSHAKE_BYTES);
  bytes.set(HANDSHAKE_PREFIX, 0);
  if (handshake.extended) bytes[25] = 0x10;
  bytes[27] = (handshake.fast ? 0x04 : 0) | (handshake.dht ? 0x01 : 0);
  bytes.set(handshake.infoHash, 28);
  bytes.set(handshake.peerId, 48);
  return bytes;
}

/** Writes the 13 bytes that stand before a block's payload of `length` bytes. */
export function writePieceHeader(
  target: Uint8Array,
  offset: number,
  index: number,
  begin: number,
  length: number,
): void {
  putUint32(target, offset, 9 + length);
  target[offset + 4] = ID.piece;
  putUint32(target, offset + 5, index);
  putUint32(target, offset + 9, begin);
}

/** A message that is no extension's and no handshake. */
export type PlainMessage = Exclude<
  PeerMessage,
  Handshake | { type: "extended-handshake" | "sta-push" | "ut-metadata" | "ut-pex" }
>;

/** Bytes of a message that is no extension's: `uint32 length, uint8 id, payload`, numbers big-endian. */
export function encodeMessage(message: PlainMessage): Uint8Array {
  const out = new Outbox();
  writeMessage(message, out);
  return out.take();
}

/** Writes the bytes of `encodeMessage` behind what waits in `out`. */
export function writeMessage(message: PlainMessage, out: Outbox): void {
  switch (message.type) {
    case "request":
      return writeRange(out, ID.request, message);
    case "have":
      return writeIndex(out, ID.have, message.index);
    case "keep-alive":
      out.add(KEEP_ALIVE);
      return;
    case "choke":
      return writeAlone(out, ID.choke);
    case "unchoke":
      return writeAlone(out, ID.unchoke);
    case "interested":
      return writeAlone(out, ID.interested);
    case "not-interested":
      return writeAlone(out, ID.notInterested);
    case "bitfield":
      return writeBytes(out, ID.bitfield, message.bytes);
    case "piece": {
      const at = out.room(PIECE_HEADER_BYTES + message.data.length);
      writePieceHeader(out.bytes, at, message.index, message.begin, message.data.length);
      return out.bytes.set(message.data, at + PIECE_HEADER_BYTES);
    }
    case "cancel":
      return writeRange(out, ID.cancel, message);
    case "port":
      return writeBytes(out, ID.port, Uint8Array.of(message.port >>> 8, message.port & 0xff));
    case "suggest":
      return writeIndex(out, ID.suggest, message.index);
    case "have-all":
      return writeAlone(out, ID.haveAll);
    case "have-none":
      return writeAlone(out, ID.haveNone);
    case "reject":
      return writeRange(out, ID.reject, message);
    case "allowed-fast":
      return writeIndex(out, ID.allowedFast, message.index);
    default:
      return message satisfies never;
  }
}

/** Bytes of an extension's message (BEP 10): id 20, the receiver's number for the extension, payload. */
export function encodeExtended(extensionId: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(6 + payload.length);
  putUint32(bytes, 0, 2 + payload.length);
  bytes[4] = ID.extended;
  bytes[5] = extensionId;
  bytes.set(payload, 6);
  return bytes;
}

function writeAlone(out: Outbox, id: number): void {
  begin(out, id, 0);
}

function writeIndex(out: Outbox, id: number, index: number): void {
  const at = begin(out, id, 4);
  putUint32(out.bytes, at, index);
}

function writeRange(out: Outbox, id: number, { index, begin: from, length }: BlockRange): void {
  const at = begin(out, id, 12);
  const { bytes } = out;
  putUint32(bytes, at, index);
  putUint32(bytes, at + 4, from);
  putUint32(bytes, at + 8, length);
}

function writeBytes(out: Outbox, id: number, payload: Uint8Array): void {
  const at = begin(out, id, payload.length);
  out.bytes.set(payload, at);
}

/** Writes length and id; returns where the payload is to be written. */
function begin(out: Outbox, id: number, payloadBytes: number): number {
  const at = out.room(5 + payloadBytes);
  putUint32(out.bytes, at, 1 + payloadBytes);
  out.bytes[at + 4] = id;
  return at + 5;
}

function putUint32(bytes: Uint8Array, offset: number, number: number): void {
  bytes[offset] = number >>> 24;
  bytes[offset + 1] = number >>> 16;
  bytes[offset + 2] = number >>> 8;
  bytes[offset + 3] = number;
}
