// Names of things on the wire: 20-byte identifiers, and their hex form for the edges.

declare const brand: unique symbol;

/** SHA-1 of the raw bytes of `info` in a metainfo file, 20 bytes. Source: BEP 3. */
export type InfoHash = Uint8Array & { readonly [brand]: "InfoHash" };

/** 20 bytes a peer chose for itself, unique for the life of its process. Source: BEP 3, BEP 20. */
export type PeerId = Uint8Array & { readonly [brand]: "PeerId" };

/** 40 lower-case hex digits of an info hash: what maps are keyed by and what people see. */
export type InfoHashHex = string & { readonly [brand]: "InfoHashHex" };

/** 40 lower-case hex digits of a peer id. */
export type PeerIdHex = string & { readonly [brand]: "PeerIdHex" };

const ID_BYTES = 20;

/** Brands 20 bytes as an info hash. Throws RangeError for any other length. */
export function toInfoHash(bytes: Uint8Array): InfoHash {
  if (bytes.length !== ID_BYTES)
    throw new RangeError(`info hash: expected ${ID_BYTES} bytes, received ${bytes.length}`);
  return bytes as InfoHash;
}

/** Brands 20 bytes as a peer id. Throws RangeError for any other length. */
export function toPeerId(bytes: Uint8Array): PeerId {
  if (bytes.length !== ID_BYTES) throw new RangeError(`peer id: expected ${ID_BYTES} bytes, received ${bytes.length}`);
  return bytes as PeerId;
}

/** Lower-case hex of any bytes. */
export function toHex(bytes: InfoHash): InfoHashHex;
export function toHex(bytes: PeerId): PeerIdHex;
export function toHex(bytes: Uint8Array): string;
export function toHex(bytes: Uint8Array): string {
  // Quick, and one piece of memory: a tracker makes and keeps many.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** Bytes of 40 hex digits in either case, or undefined when `text` is anything else. */
export function idFromHex(text: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{40}$/.test(text)) return undefined;
  const bytes = new Uint8Array(ID_BYTES);
  for (let i = 0; i < ID_BYTES; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Lower-case form of an info hash in hex, or undefined when `text` is none. */
export function parseInfoHashHex(text: string): InfoHashHex | undefined {
  return /^[0-9a-fA-F]{40}$/.test(text) ? (text.toLowerCase() as InfoHashHex) : undefined;
}
