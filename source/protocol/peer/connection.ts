// One peer's side of the wire, sans I/O: bytes in, messages out, and back. A state machine that never concatenates.
import { ProtocolError } from "../errors.ts";
import { toInfoHash, toPeerId } from "../ids.ts";
import { decodeExtendedHandshake, encodeExtendedHandshake } from "./extensions/extended-handshake.ts";
import { decodeExtension, encodeExtension, localExtensions } from "./extensions/registry.ts";
import {
  BLOCK_BYTES,
  MAX_EXTENDED_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_UNKNOWN_BYTES,
  MAX_UNKNOWN_MESSAGES,
} from "./limits.ts";
import {
  type BlockRange,
  encodeExtended,
  encodeHandshake,
  HANDSHAKE_BYTES,
  HANDSHAKE_PREFIX,
  ID,
  type PeerMessage,
  writeMessage,
} from "./messages.ts";
import { Outbox } from "./outbox.ts";

const LENGTH_BYTES = 4;

const OUR_EXTENSIONS = localExtensions(true);

/** More than any index says. */
const UNKNOWN_PIECE_COUNT = 2 ** 32;

/**
 * Reads and writes the wire of one peer. The first message received is `handshake`; whoever it is handed to calls
 * `bind` with the torrent's number of pieces before it returns.
 */
export class PeerConnection {
  #pieceCount: number | undefined;
  #handshakeSeen = false;
  #haveAllAllowed = true;
  #unknownMessages = 0;
  /** Bytes of a message whose end has not come; its length is `#needed`. */
  #partial: Uint8Array = new Uint8Array(HANDSHAKE_BYTES);
  #partialBytes = 0;
  /** Bytes of the message that is arriving, length prefix included; while that prefix is arriving, its own size. */
  #needed = HANDSHAKE_BYTES;
  #inPrefix = false;
  #peerExtensions: ReadonlyMap<string, number> = new Map();

  /** Tells how many pieces the torrent has, once the handshake said which torrent it is. */
  bind(pieceCount: number): void {
    this.#pieceCount = pieceCount;
  }

  /** The number of pieces is not known yet: what the peer says of pieces is read, and must be used for nothing. */
  bindWithoutMetainfo(): void {
    this.#pieceCount = UNKNOWN_PIECE_COUNT;
  }

