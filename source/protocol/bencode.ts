// Bencode (BEP 3): strict and iterative, for bytes that strangers send.
// Dictionary keys are bytes on the wire; here they are latin-1 strings, one character a byte, so that any key survives a round trip.
import { BencodeError, type BencodeErrorCode } from "./errors.ts";

/** What decoding yields. Dictionaries are Maps: a key `__proto__` is a key like any other. */
export type BencodeValue = number | Uint8Array | BencodeValue[] | BencodeDictionary;
export type BencodeDictionary = Map<string, BencodeValue>;

/** What can be encoded: strings become UTF-8, objects and Maps become dictionaries (keys latin-1), undefined members are left out. */
export type Bencodable =
  | number
  | string
  | Uint8Array
  | readonly Bencodable[]
  | ReadonlyMap<string, Bencodable>
  | { readonly [key: string]: Bencodable | undefined };

export interface DecodeLimits {
  /** Nesting of lists and dictionaries. */
  readonly maxDepth: number;
  /** Values and keys in all. */
  readonly maxTokens: number;
  /** Accept unsorted and repeated keys (the last one wins): metainfo of other programs has them. */
  readonly allowUnsortedKeys?: boolean;
}

/** For a message of a peer or a tracker: 32 deep as libtorrent, 10 000 tokens bound the memory of one frame to a few hundred kB. */
export const MESSAGE_LIMITS: DecodeLimits = { maxDepth: 32, maxTokens: 10_000, allowUnsortedKeys: true };

/** For a metainfo file: 3 million tokens are 500 000 files, as libtorrent. */
export const FILE_LIMITS: DecodeLimits = { maxDepth: 32, maxTokens: 3_000_000, allowUnsortedKeys: true };

/** Where a value of the outermost dictionary stood: `bytes.subarray(start, end)` is its raw encoding. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Decoded {
  readonly value: BencodeValue;
  /** Bytes used from the start of the input; anything behind them is not part of the value. */
  readonly length: number;
  /** Raw encodings of the values of the outermost dictionary, by key; empty for other values. */
  readonly spans: ReadonlyMap<string, Span>;
}

/**
 * Decodes the one value that fills `bytes`. Strings are views into `bytes`, not copies.
 * Throws BencodeError for anything that is not canonical bencode, except for key order when `limits` allow it.
 */
export function decode(bytes: Uint8Array, limits: DecodeLimits = MESSAGE_LIMITS): BencodeValue {
  const { value, length } = decodeFirst(bytes, limits);
  if (length !== bytes.length) {
    throw new BencodeError("trailing", length, `${bytes.length - length} bytes behind the value, at offset ${length}`);
  }
  return value;
}

/** Decodes the value at the start of `bytes`, which more bytes may follow (BEP 9 and sta_push blocks). Throws BencodeError. */
export function decodeFirst(bytes: Uint8Array, limits: DecodeLimits = MESSAGE_LIMITS): Decoded {
  return new Decoder(bytes, limits).run();
}

/** A list or dictionary whose end has not come yet. */
interface OpenContainer {
  readonly value: BencodeValue[] | BencodeDictionary;
  key: string | undefined;
  previousKey: string | undefined;
}

const CHAR = { d: 0x64, e: 0x65, i: 0x69, l: 0x6c, zero: 0x30, nine: 0x39, colon: 0x3a, minus: 0x2d } as const;

class Decoder {
  #offset = 0;
  #tokens = 0;
  #keyStart = 0;
  readonly #open: OpenContainer[] = [];
  readonly #spans = new Map<string, Span>();
  readonly bytes: Uint8Array;
  readonly limits: DecodeLimits;

  constructor(bytes: Uint8Array, limits: DecodeLimits) {
    this.bytes = bytes;
    this.limits = limits;
  }

