import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../../source/protocol/bencode.ts";
import { ProtocolError, TrackerError } from "../../../source/protocol/errors.ts";
import { toInfoHash, toPeerId } from "../../../source/protocol/ids.ts";
import {
  type AnnounceQuery,
  type AnnounceResponse,
  encodeAnnounceQuery,
  encodeAnnounceResponse,
  encodeFailure,
  encodeScrapeResponse,
  parseAnnounceQuery,
  parseAnnounceResponse,
  parseScrapeQuery,
  parseScrapeResponse,
  percentDecode,
  percentEncode,
} from "../../../source/protocol/tracker/http-announce.ts";

const infoHash = toInfoHash(Uint8Array.from({ length: 20 }, (_, i) => i * 13));
const peerId = toPeerId(utf8("-SA0100-abcdefghijkl"));
const HASH = "%00%0D%1A%274AN%5Bhu%82%8F%9C%A9%B6%C3%D0%DD%EA%F7";
const query: AnnounceQuery = { infoHash, peerId, port: 6881, uploaded: 0, downloaded: 0, left: 0, compact: true };
const bytes = (...parts: (string | number[])[]) =>
  new Uint8Array(parts.flatMap((part) => (typeof part === "string" ? [...utf8(part)] : part)));

const QUERIES: readonly (readonly [name: string, text: string, query: AnnounceQuery])[] = [
  [
    "the least of BEP 3",
    `info_hash=${HASH}&peer_id=-SA0100-abcdefghijkl&port=6881&uploaded=0&downloaded=0&left=0&compact=1`,
    query,
  ],
  [
    "all of it",
    `info_hash=${HASH}&peer_id=-SA0100-abcdefghijkl&port=65535&uploaded=1&downloaded=2&left=9007199254740991&compact=0&numwant=50&event=started&token=a%26b%C3%BC`,
    {
      ...query,
      port: 65_535,
      uploaded: 1,
      downloaded: 2,
      left: Number.MAX_SAFE_INTEGER,
      compact: false,
      numwant: 50,
      event: "started",
      token: "a&bü",
    },
  ],
];

test.for(QUERIES)("%s is a query and back", ([, text, value]) => {
  expect(encodeAnnounceQuery(value)).toBe(text);
  expect(parseAnnounceQuery(text)).toEqual(value);
});

