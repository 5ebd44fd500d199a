import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { idFromHex, parseInfoHashHex, toHex, toInfoHash, toPeerId } from "../../source/protocol/ids.ts";

const id = fc.uint8Array({ minLength: 20, maxLength: 20 });

describe("identifiers", () => {
  test("have 20 bytes and nothing else", () => {
    for (const length of [0, 19, 21, 40]) {
      expect(() => toInfoHash(new Uint8Array(length))).toThrow(`expected 20 bytes, received ${length}`);
      expect(() => toPeerId(new Uint8Array(length))).toThrow(RangeError);
    }
    const bytes = new Uint8Array(20);
    expect(toInfoHash(bytes)).toBe(bytes);
    expect(toPeerId(bytes)).toBe(bytes);
  });

  test("come back from their hex in either case", () => {
    fc.assert(
      fc.property(id, (bytes) => {
        const hex = toHex(toInfoHash(bytes));
        expect(hex).toBe(Buffer.from(bytes).toString("hex"));
        expect(idFromHex(hex)).toEqual(bytes);
        expect(idFromHex(hex.toUpperCase())).toEqual(bytes);
        expect(parseInfoHashHex(hex.toUpperCase())).toBe(hex);
      }),
    );
  });

  test.each([
    "",
    "0",
    "0".repeat(39),
    "0".repeat(41),
    `${"0".repeat(39)}g`,
    `${"0".repeat(40)}\n`,
    ` ${"0".repeat(39)}`,
    "٠".repeat(40),
  ])("are not read from %j", (text) => {
    expect(idFromHex(text)).toBeUndefined();
    expect(parseInfoHashHex(text)).toBeUndefined();
  });
});
