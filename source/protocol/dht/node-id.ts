// Node ids: who is who in the DHT, how far from what, and which id an address may have. Sources: BEP 5, BEP 42.

declare const brand: unique symbol;

/** 20 bytes, of the same space as info hashes. */
export type NodeId = Uint8Array & { readonly [brand]: "NodeId" };

export const NODE_ID_BYTES = 20;
export const NODE_ID_BITS = 160;

/** Brands 20 bytes as a node id. Throws RangeError for any other length. */
export function toNodeId(bytes: Uint8Array): NodeId {
  if (bytes.length !== NODE_ID_BYTES)
    throw new RangeError(`node id: expected ${NODE_ID_BYTES} bytes, received ${bytes.length}`);
  return bytes as NodeId;
}

/** An id that says nothing. `random` as Math.random. */
export function randomNodeId(random: () => number): NodeId {
  return toNodeId(Uint8Array.from({ length: NODE_ID_BYTES }, () => Math.floor(random() * 256)));
}

/** Negative when `a` is closer to `target` than `b`, by XOR; 0 when they are the same. */
export function compareDistance(a: Uint8Array, b: Uint8Array, target: Uint8Array): number {
  for (let i = 0; i < NODE_ID_BYTES; i++) {
    const difference = (a[i]! ^ target[i]!) - (b[i]! ^ target[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Leading bits that both have in common: 0 to 160. */
export function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_BYTES; i++) {
    const difference = a[i]! ^ b[i]!;
    if (difference !== 0) return 8 * i + Math.clz32(difference) - 24;
  }
  return NODE_ID_BITS;
}

/** An id that shares exactly `bits` leading bits with `id`, random behind them. */
export function randomIdAt(id: NodeId, bits: number, random: () => number): NodeId {
  const other = randomNodeId(random);
  const [byte, bit] = [bits >> 3, bits & 7];
  other.set(id.subarray(0, byte));
  const kept = (0xff00 >> bit) & 0xff;
  const flipped = 0x80 >> bit;
  other[byte] = (id[byte]! & kept) | (~id[byte]! & flipped) | (other[byte]! & ~kept & ~flipped & 0xff);
  return other;
}

/** Bytes of an address that count, by family (BEP 42). */
const MASKS: Readonly<Record<number, readonly number[]>> = {
  4: [0x03, 0x0f, 0x3f, 0xff],
  16: [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff],
};

/** The id of a node at `address` (its 4 or 16 bytes): few are possible, so that nobody may choose where he stands (BEP 42). */
export function secureNodeId(address: Uint8Array, random: () => number): NodeId {
  const id = randomNodeId(random);
  const crc = prefixOf(address, id[19]!);
  id[0] = crc >>> 24;
  id[1] = (crc >>> 16) & 0xff;
  id[2] = ((crc >>> 8) & 0xf8) | (id[2]! & 0x07);
  return id;
}

/** Whether a node at `address` may have this id: its first 21 bits come from the address and the id's last byte (BEP 42). */
export function isSecureNodeId(id: NodeId, address: Uint8Array): boolean {
  const crc = prefixOf(address, id[19]!);
  return id[0] === crc >>> 24 && id[1] === ((crc >>> 16) & 0xff) && (id[2]! & 0xf8) === ((crc >>> 8) & 0xf8);
}

function prefixOf(address: Uint8Array, last: number): number {
  const masked = MASKS[address.length]!.map((mask, i) => address[i]! & mask);
  masked[0]! |= (last & 0x07) << 5;
  return crc32c(masked);
}

/** Castagnoli's CRC (RFC 3720), bit by bit: it is of 4 or 8 bytes. */
function crc32c(bytes: readonly number[]): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return ~crc >>> 0;
}
