// The handshake of message stream encryption (MSE, also "protocol encryption"), both sides, sans I/O. Some clients insist on it. Both sides
// agree on a secret, prove with it that they mean the same torrent without naming it, and choose RC4 or the clear for all that follows:
//
//   1 -> public key (96), padding (0 to 512)
//   2 <- public key (96), padding (0 to 512)
//   3 -> SHA-1("req1", S) (20), SHA-1("req2", info hash) xor SHA-1("req3", S) (20),
//        RC4 { zeros (8), methods provided (4), length (2) of padding, padding, length (2) of first payload, first payload }
//   4 <- RC4 { zeros (8), method selected (4), length (2) of padding, padding }
//
// S is the secret, numbers are big-endian; the key stream of each direction is keyed with SHA-1("keyA" or "keyB", S, info hash).
import { ProtocolError } from "../../errors.ts";
import type { InfoHash } from "../../ids.ts";
import { HANDSHAKE_PREFIX } from "../messages.ts";
import { PRIVATE_KEY_BYTES, KEY_BYTES, publicKey, sharedSecret } from "./diffie-hellman.ts";
import { Rc4 } from "./rc4.ts";

/** Most bytes of padding of each kind. */
const MAX_PADDING_BYTES = 512;

const HASH_BYTES = 20;
const ZEROS_BYTES = 8;

/**
 * One secret in 256 begins with a zero, and rtorrent and libtorrent, until 2026, leave that out where they hash it: who is dialled chooses
 * last, and draws another key. So many at most, for each costs.
 */
const MAX_DRAWN_KEYS = 4;

/** Methods, as bits. */
const CLEAR = 1;
const RC4 = 2;

/** What a pure file is given. */
export interface EncryptionTools {
  /** SHA-1 of the parts, one behind the other; 20 bytes. */
  readonly sha1: (...parts: readonly Uint8Array[]) => Uint8Array;
  /** So many random bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
}

/** What stands between a socket and its `PeerConnection`. */
export interface PeerEncryption {
  /**
   * What was read, in the clear; empty while both sides agree. `chunk` may be changed, and is not kept. Throws ProtocolError when the other
   * side cannot be agreed with.
   */
  receive(chunk: Uint8Array): Uint8Array;
  /** What goes over the wire for `bytes`, which may be changed; empty while both sides agree: it leaves once they have. */
  seal(bytes: Uint8Array): Uint8Array;
  /** Nothing is encrypted, from here on for ever. */
  readonly isClear: boolean;
}

export interface EncryptionOptions extends EncryptionTools {
  /** Sends bytes as they are. */
  readonly send: (bytes: Uint8Array) => void;
}

/** Waits for so many bytes at a time. */
type Steps = Generator<number, void, Uint8Array>;

/** Steps that are fed with what arrives, and the two key streams they end with. */
abstract class Agreement implements PeerEncryption {
  protected readonly options: EncryptionOptions;
  protected incoming: Rc4 | undefined;
  protected outgoing: Rc4 | undefined;
  /** Bytes at the beginning of what follows that are encrypted whatever was chosen. */
  protected encryptedBytes = Number.POSITIVE_INFINITY;
  #steps: Steps | undefined;
  #needed = 0;
  #arrived: Uint8Array = new Uint8Array();
  #unsent: Uint8Array[] = [];

  constructor(options: EncryptionOptions) {
    this.options = options;
  }

  get isClear(): boolean {
    return this.#steps === undefined && this.incoming === undefined && this.outgoing === undefined;
  }

  receive(chunk: Uint8Array): Uint8Array {
    const rest = this.#steps ? this.#advance(this.#steps, chunk) : chunk;
    const encrypted = rest.subarray(0, Math.min(rest.length, this.encryptedBytes));
    this.incoming?.apply(encrypted);
    this.encryptedBytes -= encrypted.length;
    if (this.encryptedBytes === 0) this.incoming = undefined;
    return rest;
  }

