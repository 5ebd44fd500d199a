import { expect, test } from "vitest";
import { MAX_SAVED } from "../../../source/discovery/dht/limits.ts";
import { encodeState, parseState } from "../../../source/discovery/dht/saved-state.ts";
import { encode, latin1, utf8 } from "../../../source/protocol/bencode.ts";
import { toNodeId } from "../../../source/protocol/dht/node-id.ts";

const id = toNodeId(utf8("abcdefghij0123456789"));
const contacts = [
  { id: toNodeId(utf8("mnopqrstuvwxyz123456")), host: "192.0.2.1", port: 6881 },
  { id: toNodeId(utf8("mnopqrstuvwxyz123457")), host: "2001:db8::1", port: 1 },
];

test("what is kept comes back", () => {
  const bytes = encodeState({ id, contacts });
  expect(latin1(bytes.subarray(0, 70))).toBe(
    "d2:id20:abcdefghij01234567895:nodes26:mnopqrstuvwxyz123456\xc0\0\x02\x01\x1a\xe16:nodes638:".slice(0, 70),
  );
  expect(parseState(bytes)).toEqual({ id, contacts });
});

test("what is cut anywhere, or something else, is nothing", () => {
  const bytes = encodeState({ id, contacts });
  for (let length = 0; length < bytes.length; length++) expect(parseState(bytes.subarray(0, length))).toBeUndefined();
  for (const value of [[], 1, {}, { id: 1 }, { id: new Uint8Array(19) }])
    expect(parseState(encode(value))).toBeUndefined();
});

test("nodes that lead nowhere, and those that are too many, are left out", () => {
  const many = Array.from({ length: MAX_SAVED + 9 }, (_, i) => ({ id, host: `1.2.${i >> 8}.${i & 255}`, port: 1 }));
  const wrong = ["0.0.0.0", "224.0.0.1", "255.255.255.255"].map((host) => ({ id, host, port: 1 }));
  expect(parseState(encodeState({ id, contacts: wrong }))!.contacts).toEqual([]);
  expect(parseState(encodeState({ id, contacts: many }))!.contacts).toHaveLength(MAX_SAVED);
  expect(parseState(encode({ id, nodes: 7 }))).toEqual({ id, contacts: [] });
});
