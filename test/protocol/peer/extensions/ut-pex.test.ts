import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "../../../../source/protocol/bencode.ts";
import { ProtocolError } from "../../../../source/protocol/errors.ts";
import { decodePex, encodePex, MAX_EXCHANGED } from "../../../../source/protocol/peer/extensions/ut-pex.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("ut_pex", () => {
  it("is a dictionary of compact lists, with a byte of flags for each peer that is added (BEP 11)", () => {
    const message = {
      added: [
        { host: "10.0.0.7", port: 6_881 },
        { host: "2001:db8::1", port: 1 },
      ],
      dropped: [{ host: "192.0.2.1", port: 65_535 }],
    };
    const bytes = encodePex(message);
    const v6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01";
    expect(text(bytes)).toBe(
      `d5:added6:\x0a\0\0\x07\x1a\xe17:added.f1:\x006:added618:${v6}8:added6.f1:\x007:dropped6:\xc0\0\x02\x01\xff\xff8:dropped60:e`,
    );
    expect(decodePex(bytes)).toEqual(message);
  });

  it("reads what is there, and takes lists of the wrong type or length as absent", () => {
    const six = Uint8Array.of(10, 0, 0, 7, 26, 225);
    expect(decodePex(encode({ added: six, dropped: 7 }))).toEqual({
      added: [{ host: "10.0.0.7", port: 6_881 }],
      dropped: [],
    });
    expect(decodePex(encode({ added: six.subarray(1), added6: six }))).toEqual({ added: [], dropped: [] });
  });

  it("reads an IPv4 address that is mapped into IPv6 as what it is: it may be banned", () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1, 26, 225);
    expect(decodePex(encode({ added6: mapped })).added).toEqual([{ host: "192.0.2.1", port: 6_881 }]);
  });

  it.each([MAX_EXCHANGED - 1, MAX_EXCHANGED, MAX_EXCHANGED + 1])("reads at most 50 of %d peers", (count) => {
    const added = Array.from({ length: count }, (_, i) => ({ host: `10.0.0.${i}`, port: 1 }));
    expect(decodePex(encodePex({ added, dropped: added })).added).toEqual(added.slice(0, MAX_EXCHANGED));
  });

  it("gives a message or its own error for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodePex(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});
