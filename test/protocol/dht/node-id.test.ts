import { describe, expect, it } from "vitest";
import {
  compareDistance,
  isSecureNodeId,
  NODE_ID_BITS,
  randomIdAt,
  randomNodeId,
  secureNodeId,
  sharedBits,
  toNodeId,
} from "../../../source/protocol/dht/node-id.ts";
import { idFromHex, toHex } from "../../../source/protocol/ids.ts";
import { seededRandom } from "../../helpers/simulation.ts";

const idOf = (...first: number[]) => toNodeId(Uint8Array.from({ length: 20 }, (_, i) => first[i] ?? 0));

describe("distance", () => {
  it("is that of the XOR, the first byte first", () => {
    const target = idOf(0b1000_0000, 7);
    expect(compareDistance(idOf(0b1100_0000), idOf(0b0000_0000), target)).toBeLessThan(0);
    expect(compareDistance(idOf(0b1000_0000, 6), idOf(0b1000_0000, 5), target)).toBeLessThan(0);
    expect(compareDistance(idOf(1), idOf(1), target)).toBe(0);
  });

  it("counts the leading bits that both have", () => {
    expect(sharedBits(idOf(), idOf())).toBe(NODE_ID_BITS);
    expect(sharedBits(idOf(0x80), idOf())).toBe(0);
    expect(sharedBits(idOf(1), idOf())).toBe(7);
    expect(sharedBits(idOf(0, 0x40), idOf())).toBe(9);
    const last = toNodeId(new Uint8Array(20).with(19, 1));
    expect(sharedBits(last, idOf())).toBe(159);
  });

  it("is chosen to a bit for a random id", () => {
    const random = seededRandom(1);
    for (let bits = 0; bits < NODE_ID_BITS; bits++) {
      const id = randomNodeId(random);
      expect(sharedBits(randomIdAt(id, bits, random), id)).toBe(bits);
    }
  });
});

/** The test vectors of BEP 42: address, the last byte of the id, and its first 21 bits. */
const VECTORS = [
  ["124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"],
  ["21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"],
  ["65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616"],
  ["84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41"],
  ["43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"],
] as const;

describe("the id of an address (BEP 42)", () => {
  it.each(VECTORS)("%s may be %s", (address, hex) => {
    const bytes = Uint8Array.from(address.split("."), Number);
    const id = toNodeId(idFromHex(hex)!);
    expect(isSecureNodeId(id, bytes)).toBe(true);
    expect(isSecureNodeId(id, bytes.with(3, bytes[3]! ^ 1))).toBe(false);
    expect(isSecureNodeId(toNodeId(id.with(0, id[0]! ^ 1)), bytes)).toBe(false);
    expect(isSecureNodeId(toNodeId(id.with(2, id[2]! ^ 0x08)), bytes)).toBe(false);
    // Only 21 bits and the last byte are bound.
    expect(isSecureNodeId(toNodeId(id.with(2, id[2]! ^ 0x07).with(3, 0)), bytes)).toBe(true);
  });

  it("is one that may be, of either family, and another each time", () => {
    const random = seededRandom(2);
    for (const address of [Uint8Array.of(8, 8, 8, 8), Uint8Array.from({ length: 16 }, (_, i) => 32 + i)]) {
      const ids = Array.from({ length: 50 }, () => secureNodeId(address, random));
      expect(ids.every((id) => isSecureNodeId(id, address))).toBe(true);
      expect(new Set(ids.map((id) => toHex(id))).size).toBe(50);
    }
  });
});

it("refuses what has not 20 bytes", () => {
  for (const length of [0, 19, 21]) expect(() => toNodeId(new Uint8Array(length))).toThrow(RangeError);
});
