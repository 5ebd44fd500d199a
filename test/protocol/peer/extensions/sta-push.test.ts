import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latin1 } from "../../../../source/protocol/bencode.ts";
import { ProtocolError } from "../../../../source/protocol/errors.ts";
import { decodePush, encodePush, type PushMessage } from "../../../../source/protocol/peer/extensions/sta-push.ts";
import { BLOCK_BYTES } from "../../../../source/protocol/peer/limits.ts";

const TABLE: readonly (readonly [PushMessage, string])[] = [
  [{ type: "offer", piece: 0 }, "d5:piecei0e1:ti0ee"],
  [{ type: "ready", piece: 4294967295 }, "d5:piecei4294967295e1:ti1ee"],
  [{ type: "refuse", piece: 5, why: "busy" }, "d5:piecei5e1:ti2e3:why4:busye"],
  [{ type: "block", piece: 5, begin: 16384, data: Uint8Array.of(0x64, 0x65) }, "d5:begini16384e5:piecei5e1:ti3eede"],
  [{ type: "finish", piece: 5, ok: true }, "d2:oki1e5:piecei5e1:ti4ee"],
  [{ type: "finish", piece: 5, ok: false }, "d2:oki0e5:piecei5e1:ti4ee"],
];

describe("sta_push", () => {
  it.each(TABLE)("writes and reads %o", (message, text) => {
    expect(latin1(encodePush(message))).toBe(text);
    expect(decodePush(encodePush(message))).toEqual(message);
  });

  it("takes a block of 16 KiB, and refuses one byte more or none", () => {
    const block = (length: number) =>
      decodePush(encodePush({ type: "block", piece: 0, begin: 0, data: new Uint8Array(length) }));
    expect(block(BLOCK_BYTES)).toMatchObject({ type: "block" });
    expect(() => block(BLOCK_BYTES + 1)).toThrow(ProtocolError);
    expect(() => block(0)).toThrow(ProtocolError);
  });

  it.each([
    "",
    "le",
    "i1e",
    "d1:ti0ee",
    "d5:piecei-1e1:ti0ee",
    "d5:piecei0e1:ti9ee",
    "d5:piecei0e1:ti0eex",
    "d5:piece1:a1:ti0ee",
  ])("refuses %o", (text) => {
    expect(() => decodePush(new TextEncoder().encode(text))).toThrow(ProtocolError);
  });

  it("takes a reason it does not know for unwanted", () => {
    expect(decodePush(new TextEncoder().encode("d5:piecei5e1:ti2e3:why5:moodye"))).toMatchObject({ why: "unwanted" });
  });

  it("yields a message or a ProtocolError for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodePush(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