describe("a query from a stranger", () => {
  const start = `info_hash=${HASH}&peer_id=-SA0100-abcdefghijkl`;

  test.for([
    ["no info hash", "peer_id=-SA0100-abcdefghijkl&port=1&left=0", "info_hash: expected once, received 0"],
    ["two of them", `${start}&info_hash=${HASH}&port=1&left=0`, "info_hash: expected once, received 2"],
    ["19 bytes", "info_hash=abcdefghijklmnopqrs&port=1&left=0", "info_hash: expected 20 bytes, received 19"],
    ["21 bytes", "info_hash=abcdefghijklmnopqrstu&port=1&left=0", "info_hash: expected 20 bytes, received 21"],
    ["a broken escape", "info_hash=%0&port=1&left=0", "info_hash: expected 20 bytes, received a broken escape"],
    ["raw bytes", "info_hash=\u00e9&port=1&left=0", "info_hash: expected 20 bytes, received a broken escape"],
    ["port 0", `${start}&port=0&left=0`, "port: expected an integer from 1, received 0"],
    ["port 65536", `${start}&port=65536&left=0`, "port: expected at most 65535, received 65536"],
    ["no port", `${start}&left=0`, "port: expected an integer from 1, received nothing"],
    ["a negative left", `${start}&port=1&left=-1`, "left: expected an integer from 0, received -1"],
    ["no left", `${start}&port=1`, "left: expected an integer from 0, received nothing"],
    ["a hexadecimal left", `${start}&port=1&left=0x1`, "left: expected an integer from 0, received 0x1"],
    ["a token that is no text", `${start}&port=1&left=0&token=%FF`, "token: not UTF-8"],
  ])("with %s is refused with the reason", ([, text, reason]) => {
    expect(() => parseAnnounceQuery(text!)).toThrow(new ProtocolError("bad-query", reason!));
  });

  test("as other clients write it is read", () => {
    const read = parseAnnounceQuery(
      `${start}&port=1&left=9223372036854775807&ip=1.2.3.4&event=&numwant=-1&key=AB&supportcrypto=1`,
    );
    expect(read).toEqual({ ...query, port: 1, left: Number.MAX_SAFE_INTEGER });
  });

  test("of any kind yields a value or a ProtocolError", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webQueryParameters(), fc.mixedCase(fc.constant(start))), (text) => {
        try {
          parseAnnounceQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

test("any bytes survive percent-encoding, only unreserved ones as they are", () => {
  fc.assert(fc.property(fc.uint8Array(), (any) => void expect(percentDecode(percentEncode(any))).toEqual(any)));
  expect(percentEncode(utf8("aZ09-._~ +/%&="))).toBe("aZ09-._~%20%2B%2F%25%26%3D");
});

const RESPONSES: readonly (readonly [name: string, body: Uint8Array, compact: boolean, value: AnnounceResponse])[] = [
  ["nobody (BEP 23)", bytes("d8:intervali1800e5:peers0:e"), true, { interval: 1800, peers: [] }],
  ["nobody (BEP 3)", bytes("d8:intervali1800e5:peerslee"), false, { interval: 1800, peers: [] }],
  [
    "peers of both families (BEP 23, BEP 7)",
    bytes(
      "d8:completei1e10:incompletei2e8:intervali60e12:min intervali30e5:peers6:",
      [10, 0, 0, 255, 0x1a, 0xe1],
      "6:peers618:",
      [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff],
      "e",
    ),
    true,
    {
      interval: 60,
      minInterval: 30,
      complete: 1,
      incomplete: 2,
      peers: [
        { host: "10.0.0.255", port: 6881 },
        { host: "2001:db8::1", port: 65_535 },
      ],
    },
  ],
  [
    "a dictionary each (BEP 3)",
    bytes("d8:intervali60e5:peersld2:ip3:::17:peer id20:-SA0100-abcdefghijkl4:porti1eeee"),
    false,
    { interval: 60, peers: [{ host: "::1", port: 1, peerId }] },
  ],
  [
    "a warning",
    bytes("d8:intervali60e5:peers0:15:warning message4:slowe"),
    true,
    { interval: 60, peers: [], warning: "slow" },
  ],
];

test.for(RESPONSES)("an answer with %s is these bytes, and back", ([, body, compact, value]) => {
  expect(encodeAnnounceResponse(value, compact)).toEqual(body);
  expect(parseAnnounceResponse(body)).toEqual(value);
});

test.for(RESPONSES)("an answer with %s that is cut anywhere is unreadable, and nothing else", ([, body]) => {
  for (let end = 0; end < body.length; end++) {
    expect(() => parseAnnounceResponse(body.subarray(0, end))).toThrow(TrackerError);
  }
  expect(parseAnnounceResponse(bytes([...body], "\r\n"))).toEqual(parseAnnounceResponse(body));
});

test("a failure reason is the error", () => {
  const body = encodeFailure("not here");
  expect(body).toEqual(bytes("d14:failure reason8:not heree"));
  expect(() => parseAnnounceResponse(body)).toThrow(new TrackerError("refused", "not here"));
  expect(() => parseAnnounceResponse(encodeFailure("x".repeat(5000)))).toThrow(/^x{256}$/);
});

test.for([
  ["a list", "le"],
  ["neither an interval nor peers", "d5:filesdee"],
  ["an interval that is a text", "d8:interval4:18005:peers0:e"],
  ["peers of 5 bytes", "d8:intervali1e5:peers5:abcdee"],
  ["peers6 of 6 bytes", "d8:intervali1e6:peers66:abcdefe"],
  ["peers that are a number", "d8:intervali1e5:peersi1ee"],
  ["a peer that is a number", "d8:intervali1e5:peersli1eee"],
  ["a bomb", "l".repeat(100_000)],
])("%s is unreadable", ([, body]) => {
  expect(() => parseAnnounceResponse(utf8(body!))).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("who gives peers and no interval is asked again in half an hour", () => {
  expect(parseAnnounceResponse(bytes("d5:peers0:e"))).toEqual({ interval: 1_800, peers: [] });
});

test("peers without a port or with a name for an address are left out", () => {
  const body = bytes(
    "d8:intervali1e5:peersld2:ip9:localhost4:porti1eed2:ip7:1.2.3.44:porti0eed2:ip7:1.2.3.44:porti65536eed2:ip7:1.2.3.44:porti5eeee",
  );
  expect(parseAnnounceResponse(body).peers).toEqual([{ host: "1.2.3.4", port: 5 }]);
  const compact = bytes("d8:intervali1e5:peers12:", [1, 2, 3, 4, 0, 0, 1, 2, 3, 4, 0, 9], "e");
  expect(parseAnnounceResponse(compact).peers).toEqual([{ host: "1.2.3.4", port: 9 }]);
});

test("any bytes are an answer or a TrackerError", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.string().map(utf8)), (body) => {
      try {
        parseAnnounceResponse(body);
      } catch (error) {
        expect(error).toBeInstanceOf(TrackerError);
      }
    }),
  );
});

test("a scrape is asked for and answered (BEP 48)", () => {
  expect(parseScrapeQuery(`info_hash=${HASH}&info_hash=${HASH}`)).toEqual({ infoHashes: [infoHash, infoHash] });
  expect(parseScrapeQuery("")).toEqual({ infoHashes: [] });
  const counts = { complete: 1, incomplete: 2, downloaded: 3 };
  const body = encodeScrapeResponse([[infoHash, counts]]);
  expect(body).toEqual(bytes("d5:filesd20:", [...infoHash], "d8:completei1e10:downloadedi3e10:incompletei2eeee"));
  expect([...parseScrapeResponse(body).values()]).toEqual([counts]);
  expect(() => parseScrapeResponse(utf8("d5:filesd1:adeee"))).toThrow(TrackerError);
});

test("a scrape has at most 70 info hashes", () => {
  const many = (n: number) => Array.from({ length: n }, () => `info_hash=${HASH}`).join("&");
  expect(parseScrapeQuery(many(70)).infoHashes).toHaveLength(70);
  expect(() => parseScrapeQuery(many(71))).toThrow(ProtocolError);
});
