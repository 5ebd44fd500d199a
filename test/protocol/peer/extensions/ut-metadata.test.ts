import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../../../source/protocol/errors.ts";
import {
  decodeMetadata,
  encodeMetadata,
  METADATA_PART_BYTES,
  type MetadataMessage,
} from "../../../../source/protocol/peer/extensions/ut-metadata.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** As in the examples of BEP 9. */
const TABLE: readonly [MetadataMessage, string][] = [
  [{ type: "request", part: 0 }, "d8:msg_typei0e5:piecei0ee"],
  [{ type: "reject", part: 0 }, "d8:msg_typei2e5:piecei0ee"],
  [
    { type: "data", part: 0, totalBytes: 3425, data: bytes("xxxxxxxx") },
    "d8:msg_typei1e5:piecei0e10:total_sizei3425eexxxxxxxx",
  ],
];

describe("ut_metadata", () => {
  it.each(TABLE)("%j has the bytes of BEP 9, both ways", (message, text) => {
    expect(encodeMetadata(message)).toEqual(bytes(text));
    expect(decodeMetadata(bytes(text))).toEqual(message);
  });

  it.each([
    "",
    "le",
    "i0e",
    "de",
    "d8:msg_typei0ee",
    "d8:msg_typei0e5:piecei-1ee",
    "d8:msg_typei1e5:piecei0ee",
    "d8:msg_typei1e5:piecei0eex",
    "d8:msg_typei1e5:piecei0e10:total_sizei5ee",
    "d8:msg_typei0e5:piece1:0e",
  ])("%j is refused", (text) => {
    expect(() => decodeMetadata(bytes(text))).toThrow(ProtocolError);
  });

  it.each([
    [METADATA_PART_BYTES, true],
    [METADATA_PART_BYTES + 1, false],
  ])("a part of %i bytes is taken: %s", (length, isTaken) => {
    const payload = encodeMetadata({ type: "data", part: 1, totalBytes: 1e5, data: new Uint8Array(length) });
    if (isTaken) expect(decodeMetadata(payload)).toMatchObject({ type: "data", part: 1 });
    else expect(() => decodeMetadata(payload)).toThrow(ProtocolError);
  });

  it("what a later version may say is skipped", () => {
    expect(decodeMetadata(bytes("d8:msg_typei3e5:piecei0ee"))).toBeUndefined();
  });

  it("any bytes are a message or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
        try {
          decodeMetadata(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