  seal(bytes: Uint8Array): Uint8Array {
    if (!this.#steps) return this.outgoing?.apply(bytes) ?? bytes;
    this.#unsent.push(Uint8Array.from(bytes));
    return new Uint8Array();
  }

  protected begin(steps: Steps): void {
    this.#steps = steps;
    const { value } = steps.next();
    this.#needed = value as number;
  }

  /** Feeds the steps; returns what is behind the last of them. */
  #advance(steps: Steps, chunk: Uint8Array): Uint8Array {
    const arrived = concat([this.#arrived, chunk]);
    let offset = 0;
    while (this.#steps && arrived.length - offset >= this.#needed) {
      const bytes = arrived.subarray(offset, offset + this.#needed);
      offset += this.#needed;
      const { done, value } = steps.next(bytes);
      if (done) this.#end();
      else this.#needed = value;
    }
    const rest = arrived.subarray(offset);
    if (!this.#steps) return rest;
    this.#arrived = rest;
    return new Uint8Array();
  }

  #end(): void {
    this.#steps = undefined;
    for (const bytes of this.#unsent) this.options.send(this.seal(bytes));
    this.#unsent = [];
  }

  /** Leaves the key streams to what follows, or takes them away. */
  protected choose(method: number, encryptedBytes = 0): void {
    if (method === RC4) return;
    this.outgoing = undefined;
    this.encryptedBytes = encryptedBytes;
    if (encryptedBytes === 0) this.incoming = undefined;
  }

  /** A public key and padding of a random length, behind whom nobody sees where it ends. */
  protected greeting(privateKey: Uint8Array): Uint8Array {
    const { randomBytes } = this.options;
    return concat([publicKey(privateKey), randomBytes(uint16(randomBytes(2)) % (MAX_PADDING_BYTES + 1))]);
  }

  protected hash(word: string, ...parts: readonly Uint8Array[]): Uint8Array {
    return this.options.sha1(ascii(word), ...parts);
  }

  /** Waits until `pattern` has come, within the padding that may stand before it. */
  protected *find(pattern: Uint8Array, what: string): Steps {
    const seen: number[] = [];
    while (seen.length < MAX_PADDING_BYTES + pattern.length) {
      seen.push((yield 1)[0]!);
      const start = seen.length - pattern.length;
      if (start >= 0 && pattern.every((byte, i) => byte === seen[start + i])) return;
    }
    throw new ProtocolError("encryption", `its encrypted handshake has no ${what}`);
  }

  /** Reads encrypted bytes. */
  protected *read(count: number): Generator<number, Uint8Array, Uint8Array> {
    return this.incoming!.apply(Uint8Array.from(yield count));
  }

  protected *skipPadding(): Steps {
    const length = uint16(yield* this.read(2));
    if (length > MAX_PADDING_BYTES) {
      throw new ProtocolError("encryption", `padding of ${length} bytes, at most ${MAX_PADDING_BYTES}`);
    }
    if (length > 0) yield* this.read(length);
  }
}

/** What a peer that dialled us says first: a plain handshake, or one of these. */
export class IncomingEncryption extends Agreement {
  readonly #infoHashOf: (obfuscatedHash: Uint8Array) => InfoHash | undefined;
  readonly #mayAgree: () => boolean;
  /** First bytes, until they are told apart. */
  #first: Uint8Array | undefined = new Uint8Array();

  /** `infoHashOf` knows a torrent by `obfuscatedHash`; `mayAgree` is asked before a secret is worked out, which costs 0.4 ms. */
  constructor(
    options: EncryptionOptions & {
      readonly infoHashOf: (obfuscatedHash: Uint8Array) => InfoHash | undefined;
      readonly mayAgree: () => boolean;
    },
  ) {
    super(options);
    this.#infoHashOf = options.infoHashOf;
    this.#mayAgree = options.mayAgree;
  }

  override get isClear(): boolean {
    return this.#first === undefined && super.isClear;
  }

  override receive(chunk: Uint8Array): Uint8Array {
    if (!this.#first) return super.receive(chunk);
    const first = concat([this.#first, chunk]);
    const alike = HANDSHAKE_PREFIX.findIndex((byte, i) => byte !== first[i]);
    if (alike !== -1 && alike >= first.length) {
      this.#first = first;
      return new Uint8Array();
    }
    this.#first = undefined;
    if (alike === -1) return first;
    if (isAnotherProtocol(first, alike)) throw new ProtocolError("not-bittorrent", "not the BitTorrent header");
    this.begin(this.#answer());
    return super.receive(first);
  }

  *#answer(): Steps {
    const { send, randomBytes } = this.options;
    const theirKey = Uint8Array.from(yield KEY_BYTES);
    if (!this.#mayAgree()) throw new ProtocolError("encryption", "too many encrypted handshakes at once");
    let privateKey = randomBytes(PRIVATE_KEY_BYTES);
    let secret = sharedSecret(privateKey, theirKey);
    for (let drawn = 1; secret?.[0] === 0 && drawn < MAX_DRAWN_KEYS; drawn++) {
      privateKey = randomBytes(PRIVATE_KEY_BYTES);
      secret = sharedSecret(privateKey, theirKey);
    }
    if (!secret) throw new ProtocolError("encryption", "a public key that is none");
    send(this.greeting(privateKey));

    yield* this.find(this.hash("req1", secret), "mark of its secret");
    const obfuscated = yield HASH_BYTES;
    const infoHash = this.#infoHashOf(xor(obfuscated, this.hash("req3", secret)));
    if (!infoHash) throw new ProtocolError("encryption", "it asked for a torrent that is not here");
    this.incoming = new Rc4(this.hash("keyA", secret, infoHash));
    this.outgoing = new Rc4(this.hash("keyB", secret, infoHash));

    const zeros = yield* this.read(ZEROS_BYTES);
    if (zeros.some((byte) => byte !== 0)) throw new ProtocolError("encryption", "its key stream is another");
    const methods = uint32(yield* this.read(4));
    yield* this.skipPadding();
    const payloadBytes = uint16(yield* this.read(2));
    // The clear, if it may be: who looks at packets has seen enough by now, and it costs nothing.
    const method = methods & CLEAR ? CLEAR : methods & RC4;
    if (method === 0) throw new ProtocolError("encryption", "it offers no encryption that we know");
    send(this.outgoing.apply(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, method, 0, 0)));
    this.choose(method, payloadBytes);
  }
}

/** What we say first to a peer that insists. `start` sends it. */
export class OutgoingEncryption extends Agreement {
  readonly #infoHash: InfoHash;

  constructor(options: EncryptionOptions & { readonly infoHash: InfoHash }) {
    super(options);
    this.#infoHash = options.infoHash;
  }

  start(): void {
    const privateKey = this.options.randomBytes(PRIVATE_KEY_BYTES);
    this.begin(this.#ask(privateKey));
    this.options.send(this.greeting(privateKey));
  }

  *#ask(privateKey: Uint8Array): Steps {
    const secret = sharedSecret(privateKey, yield KEY_BYTES);
    if (!secret) throw new ProtocolError("encryption", "a public key that is none");
    this.outgoing = new Rc4(this.hash("keyA", secret, this.#infoHash));
    this.incoming = new Rc4(this.hash("keyB", secret, this.#infoHash));
    const obfuscated = xor(obfuscatedHash(this.options, this.#infoHash), this.hash("req3", secret));
    const offer = this.outgoing.apply(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, CLEAR | RC4, 0, 0, 0, 0));
    this.options.send(concat([this.hash("req1", secret), obfuscated, offer]));

    yield* this.find(this.incoming.apply(new Uint8Array(ZEROS_BYTES)), "answer");
    const method = uint32(yield* this.read(4));
    if (method !== CLEAR && method !== RC4) throw new ProtocolError("encryption", `it chose encryption ${method}`);
    yield* this.skipPadding();
    this.choose(method);
  }
}

/** The name of a torrent for those who know it: SHA-1("req2", info hash). */
export function obfuscatedHash({ sha1 }: Pick<EncryptionTools, "sha1">, infoHash: InfoHash): Uint8Array {
  return sha1(ascii("req2"), infoHash);
}

/**
 * Text, TLS, and a header that is nearly ours are no public key. Enough is looked at that a key hardly ever is one of them: one in four million
 * has 16 letters in front; with eight it was one in 2 600, and an honest peer was turned away.
 */
function isAnotherProtocol(first: Uint8Array, alike: number): boolean {
  const isTls = first[0] === 0x16 && first[1] === 0x03 && first[5] === 0x01;
  const isText = first.length >= 16 && first.subarray(0, 16).every(isLetter);
  return alike >= 4 || isTls || isText;
}

/** Printable ASCII, or the end of a line. */
function isLetter(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!);
}

function uint16(bytes: Uint8Array): number {
  return (bytes[0]! << 8) | bytes[1]!;
}

function uint32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
