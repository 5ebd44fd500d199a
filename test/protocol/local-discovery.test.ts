// Datagrams of local service discovery: as they are on the wire, and what strangers may send instead.
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { fromLatin1, latin1, utf8 } from "../../source/protocol/bencode.ts";
import { toInfoHash } from "../../source/protocol/ids.ts";
import {
  encodeLanAnnounce,
  type LanAnnounce,
  MAX_LAN_BYTES,
  MAX_LAN_HASHES,
  parseLanAnnounce,
} from "../../source/protocol/local-discovery.ts";

const hash = (n: number) => toInfoHash(new Uint8Array(20).fill(n));
const ONE = "0101010101010101010101010101010101010101";
const TWO = "0202020202020202020202020202020202020202";
const parse = (text: string) => parseLanAnnounce(fromLatin1(text));

const ANNOUNCES: readonly (readonly [name: string, announce: LanAnnounce, family: 4 | 6, text: string])[] = [
  [
    "one torrent",
    { port: 6881, infoHashes: [hash(1)], cookie: "1a2b3c4d" },
    4,
    `BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\nInfohash: ${ONE}\r\ncookie: 1a2b3c4d\r\n\r\n\r\n`,
  ],
  [
    "two torrents over IPv6, without a cookie",
    { port: 65_535, infoHashes: [hash(1), hash(2)], cookie: undefined },
    6,
    `BT-SEARCH * HTTP/1.1\r\nHost: [ff15::efc0:988f]:6771\r\nPort: 65535\r\nInfohash: ${ONE}\r\nInfohash: ${TWO}\r\n\r\n\r\n`,
  ],
];

describe.each(ANNOUNCES)("%s", (_, announce, family, text) => {
  it("is written so", () => {
    expect(latin1(encodeLanAnnounce(announce, family))).toBe(text);
  });

  it("is read so", () => {
    expect(parse(text)).toEqual(announce);
  });

  it("is nothing before its empty line, and the same behind it", () => {
    const end = text.indexOf("\r\n\r\n") + 4;
    for (let length = 0; length < end; length++) expect(parse(text.slice(0, length))).toBeUndefined();
    for (let length = end; length <= text.length; length++) expect(parse(text.slice(0, length))).toEqual(announce);
    expect(parse(`${text}Port: 1\r\n\r\n`)).toEqual(announce);
  });
});

const announceOf = (...lines: string[]) => parse(["BT-SEARCH * HTTP/1.1", ...lines, "", "", ""].join("\r\n"));
const read = { port: 7, infoHashes: [hash(1)], cookie: undefined };

test.for([
  ["other cases, spaces, and what nobody knows", ["HOST:x", "pOrT:\t7 ", `INFOHASH:${ONE}`, "X-New: a:b"]],
  ["capital digits, and one info hash twice", ["Port: 7", `Infohash: ${ONE.toUpperCase()}`, `Infohash: ${ONE}`]],
  [
    "info hashes of another length or another alphabet beside a good one",
    [`Infohash: ${ONE}ab`, `Infohash: ${"z".repeat(40)}`, "Infohash:", "Port: 7", `Infohash: ${ONE}`],
  ],
  ["a cookie that is none", ["Port: 7", `Infohash: ${ONE}`, "cookie:", "cookie: a b", `cookie: ${"a".repeat(17)}`]],
] as const)("%s are read", ([, lines]) => {
  expect(announceOf(...lines)).toEqual(read);
});

test("of two cookies the first counts", () => {
  expect(announceOf("cookie: one", "Port: 7", `Infohash: ${ONE}`, "cookie: two")?.cookie).toBe("one");
});

test.for([
  ["no port", [`Infohash: ${ONE}`]],
  ["no torrent", ["Port: 7"]],
  ["no torrent that could be one", ["Port: 7", "Infohash: 01"]],
  ["two ports", ["Port: 7", "Port: 7", `Infohash: ${ONE}`]],
  ["port 0", ["Port: 0", `Infohash: ${ONE}`]],
  ["port 65536", ["Port: 65536", `Infohash: ${ONE}`]],
  ["a port of six digits", ["Port: 000007", `Infohash: ${ONE}`]],
  ["a port that is no number", ["Port: 7e1", `Infohash: ${ONE}`]],
  ["a line without a name", ["Port: 7", `Infohash: ${ONE}`, ": x"]],
  ["a line without a colon", ["Port: 7", `Infohash: ${ONE}`, "x"]],
] as const)("%s is no announce", ([, lines]) => {
  expect(announceOf(...lines)).toBeUndefined();
});

