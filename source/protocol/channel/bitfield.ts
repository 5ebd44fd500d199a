// A bitfield in JSON: base64 of the bytes of BEP 3, the high bit of the first byte being piece 0.
import { ProtocolError } from "../errors.ts";

/** Base64 (RFC 4648, padded) of any bytes. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Bytes of canonical base64. Throws ProtocolError `bad-base64` for anything else. */
export function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new ProtocolError("bad-base64", "not base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes of a bitfield of `pieceCount` pieces. */
export function bitfieldBytes(pieceCount: number): number {
  return Math.ceil(pieceCount / 8);
}

/** Bitfield of exactly `pieceCount` pieces. Throws ProtocolError `bad-base64`, or `bad-bitfield` for a wrong length or spare bits. */
export function bitfieldFromBase64(text: string, pieceCount: number): Uint8Array {
  const expected = bitfieldBytes(pieceCount);
  const bytes = fromBase64(text);
  if (bytes.length !== expected) {
    throw new ProtocolError("bad-bitfield", `bitfield: expected ${expected} bytes, received ${bytes.length}`);
  }
  const spare = expected * 8 - pieceCount;
  if (spare > 0 && (bytes[expected - 1]! & ((1 << spare) - 1)) !== 0) {
    throw new ProtocolError("bad-bitfield", `bitfield: spare bits are set behind piece ${pieceCount - 1}`);
  }
  return bytes;
}

/** Whether `bits` has piece `index`; false beyond its end. */
export function hasPiece(bits: Uint8Array, index: number): boolean {
  return ((bits[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) !== 0;
}

/** Sets or clears piece `index`, which must lie within `bits`. */
export function setPiece(bits: Uint8Array, index: number, held: boolean): void {
  const mask = 0x80 >>> (index & 7);
  const byte = bits[index >>> 3] ?? 0;
  bits[index >>> 3] = held ? byte | mask : byte & ~mask;
}

/** How many pieces `bits` has. */
export function countPieces(bits: Uint8Array): number {
  let count = 0;
  for (const byte of bits) count += ONES[byte]!;
  return count;
}

/** Bits of each byte that are set. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** Bitfield with all of `pieceCount` pieces. */
export function fullBitfield(pieceCount: number): Uint8Array {
  const bits = new Uint8Array(bitfieldBytes(pieceCount)).fill(0xff);
  const spare = bits.length * 8 - pieceCount;
  if (spare > 0) bits[bits.length - 1] = (0xff << spare) & 0xff;
  return bits;
}