  run(): Decoded {
    for (;;) {
      const completed = this.#step();
      if (completed !== undefined) return { value: completed, length: this.#offset, spans: this.#spans };
    }
  }

  /** Reads one token; returns the outermost value once it is complete. */
  #step(): BencodeValue | undefined {
    const container = this.#open.at(-1);
    const byte = this.#peek();
    if (container && byte === CHAR.e) {
      if (container.key !== undefined) this.#fail("syntax", `key without a value`);
      this.#offset++;
      this.#open.pop();
      return this.#place(container.value);
    }
    if (++this.#tokens > this.limits.maxTokens) this.#fail("tokens", `more than ${this.limits.maxTokens} values`);
    if (container?.value instanceof Map && container.key === undefined) {
      this.#readKey(container);
      return undefined;
    }
    if (byte === CHAR.d) return this.#enter(new Map());
    if (byte === CHAR.l) return this.#enter([]);
    if (byte === CHAR.i) return this.#place(this.#readInteger());
    return this.#place(this.#readString());
  }

  #enter(value: BencodeValue[] | BencodeDictionary): undefined {
    if (this.#open.length >= this.limits.maxDepth) this.#fail("depth", `nested deeper than ${this.limits.maxDepth}`);
    this.#offset++;
    this.#open.push({ value, key: undefined, previousKey: undefined });
  }

  #place(value: BencodeValue): BencodeValue | undefined {
    const parent = this.#open.at(-1);
    if (!parent) return value;
    if (Array.isArray(parent.value)) {
      parent.value.push(value);
    } else if (parent.key !== undefined) {
      parent.value.set(parent.key, value);
      if (this.#open.length === 1) this.#spans.set(parent.key, { start: this.#keyStart, end: this.#offset });
      parent.previousKey = parent.key;
      parent.key = undefined;
    }
    return undefined;
  }

  #readKey(container: OpenContainer): void {
    const at = this.#offset;
    const key = latin1(this.#readString());
    if (!this.limits.allowUnsortedKeys && container.previousKey !== undefined && key <= container.previousKey) {
      throw new BencodeError("order", at, `key out of order at offset ${at}`);
    }
    container.key = key;
    if (this.#open.length === 1) this.#keyStart = this.#offset;
  }

  #readInteger(): number {
    const end = this.bytes.indexOf(CHAR.e, this.#offset);
    if (end < 0) this.#fail("truncated", "integer without an end");
    // 2^53 - 1 has 16 digits: a longer one is refused before it is looked at.
    const text = end - this.#offset > 18 ? "" : latin1(this.bytes.subarray(this.#offset + 1, end));
    const value = Number(text);
    if (!/^(0|-?[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value))
      this.#fail("integer", "not an integer up to 2^53 - 1");
    this.#offset = end + 1;
    return value;
  }

  #readString(): Uint8Array {
    let length = 0;
    const start = this.#offset;
    for (let byte = this.#peek(); byte !== CHAR.colon; byte = this.#peek()) {
      if (byte < CHAR.zero || byte > CHAR.nine) this.#fail("syntax", `unexpected byte 0x${byte.toString(16)}`);
      if (this.#offset > start && length === 0) this.#fail("syntax", "length with a leading zero");
      length = length * 10 + (byte - CHAR.zero);
      if (length > this.bytes.length)
        this.#fail("truncated", `string longer than the ${this.bytes.length} bytes there are`);
      this.#offset++;
    }
    if (this.#offset === start) this.#fail("syntax", "string without a length");
    const from = this.#offset + 1;
    if (from + length > this.bytes.length)
      this.#fail("truncated", `string of ${length} bytes, ${this.bytes.length - from} left`);
    this.#offset = from + length;
    return this.bytes.subarray(from, from + length);
  }

  #peek(): number {
    const byte = this.bytes[this.#offset];
    if (byte === undefined) this.#fail("truncated", "ends in the middle of a value");
    return byte;
  }

  #fail(code: BencodeErrorCode, what: string): never {
    throw new BencodeError(code, this.#offset, `${what}, at offset ${this.#offset}`);
  }
}

/**
 * Encodes in canonical form: keys sorted as bytes, not as UTF-16 (scrape answers are keyed by raw info hashes).
 * Throws TypeError for a number that is no safe integer or a key that is not latin-1.
 */
export function encode(value: Bencodable): Uint8Array {
  const writer = new Writer();
  encodeInto(writer, value);
  return writer.bytes();
}

/** One buffer that grows: a torrent of 150 000 files has a million tokens. */
class Writer {
  #buffer = new Uint8Array(256);
  #length = 0;

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#buffer[this.#length++] = text.charCodeAt(i);
  }

  string(bytes: Uint8Array): void {
    this.ascii(`${bytes.length}:`);
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

function encodeInto(writer: Writer, value: Bencodable): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`bencode has no number ${value}`);
    writer.ascii(`i${value}e`);
  } else if (typeof value === "string") {
    writer.string(utf8(value));
  } else if (value instanceof Uint8Array) {
    writer.string(value);
  } else if (Array.isArray(value)) {
    writer.ascii("l");
    for (const item of value as readonly Bencodable[]) encodeInto(writer, item);
    writer.ascii("e");
  } else {
    encodeDictionary(
      writer,
      value as ReadonlyMap<string, Bencodable> | { readonly [key: string]: Bencodable | undefined },
    );
  }
}

function encodeDictionary(
  writer: Writer,
  value: ReadonlyMap<string, Bencodable> | { readonly [key: string]: Bencodable | undefined },
): void {
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  writer.ascii("d");
  for (const [key, member] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (member === undefined) continue;
    writer.string(fromLatin1(key));
    encodeInto(writer, member);
  }
  writer.ascii("e");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes, or undefined when they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** One character for each byte: what dictionary keys are in a decoded value. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The bytes of such a text. Throws TypeError for a character beyond latin-1. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new TypeError(`key is not latin-1: ${JSON.stringify(text)}`);
    bytes[i] = code;
  }
  return bytes;
}

/** One array with all parts in order. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