test.for(["M-SEARCH * HTTP/1.1", "BT-SEARCH / HTTP/1.1", "BT-SEARCH * HTTP/2.0", "BT-SEARCH * HTTP/1.1 ", "", "\0"])(
  "%j is no first line",
  (first) => {
    expect(parse(`${first}\r\nPort: 7\r\nInfohash: ${ONE}\r\n\r\n`)).toBeUndefined();
  },
);

test("lines that end in a line feed alone are none", () => {
  expect(parse(`BT-SEARCH * HTTP/1.1\nPort: 7\nInfohash: ${ONE}\n\n`)).toBeUndefined();
});

test("a datagram holds as many torrents as may ever fit, and one more is a mistake of ours", () => {
  const announce = (count: number) => ({
    port: 65_535,
    infoHashes: Array.from({ length: count }, (_, n) => hash(n)),
    cookie: "c".repeat(16),
  });
  const most = encodeLanAnnounce(announce(MAX_LAN_HASHES), 6);
  expect(most.length).toBeLessThanOrEqual(MAX_LAN_BYTES);
  expect(most.length).toBeGreaterThan(MAX_LAN_BYTES - 52);
  expect(parseLanAnnounce(most)?.infoHashes).toHaveLength(MAX_LAN_HASHES);
  expect(() => encodeLanAnnounce(announce(MAX_LAN_HASHES + 1), 6)).toThrow(RangeError);
  expect(() => encodeLanAnnounce(announce(0), 6)).toThrow(RangeError);
  for (const port of [0, 65_536, 1.5]) expect(() => encodeLanAnnounce({ ...read, port }, 4)).toThrow(RangeError);
  for (const cookie of ["", "a\r\nb", "c".repeat(17)])
    expect(() => encodeLanAnnounce({ ...read, cookie }, 4)).toThrow(RangeError);
});

test("a datagram of 1 400 bytes is read, a longer one is not", () => {
  const text = `BT-SEARCH * HTTP/1.1\r\nPort: 7\r\nInfohash: ${ONE}\r\n\r\n`;
  expect(parse(text.padEnd(MAX_LAN_BYTES))).toEqual(read);
  expect(parse(text.padEnd(MAX_LAN_BYTES + 1))).toBeUndefined();
});

test("what is written is read, whatever it is", () => {
  const announces = fc.record({
    port: fc.integer({ min: 1, max: 65_535 }),
    infoHashes: fc.uniqueArray(fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toInfoHash), {
      minLength: 1,
      maxLength: MAX_LAN_HASHES,
      selector: (bytes) => bytes.join(),
    }),
    cookie: fc.option(fc.stringMatching(/^[0-9a-z]{1,16}$/), { nil: undefined }),
  });
  fc.assert(
    fc.property(announces, fc.constantFrom(4 as const, 6 as const), (announce, family) => {
      expect(parseLanAnnounce(encodeLanAnnounce(announce, family))).toEqual(announce);
    }),
  );
});

test("bytes of strangers are an announce within its bounds or nothing, and never an error", () => {
  const good = utf8(ANNOUNCES[1]![3]);
  const changed = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 })
    .map((changes) => changes.reduce((bytes, [at, byte]) => bytes.with(at, byte), good));
  const lines = fc
    .array(fc.constantFrom("Port: 1", "port:", `Infohash: ${ONE}`, "Infohash: ff", "cookie: x", ":", "", "\xff: \0"))
    .map((some) => fromLatin1(["BT-SEARCH * HTTP/1.1", ...some, "", ""].join("\r\n")));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 2_000 }), changed, lines), (bytes) => {
      const announce = parseLanAnnounce(bytes);
      if (!announce) return;
      expect(announce.port).toBeGreaterThan(0);
      expect(announce.port).toBeLessThan(65_536);
      expect(announce.infoHashes.length).toBeGreaterThan(0);
      for (const infoHash of announce.infoHashes) expect(infoHash).toHaveLength(20);
    }),
    { numRuns: 1_000 },
  );
});
