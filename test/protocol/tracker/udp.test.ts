import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ProtocolError, TrackerError } from "../../../source/protocol/errors.ts";
import { toInfoHash, toPeerId } from "../../../source/protocol/ids.ts";
import {
  type AddressBytes,
  type UdpRequest,
  type UdpResponse,
  encodeUdpRequest,
  encodeUdpResponse,
  parseUdpRequest,
  parseUdpResponse,
} from "../../../source/protocol/tracker/udp.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
const connection = bytes("0102030405060708");
const infoHash = toInfoHash(new Uint8Array(20).fill(0xaa));
const peerId = toPeerId(new Uint8Array(20).fill(0x2d));
const [A, P] = ["aa".repeat(20), "2d".repeat(20)];

const announce = { type: "announce", connection, transaction: 0xffff_ffff, infoHash, peerId } as const;

/** Requests and their exact bytes, from BEP 15 and BEP 41. */
const REQUESTS: readonly (readonly [string, UdpRequest, string])[] = [
  ["connect", { type: "connect", transaction: 7 }, "0000041727101980 00000000 00000007"],
  [
    "an announce of a seed that starts",
    { ...announce, downloaded: 0, left: 0, uploaded: 0, event: "started", key: 0, port: 6881 },
    `0102030405060708 00000001 ffffffff ${A}${P} ${"00".repeat(24)} 00000002 00000000 00000000 ffffffff 1ae1`,
  ],
  [
    "an announce with large numbers",
    {
      ...announce,
      downloaded: 2 ** 32,
      left: Number.MAX_SAFE_INTEGER,
      uploaded: 1,
      event: "stopped",
      key: 0xffff_ffff,
      numwant: 0,
      port: 65_535,
    },
    `0102030405060708 00000001 ffffffff ${A}${P}
     0000000100000000 001fffffffffffff 0000000000000001 00000003 00000000 ffffffff 00000000 ffff`,
  ],
  [
    "an announce with URL data",
    {
      ...announce,
      downloaded: 0,
      left: 1,
      uploaded: 0,
      event: "completed",
      key: 5,
      numwant: 50,
      port: 1,
      urlData: "/a?token=x",
    },
    `0102030405060708 00000001 ffffffff ${A}${P} 0000000000000000 0000000000000001 0000000000000000
     00000001 00000000 00000005 00000032 0001 020a 2f613f746f6b656e3d78`,
  ],
  [
    "a scrape of two",
    { type: "scrape", connection, transaction: 0, infoHashes: [infoHash, infoHash] },
    `0102030405060708 00000002 00000000 ${A}${A}`,
  ],
];

const RESPONSES: readonly (readonly [string, UdpResponse, AddressBytes, string])[] = [
  ["connect", { type: "connect", transaction: 7, connection }, 4, "00000000 00000007 0102030405060708"],
  [
    "an announce of IPv4 peers",
    {
      type: "announce",
      transaction: 1,
      interval: 300,
      incomplete: 2,
      complete: 0xffff_ffff,
      peers: [
        { host: "10.0.0.1", port: 6881 },
        { host: "10.0.0.2", port: 65_535 },
      ],
    },
    4,
    "00000001 00000001 0000012c 00000002 ffffffff 0a000001 1ae1 0a000002 ffff",
  ],
  [
    "an announce of IPv6 peers",
    {
      type: "announce",
      transaction: 1,
      interval: 0,
      incomplete: 0,
      complete: 0,
      peers: [{ host: "2001:db8::1", port: 1 }],
    },
    16,
    "00000001 00000001 00000000 00000000 00000000 20010db8000000000000000000000001 0001",
  ],
  [
    "a scrape",
    { type: "scrape", transaction: 1, entries: [{ complete: 1, downloaded: 2, incomplete: 3 }] },
    4,
    "00000002 00000001 00000001 00000002 00000003",
  ],
  ["an error", { type: "error", transaction: 1, text: "nö" }, 4, "00000003 00000001 6ec3b6"],
];

test.for(REQUESTS)("request: %s", ([, request, hex]) => {
  expect(encodeUdpRequest(request)).toEqual(bytes(hex));
  expect(parseUdpRequest(bytes(hex))).toEqual(request);
});

test.for(RESPONSES)("answer: %s", ([, response, addressBytes, hex]) => {
  expect(encodeUdpResponse(response, addressBytes)).toEqual(bytes(hex));
  expect(parseUdpResponse(bytes(hex), addressBytes)).toEqual(response);
});

