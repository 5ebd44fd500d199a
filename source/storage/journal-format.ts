// The bytes of a resume journal: which pieces lie on disk, and how sure that is. No I/O here.
//
//   offset  bytes
//        0      8  "STAPIEC2"
//        8     20  info hash
//       28      4  number of pieces, big-endian as all numbers here
//       32     16  boot id of the machine when the file was begun
//       48      8  float: the last change of a file when the journal was closed, milliseconds since 1970; 0 in one that is written to
//       56      b  bitfield `synced`: survived, or will survive, a loss of power; b = ceil(pieces / 8), wire order
//     56+b      b  bitfield `written`: in the page cache at least, so it survives the end of a process
//    56+2b      b  bitfield `suspect`: maybe there; to be hashed before it counts
//    56+3b      4  CRC-32 of all before
//   then any number of records of 9 bytes:
//        0      1  type: 1 written, 2 lost, 3 synced
//        1      4  written, lost: index of the piece; synced: n, the pieces of `written` and of the first n records are synced
//        5      4  CRC-32 of the record's first 5 bytes, begun with the CRC before it
//
// The CRCs are a chain: whatever is damaged, all before it is used and all behind it is not.
import { crc32 } from "node:zlib";
import { Bitfield } from "../metainfo/bitfield.ts";
import { concatBytes, latin1 } from "../protocol/bencode.ts";
import type { InfoHash } from "../protocol/ids.ts";

const MAGIC = "STAPIEC2";
const HEADER_BYTES = 56;
export const RECORD_BYTES = 9;

/** What is known of the pieces. No piece is in `suspect` and in `written`; `written` holds all of `synced`. */
export interface JournalState {
  readonly synced: Bitfield;
  readonly written: Bitfield;
  readonly suspect: Bitfield;
}

/** `lost`: the piece is neither held nor suspect. `synced`: the first `value` records' pieces are safe from a loss of power. */
export interface JournalRecord {
  readonly type: "written" | "lost" | "synced";
  readonly value: number;
}

export interface JournalIdentity {
  readonly infoHash: InfoHash;
  readonly pieceCount: number;
}

export interface DecodedJournal extends JournalState {
  /** 32 hex digits. */
  readonly bootId: string;
  /** When a file was changed last, of one that was closed: wall time; 0 of any other. */
  readonly changedAtMs: number;
  /** Records that were read. */
  readonly records: number;
}

/** Nothing known. */
export function emptyState(pieceCount: number): JournalState {
  return {
    synced: Bitfield.empty(pieceCount),
    written: Bitfield.empty(pieceCount),
    suspect: Bitfield.empty(pieceCount),
  };
}

/** The beginning of a journal: identity, boot, state and, of one that is closed, `changedAtMs`; `crc` is where the chain of the records begins. */
export function encodeHeader(
  identity: JournalIdentity,
  bootId: string,
  state: JournalState,
  changedAtMs = 0,
): { bytes: Uint8Array; crc: number } {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(Buffer.from(MAGIC, "latin1"));
  header.set(identity.infoHash, 8);
  const view = new DataView(header.buffer);
  view.setUint32(28, identity.pieceCount);
  view.setFloat64(48, changedAtMs);
  header.set(Buffer.from(bootId, "hex").subarray(0, 16), 32);
  const body = concatBytes([header, state.synced.toBytes(), state.written.toBytes(), state.suspect.toBytes()]);
  const crc = crc32(body);
  return { bytes: concatBytes([body, uint32(crc)]), crc };
}

const TYPES = ["written", "lost", "synced"] as const;

/** One record, and the CRC that the next one continues. */
export function encodeRecord(record: JournalRecord, previousCrc: number): { bytes: Uint8Array; crc: number } {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, TYPES.indexOf(record.type) + 1);
  view.setUint32(1, record.value);
  const crc = crc32(bytes.subarray(0, 5), previousCrc);
  view.setUint32(5, crc);
  return { bytes, crc };
}

/**
 * Reads what of a journal is whole. Undefined when not even its beginning is, or when it is of another torrent.
 * Never throws, whatever the bytes are.
 */
export function decodeJournal(bytes: Uint8Array, identity: JournalIdentity): DecodedJournal | undefined {
  const bitfieldBytes = Math.ceil(identity.pieceCount / 8);
  const headerEnd = HEADER_BYTES + 3 * bitfieldBytes;
  if (bytes.length < headerEnd + 4 || latin1(bytes.subarray(0, 8)) !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = crc32(bytes.subarray(0, headerEnd));
  if (view.getUint32(headerEnd) !== crc || view.getUint32(28) !== identity.pieceCount) return undefined;
  if (Buffer.compare(bytes.subarray(8, 28), identity.infoHash) !== 0) return undefined;
  const [synced, written, suspect] = [0, 1, 2].map((index) => {
    const start = HEADER_BYTES + index * bitfieldBytes;
    return Bitfield.fromBytes(bytes.subarray(start, start + bitfieldBytes), identity.pieceCount);
  });
  if (!synced || !written || !suspect) return undefined;
  const state = { synced, written, suspect };
  const replay = new Replay(state);
  for (let at = headerEnd + 4; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    crc = crc32(bytes.subarray(at, at + 5), crc);
    const type = TYPES[view.getUint8(at) - 1];
    if (crc !== view.getUint32(at + 5) || type === undefined) break;
    if (!replay.take({ type, value: view.getUint32(at + 1) })) break;
  }
  return {
    ...state,
    bootId: Buffer.from(bytes.subarray(32, 48)).toString("hex"),
    changedAtMs: view.getFloat64(48),
    records: replay.records,
  };
}

/** Applies records to a state, in their order. */
class Replay {
  readonly #state: JournalState;
  /** Pieces written and not synced, with the number of records up to the one that said so; oldest first. */
  readonly #unsynced = new Map<number, number>();
  records = 0;

  constructor(state: JournalState) {
    this.#state = state;
    for (const piece of state.written.held()) if (!state.synced.get(piece)) this.#unsynced.set(piece, 0);
  }

  /** False for a record that makes no sense: it and all behind it are left out. */
  take({ type, value }: JournalRecord): boolean {
    const { synced, written, suspect } = this.#state;
    if (value >= (type === "synced" ? this.records + 1 : written.size)) return false;
    this.records++;
    if (type === "synced") {
      for (const [piece, at] of this.#unsynced) {
        if (at > value) break;
        synced.set(piece);
        this.#unsynced.delete(piece);
      }
      return true;
    }
    suspect.clear(value);
    synced.clear(value);
    written.clear(value);
    this.#unsynced.delete(value);
    if (type === "written") {
      written.set(value);
      this.#unsynced.set(value, this.records);
    }
    return true;
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
