// Datagrams of the DHT: those of BEP 5 byte for byte, and what strangers may send instead.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode, fromLatin1, latin1, utf8 } from "../../../source/protocol/bencode.ts";
import { encodeKrpc, type Krpc, parseKrpc } from "../../../source/protocol/dht/krpc.ts";
import { toNodeId } from "../../../source/protocol/dht/node-id.ts";
import { ProtocolError } from "../../../source/protocol/errors.ts";
import { toInfoHash } from "../../../source/protocol/ids.ts";

const VERSION = utf8("ST01");
const t = utf8("aa");
const id = toNodeId(utf8("abcdefghij0123456789"));
const other = toNodeId(utf8("mnopqrstuvwxyz123456"));
const infoHash = toInfoHash(utf8("mnopqrstuvwxyz123456"));
const asked = { type: "query", transaction: t, id, readOnly: false, want: undefined } as const;
const told = {
  type: "response",
  transaction: t,
  id,
  nodes: [],
  peers: [],
  token: undefined,
  seenAs: undefined,
} as const;
const NODE4 = { id: other, host: "192.0.2.1", port: 6881 };
const NODE6 = { id: other, host: "2001:db8::1", port: 6881 };

/** The messages of BEP 5's examples and of those that extend it, as they are on the wire but for `v`. */
const MESSAGES: readonly (readonly [name: string, message: Krpc, bytes: string])[] = [
  ["a ping", { ...asked, method: "ping" }, "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:v4:ST011:y1:qe"],
  [
    "a find_node of who only asks, for both families (BEP 43, 32)",
    { ...asked, method: "find_node", target: other, readOnly: true, want: ["n4", "n6"] },
    "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz1234564:wantl2:n42:n6ee1:q9:find_node2:roi1e1:t2:aa1:v4:ST011:y1:qe",
  ],
  [
    "a get_peers",
    { ...asked, method: "get_peers", infoHash },
    "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers1:t2:aa1:v4:ST011:y1:qe",
  ],
  [
    "an announce_peer",
    { ...asked, method: "announce_peer", infoHash, port: 6881, token: utf8("aoeusnth") },
    "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:v4:ST011:y1:qe",
  ],
  [
    "an announce_peer of the port it came from",
    { ...asked, method: "announce_peer", infoHash, port: undefined, token: utf8("aoeusnth") },
    "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz1234564:porti0e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:v4:ST011:y1:qe",
  ],
  ["an answer to a ping", told, "d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:v4:ST011:y1:re"],
  [
    "an answer with nodes of both families, and how we are seen (BEP 32, 42)",
    { ...told, nodes: [NODE4, NODE6], seenAs: { host: "198.51.100.9", port: 0x1234 } },
    "d2:ip6:\xc6\x33\x64\x09\x12\x341:rd2:id20:abcdefghij01234567895:nodes26:mnopqrstuvwxyz123456\xc0\0\x02\x01\x1a\xe16:nodes638:mnopqrstuvwxyz123456\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1e1:t2:aa1:v4:ST011:y1:re",
  ],
  [
    "an answer with peers and a token",
    { ...told, token: utf8("aoeusnth"), peers: [{ host: "97.120.106.101", port: 0x2e75 }] },
    "d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.uee1:t2:aa1:v4:ST011:y1:re",
  ],
  [
    "an error",
    { type: "error", transaction: t, code: 201, text: "A Generic Error Ocurred" },
    "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:v4:ST011:y1:ee",
  ],
];

describe.each(MESSAGES)("%s", (_, message, text) => {
  it("is written so", () => {
    expect(latin1(encodeKrpc(message, VERSION))).toBe(text);
  });

  it("is read so", () => {
    expect(parseKrpc(fromLatin1(text))).toEqual(message);
  });

  it("is nothing when it is cut anywhere, or longer", () => {
    const bytes = fromLatin1(text);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => parseKrpc(bytes.subarray(0, length))).toThrow(ProtocolError);
    }
    expect(() => parseKrpc(fromLatin1(`${text}e`))).toThrow(ProtocolError);
  });
});

const query = (q: string, a: object, more: object = {}) => encode({ t, y: "q", q, a: { id, ...a }, ...more });
const answer = (r: object, more: object = {}) => encode({ t, y: "r", r: { id, ...r }, ...more });

describe("what deserves no answer", () => {
  it.each([
    ["nothing", new Uint8Array()],
    ["a list", utf8("le")],
    ["a number", utf8("i1e")],
    ["another program's datagram", new Uint8Array(98)],
    ["no transaction", encode({ y: "q", q: "ping", a: { id } })],
    ["an empty transaction", encode({ t: "", y: "q", q: "ping", a: { id } })],
    ["a transaction of 17 bytes", encode({ t: "x".repeat(17), y: "q", q: "ping", a: { id } })],
    ["a transaction that is a number", encode({ t: 1, y: "q", q: "ping", a: { id } })],
    ["no kind", encode({ t, q: "ping", a: { id } })],
    ["another kind", encode({ t, y: "z" })],
    ["an answer without returns", encode({ t, y: "r" })],
    ["an answer without an id", encode({ t, y: "r", r: {} })],
    ["an answer with an id of 19 bytes", encode({ t, y: "r", r: { id: id.subarray(1) } })],
    ["nine lists in one another", encode({ t, y: "q", q: "ping", a: { id, x: [[[[[[[[[]]]]]]]]] } })],
    ["thousands of values", encode({ t, y: "r", r: { id, values: Array.from({ length: 600 }, () => "x") } })],
  ])("%s", (_, bytes) => {
    expect(() => parseKrpc(bytes)).toThrow(ProtocolError);
  });

  it.each([1, 16])("but a transaction of %d bytes is one", (length) => {
    const transaction = new Uint8Array(length);
    expect(parseKrpc(encode({ t: transaction, y: "q", q: "ping", a: { id } }))).toMatchObject({ transaction });
  });
});