  /** True when the peer's extended handshake named the extension. */
  speaks(name: string): boolean {
    return (this.#peerExtensions.get(name) ?? 0) > 0;
  }

  /** Bytes received of a message that is not complete. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /**
   * Hands the messages that end in `chunk` to `got`, in order, until it returns false; the rest is kept. `chunk` is not kept and may be
   * reused afterwards. Throws ProtocolError when the peer broke the protocol: nothing more may be read from it.
   */
  receive(chunk: Uint8Array, got: (message: PeerMessage) => unknown): void {
    for (let offset = 0; offset < chunk.length;) {
      let message: PeerMessage | undefined;
      if (this.#inPrefix) {
        offset = this.#readPrefix(chunk, offset);
        if (this.#inPrefix) return;
      }
      const missing = this.#needed - this.#partialBytes;
      if (!this.#handshakeSeen) {
        offset = this.#collect(chunk, offset);
        this.#checkPrefix();
        if (this.#partialBytes < HANDSHAKE_BYTES) return;
        message = this.#finishHandshake();
      } else if (missing === 0) {
        message = { type: "keep-alive" };
      } else if (offset === chunk.length) {
        return;
      } else {
        const isBegun = this.#partialBytes > LENGTH_BYTES;
        if (!isBegun) this.#checkLength(chunk[offset]!, missing);
        if (!isBegun && chunk.length - offset >= missing) {
          message = this.#parse(chunk, offset, offset + missing);
          offset += missing;
        } else {
          offset = this.#collect(chunk, offset);
          if (this.#partialBytes < this.#needed) return;
          message = this.#parse(this.#partial, LENGTH_BYTES, this.#needed);
        }
      }
      this.#expectPrefix();
      if (message && got(message) === false) return;
    }
  }

  /** Bytes of a message for this peer. Throws RangeError for an extension the peer does not speak. */
  send(message: PeerMessage): Uint8Array {
    const out = new Outbox();
    this.write(message, out);
    return out.take();
  }

  /** Writes the bytes of `send` behind what waits in `out`. */
  write(message: PeerMessage, out: Outbox): void {
    switch (message.type) {
      case "handshake":
        return out.add(encodeHandshake(message));
      case "extended-handshake":
        return out.add(encodeExtended(0, encodeExtendedHandshake(message.handshake)));
      case "sta-push":
      case "ut-metadata":
      case "ut-pex": {
        const { name, payload } = encodeExtension(message);
        const id = this.#peerExtensions.get(name) ?? 0;
        if (id === 0) throw new RangeError(`the peer does not speak ${name}`);
        return out.add(encodeExtended(id, payload));
      }
      default:
        writeMessage(message, out);
    }
  }

  #expectPrefix(): void {
    this.#inPrefix = true;
    this.#partialBytes = 0;
    this.#needed = LENGTH_BYTES;
  }

  /** Copies what is missing of the message into `#partial`; returns the offset behind it. */
  #collect(chunk: Uint8Array, offset: number): number {
    if (this.#partial.length < this.#needed) {
      // Most messages that are cut are blocks: one buffer of their size serves them all.
      this.#partial = new Uint8Array(Math.max(this.#needed, LENGTH_BYTES + 9 + BLOCK_BYTES));
    }
    const end = Math.min(chunk.length, offset + this.#needed - this.#partialBytes);
    this.#partial.set(chunk.subarray(offset, end), this.#partialBytes);
    this.#partialBytes += end - offset;
    return end;
  }

  /** Refuses at the first wrong byte: who waits for an answer to something else learns that none will come. */
  #checkPrefix(): void {
    const length = Math.min(this.#partialBytes, HANDSHAKE_PREFIX.length);
    for (let i = 0; i < length; i++) {
      if (this.#partial[i] !== HANDSHAKE_PREFIX[i])
        throw new ProtocolError("not-bittorrent", "not the BitTorrent header");
    }
  }

  #finishHandshake(): PeerMessage {
    const bytes = this.#partial;
    this.#handshakeSeen = true;
    return {
      type: "handshake",
      infoHash: toInfoHash(copyOf(bytes, 28, 48)),
      peerId: toPeerId(copyOf(bytes, 48, 68)),
      fast: (bytes[27]! & 0x04) !== 0,
      extended: (bytes[25]! & 0x10) !== 0,
      dht: (bytes[27]! & 0x01) !== 0,
    };
  }

  /** Reads the length; afterwards `#needed` counts prefix and body, and `#partialBytes` the prefix. */
  #readPrefix(chunk: Uint8Array, offset: number): number {
    let end = offset;
    let length: number;
    if (this.#partialBytes === 0 && chunk.length - offset >= LENGTH_BYTES) {
      length = uint32(chunk, offset);
      end = offset + LENGTH_BYTES;
    } else {
      end = this.#collect(chunk, offset);
      if (this.#partialBytes < LENGTH_BYTES) return end;
      length = uint32(this.#partial, 0);
    }
    if (length > MAX_MESSAGE_BYTES)
      throw new ProtocolError("too-long", `message of ${length} bytes, at most ${MAX_MESSAGE_BYTES}`);
    this.#inPrefix = false;
    this.#partialBytes = LENGTH_BYTES;
    this.#needed = LENGTH_BYTES + length;
    return end;
  }

  /** Before anything is allocated for a message, its id is checked against its length. */
  #checkLength(id: number, bodyBytes: number): void {
    const payloadBytes = bodyBytes - 1;
    const exact = EXACT_PAYLOAD_BYTES[id];
    if (exact !== undefined) {
      if (payloadBytes !== exact) this.#refuseLength(id, exact, payloadBytes);
    } else if (id === ID.piece) {
      if (payloadBytes < 9 || payloadBytes > 8 + BLOCK_BYTES) this.#refuseLength(id, 8 + BLOCK_BYTES, payloadBytes);
    } else if (id === ID.bitfield) {
      const expected = Math.ceil(this.#boundPieceCount() / 8);
      const isRight = this.#pieceCount === UNKNOWN_PIECE_COUNT ? payloadBytes < expected : payloadBytes === expected;
      if (!isRight) this.#refuseLength(id, expected, payloadBytes);
    } else if (id === ID.extended) {
      if (payloadBytes < 1 || payloadBytes > MAX_EXTENDED_BYTES)
        this.#refuseLength(id, MAX_EXTENDED_BYTES, payloadBytes);
    } else {
      if (payloadBytes > MAX_UNKNOWN_BYTES) this.#refuseLength(id, MAX_UNKNOWN_BYTES, payloadBytes);
      if (++this.#unknownMessages > MAX_UNKNOWN_MESSAGES) {
        throw new ProtocolError("unknown-messages", `more than ${MAX_UNKNOWN_MESSAGES} unknown messages`);
      }
    }
  }

  #refuseLength(id: number, expected: number, received: number): never {
    throw new ProtocolError("bad-length", `message ${id}: expected ${expected} bytes, received ${received}`);
  }

  #boundPieceCount(): number {
    if (this.#pieceCount === undefined) throw new RangeError("bind() must be called after the handshake");
    return this.#pieceCount;
  }

  /** The message whose id and payload are the bytes from `start` to `end`; undefined when it is skipped. */
  #parse(bytes: Uint8Array, start: number, end: number): PeerMessage | undefined {
    const id = bytes[start]!;
    const at = start + 1;
    if (id === ID.piece) {
      this.#haveAllAllowed = false;
      const data = bytes.subarray(start + 9, end);
      return { type: "piece", index: this.#index(bytes, at), begin: uint32(bytes, at + 4), data };
    }
    if (id < ID.extended && id !== ID.port && id !== ID.bitfield && id !== ID.haveAll && id !== ID.haveNone) {
      // BEP 6: what a peer has comes first; extended handshakes come before it in practice.
      this.#haveAllAllowed = false;
    }
    switch (id) {
      case ID.request:
        return { type: "request", ...this.#range(bytes, at) };
      case ID.have:
        return { type: "have", index: this.#index(bytes, at) };
      case ID.cancel:
        return { type: "cancel", ...this.#range(bytes, at) };
      case ID.choke:
        return { type: "choke" };
      case ID.unchoke:
        return { type: "unchoke" };
      case ID.interested:
        return { type: "interested" };
      case ID.notInterested:
        return { type: "not-interested" };
      case ID.bitfield:
        return this.#parseBitfield(copyOf(bytes, at, end));
      case ID.haveAll:
        this.#takeHaveAllTurn();
        return { type: "have-all" };
      case ID.haveNone:
        this.#takeHaveAllTurn();
        return { type: "have-none" };
      case ID.suggest:
        return { type: "suggest", index: this.#index(bytes, at) };
      case ID.reject:
        return { type: "reject", ...this.#range(bytes, at) };
      case ID.allowedFast:
        return { type: "allowed-fast", index: this.#index(bytes, at) };
      case ID.port:
        return { type: "port", port: (bytes[at]! << 8) | bytes[at + 1]! };
      case ID.extended:
        return this.#parseExtended(bytes[at]!, bytes.subarray(at + 1, end));
      default:
        return undefined;
    }
  }

  /** Also late ones, against BEP 3: aria2 sends a bitfield in place of several `have`. */
  #parseBitfield(bytes: Uint8Array): PeerMessage {
    this.#haveAllAllowed = false;
    const spare = bytes.length * 8 - this.#boundPieceCount();
    if (spare > 0 && (bytes.at(-1)! & ((1 << spare) - 1)) !== 0) {
      throw new ProtocolError("spare-bits", "bitfield with spare bits set");
    }
    return { type: "bitfield", bytes };
  }

  #takeHaveAllTurn(): void {
    if (!this.#haveAllAllowed) throw new ProtocolError("late-have-all", "have-all or have-none after other messages");
    this.#haveAllAllowed = false;
  }

  #parseExtended(extensionId: number, payload: Uint8Array): PeerMessage | undefined {
    if (extensionId === 0) {
      const handshake = decodeExtendedHandshake(payload);
      // A later one tells what has changed; what we speak no word of is not kept.
      const spoken = [...handshake.extensions].filter(([name]) => OUR_EXTENSIONS.has(name));
      this.#peerExtensions = new Map([...this.#peerExtensions, ...spoken]);
      return { type: "extended-handshake", handshake: { ...handshake, extensions: this.#peerExtensions } };
    }
    return decodeExtension(extensionId, payload);
  }

  #range(bytes: Uint8Array, at: number): BlockRange {
    return { index: this.#index(bytes, at), begin: uint32(bytes, at + 4), length: uint32(bytes, at + 8) };
  }

  /** A piece index from outside; usable only because it is checked here. */
  #index(bytes: Uint8Array, at: number): number {
    const index = uint32(bytes, at);
    if (index >= this.#boundPieceCount()) {
      throw new ProtocolError("bad-index", `piece ${index} of a torrent of ${this.#pieceCount} pieces`);
    }
    return index;
  }
}

/** Payload bytes of the messages that have exactly one size, by id. */
const EXACT_PAYLOAD_BYTES: Readonly<Record<number, number>> = {
  [ID.choke]: 0,
  [ID.unchoke]: 0,
  [ID.interested]: 0,
  [ID.notInterested]: 0,
  [ID.have]: 4,
  [ID.request]: 12,
  [ID.cancel]: 12,
  [ID.port]: 2,
  [ID.suggest]: 4,
  [ID.haveAll]: 0,
  [ID.haveNone]: 0,
  [ID.reject]: 12,
  [ID.allowedFast]: 4,
};

function uint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Outlives the buffer that sockets read into. Not slice(): of a Buffer that is no copy. */
function copyOf(bytes: Uint8Array, start: number, end?: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}