test.for(REQUESTS)("a request that is cut anywhere is an error, or a shorter request: %s", ([, request, hex]) => {
  const whole = bytes(hex);
  for (let length = 0; length < whole.length; length++) {
    const cut = () => parseUdpRequest(whole.subarray(0, length));
    // The fixed part of an announce is a whole one without options; a scrape of one hash is whole, too.
    const isWhole = (request.type === "announce" && length === 98) || (request.type === "scrape" && length >= 36);
    if (isWhole) expect(cut().type).toBe(request.type);
    else expect(cut).toThrow(ProtocolError);
  }
});

test.for(RESPONSES)(
  "an answer that is cut anywhere is an error, or a shorter answer: %s",
  ([, response, size, hex]) => {
    const whole = bytes(hex);
    for (let length = 0; length < whole.length; length++) {
      const cut = () => parseUdpResponse(whole.subarray(0, length), size);
      const isWhole =
        (response.type === "error" && length >= 8) ||
        (response.type === "scrape" && length === 8) ||
        (response.type === "announce" && length >= 20);
      if (isWhole) expect(cut().type).toBe(response.type);
      else expect(cut).toThrow(TrackerError);
    }
  },
);

test("an announce that is answered with nothing is refused", () => {
  expect(() => parseUdpResponse(bytes("00000001 00000001"), 4)).toThrow(/^the tracker does not serve this torrent$/);
});

test("bytes behind the last peer, and the zero behind an error, are ignored", () => {
  const answer = "00000001 00000001 0000003c 00000001 00000001 7f000005 1ae1";
  expect(parseUdpResponse(bytes(`${answer} 616263`), 4)).toEqual(parseUdpResponse(bytes(answer), 4));
  expect(parseUdpResponse(bytes("00000003 00000001 6e6f 0000"), 4)).toMatchObject({ text: "no" });
});

test("bytes behind a connect, and half an info hash behind a scrape, are ignored", () => {
  expect(parseUdpRequest(bytes(`${REQUESTS[0]![2]} 00`)).type).toBe("connect");
  const scrape = parseUdpRequest(bytes(`${REQUESTS[4]![2]} 0000`));
  expect(scrape).toMatchObject({ infoHashes: [infoHash, infoHash] });
});

test("a scrape is read up to 70 info hashes", () => {
  for (const count of [69, 70, 71]) {
    const infoHashes = Array.from({ length: count }, () => infoHash);
    const request = parseUdpRequest(encodeUdpRequest({ type: "scrape", connection, transaction: 1, infoHashes }));
    expect(request.type === "scrape" && request.infoHashes.length).toBe(Math.min(count, 70));
  }
});

test.for([
  ["a connect with another protocol id", "0000041727101981 00000000 00000007"],
  ["an unknown action", "0102030405060708 00000004 00000000"],
  ["an announce with port 0", `0102030405060708 00000001 00000000 ${A}${P} ${"00".repeat(42)}`],
  ["a scrape of nothing", "0102030405060708 00000002 00000000"],
  ["URL data that is not UTF-8", `0102030405060708 00000001 00000000 ${A}${P} ${"00".repeat(40)} 0001 0201ff`],
])("%s is refused", ([, hex]) => {
  expect(() => parseUdpRequest(bytes(hex!))).toThrow(ProtocolError);
});

test("options that do nothing, unknown ones and what is behind the end are passed over", () => {
  const fixed = encodeUdpRequest(REQUESTS[1]![1]);
  const request = parseUdpRequest(new Uint8Array([...fixed, 1, 9, 1, 0xff, 2, 2, 0x2f, 0x61, 1, 2, 1, 0x62, 0, 2, 9]));
  expect(request).toMatchObject({ urlData: "/ab" });
});

test("URL data of any length and text survives", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 600 }), (urlData) => {
      const whole = { ...announce, downloaded: 0, left: 0, uploaded: 0, key: 0, port: 1 } as const;
      const back = parseUdpRequest(encodeUdpRequest({ ...whole, urlData }));
      expect(back).toEqual(urlData === "" ? whole : { ...whole, urlData });
    }),
  );
});

test("any bytes are a request or a ProtocolError, an answer or a TrackerError", () => {
  const starts = [...REQUESTS, ...RESPONSES].map((row) => bytes(row.at(-1) as string));
  const input = fc
    .tuple(fc.constantFrom(new Uint8Array(), ...starts), fc.uint8Array({ maxLength: 120 }))
    .map(([start, end]) => new Uint8Array([...start, ...end]));
  const only = (parse: () => unknown, error: typeof ProtocolError | typeof TrackerError) => {
    try {
      parse();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(error);
    }
  };
  fc.assert(
    fc.property(input, (data) => {
      only(() => parseUdpRequest(data), ProtocolError);
      only(() => parseUdpResponse(data, 4), TrackerError);
      only(() => parseUdpResponse(data, 16), TrackerError);
    }),
  );
});