describe("what is answered by an error", () => {
  const announce = { info_hash: infoHash, token: "x", port: 1 };
  it.each([
    ["no arguments", encode({ t, y: "q", q: "ping" }), 203],
    ["no id", encode({ t, y: "q", q: "ping", a: {} }), 203],
    ["an id of 21 bytes", encode({ t, y: "q", q: "ping", a: { id: new Uint8Array(21) } }), 203],
    ["find_node without a target", query("find_node", {}), 203],
    ["get_peers of 19 bytes", query("get_peers", { info_hash: new Uint8Array(19) }), 203],
    ["an announce without a torrent", query("announce_peer", { ...announce, info_hash: undefined }), 203],
    ["an announce without a token", query("announce_peer", { ...announce, token: undefined }), 203],
    ["an announce with a token of 65 bytes", query("announce_peer", { ...announce, token: "x".repeat(65) }), 203],
    ["an announce without a port", query("announce_peer", { ...announce, port: undefined }), 203],
    ["an announce of port 0", query("announce_peer", { ...announce, port: 0 }), 203],
    ["an announce of port 65536", query("announce_peer", { ...announce, port: 65_536 }), 203],
    ["an announce of a negative port", query("announce_peer", { ...announce, port: -1 }), 203],
    ["an announce of a port that is a word", query("announce_peer", { ...announce, port: "80" }), 203],
    ["a method that nobody knows", query("vote", {}), 204],
    ["a method of many bytes", query("x".repeat(500), {}), 204],
    ["no method", encode({ t, y: "q", a: { id } }), 204],
  ])("%s", (_, bytes, code) => {
    expect(parseKrpc(bytes)).toMatchObject({ type: "bad-query", transaction: t, code });
  });

  it("an announce of ports 1 and 65535, with a token of 64 bytes, is none", () => {
    for (const port of [1, 65_535]) {
      const bytes = query("announce_peer", { ...announce, port, token: "x".repeat(64) });
      expect(parseKrpc(bytes)).toMatchObject({ method: "announce_peer", port });
    }
    expect(parseKrpc(query("announce_peer", { ...announce, port: undefined, implied_port: 1 }))).toMatchObject({
      port: undefined,
    });
  });
});

describe("what is not right in an answer is left out", () => {
  it("nodes that are cut short or have port 0", () => {
    const nodes = fromLatin1(`${latin1(other)}\x01\x02\x03\x04\0\0${latin1(other)}\x01\x02\x03\x04\0\x50rest`);
    expect(parseKrpc(answer({ nodes }))).toMatchObject({ nodes: [{ host: "1.2.3.4", port: 80 }] });
    expect(parseKrpc(answer({ nodes: 1, nodes6: [] }))).toMatchObject({ nodes: [] });
  });

  it("peers of another length, of port 0, or that are no bytes", () => {
    const values = ["\x01\x02\x03\x04\0\x50", "\x01\x02\x03\x04\0\0", "short", 7, [], "x".repeat(19)];
    expect(parseKrpc(answer({ values }))).toMatchObject({ peers: [{ host: "1.2.3.4", port: 80 }] });
    expect(parseKrpc(answer({ values: "x".repeat(6) }))).toMatchObject({ peers: [] });
  });

  it("a token that is no bytes or too long, and how we are seen in another length", () => {
    expect(parseKrpc(answer({ token: 1 }))).toMatchObject({ token: undefined });
    expect(parseKrpc(answer({ token: "x".repeat(65) }))).toMatchObject({ token: undefined });
    expect(parseKrpc(answer({ token: "x".repeat(64) }))).toMatchObject({ token: utf8("x".repeat(64)) });
    expect(parseKrpc(answer({}, { ip: "12345" }))).toMatchObject({ seenAs: undefined });
  });

  it("an error that says nothing in order", () => {
    expect(parseKrpc(encode({ t, y: "e" }))).toMatchObject({ type: "error", code: 201, text: "" });
    expect(parseKrpc(encode({ t, y: "e", e: ["what", 1] }))).toMatchObject({ code: 201, text: "" });
    expect(parseKrpc(encode({ t, y: "e", e: [203, "x".repeat(999)] }))).toMatchObject({ text: "x".repeat(256) });
  });
});

describe("whatever comes", () => {
  it("is a message or a ProtocolError", () => {
    const valid = MESSAGES.map(([, message]) => encodeKrpc(message, VERSION));
    const damaged = fc
      .tuple(fc.constantFrom(...valid), fc.nat(), fc.uint8Array({ maxLength: 8 }))
      .map(([bytes, at, put]) => {
        const copy = new Uint8Array(bytes);
        copy.set(put.subarray(0, copy.length - (at % copy.length)), at % copy.length);
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        try {
          parseKrpc(bytes);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
