import { describe, expect, it } from "vitest";
import { toHex, toInfoHash, toPeerId } from "../../../source/protocol/ids.ts";
import { PeerConnection } from "../../../source/protocol/peer/connection.ts";
import { encodeHandshake, type PeerMessage } from "../../../source/protocol/peer/messages.ts";

const PIECES = 12;

const infoHash = toInfoHash(new Uint8Array(20).fill(0xab));
const peerId = toPeerId(new TextEncoder().encode("-SA0100-abcdefghijkl"));

/** Every message with its exact bytes and where they are defined. Numbers at their edges: 0 and the largest the torrent allows. */
const TABLE: readonly { message: PeerMessage; hex: string; source: string }[] = [
  { message: { type: "keep-alive" }, hex: "00000000", source: "BEP 3" },
  { message: { type: "choke" }, hex: "00000001 00", source: "BEP 3" },
  { message: { type: "unchoke" }, hex: "00000001 01", source: "BEP 3" },
  { message: { type: "interested" }, hex: "00000001 02", source: "BEP 3" },
  { message: { type: "not-interested" }, hex: "00000001 03", source: "BEP 3" },
  { message: { type: "have", index: 0 }, hex: "00000005 04 00000000", source: "BEP 3" },
  { message: { type: "have", index: PIECES - 1 }, hex: "00000005 04 0000000b", source: "BEP 3" },
  { message: { type: "bitfield", bytes: Uint8Array.of(0x80, 0x10) }, hex: "00000003 05 8010", source: "BEP 3" },
  {
    message: { type: "request", index: 1, begin: 0x4000, length: 0x4000 },
    hex: "0000000d 06 00000001 00004000 00004000",
    source: "BEP 3",
  },
  {
    message: { type: "request", index: 0, begin: 0xffffffff, length: 0xffffffff },
    hex: "0000000d 06 00000000 ffffffff ffffffff",
    source: "BEP 3; what is out of range is the swarm's to refuse",
  },
  {
    message: { type: "piece", index: 2, begin: 5, data: Uint8Array.of(1, 2, 3) },
    hex: "0000000c 07 00000002 00000005 010203",
    source: "BEP 3",
  },
  {
    message: { type: "cancel", index: 1, begin: 0, length: 1 },
    hex: "0000000d 08 00000001 00000000 00000001",
    source: "BEP 3",
  },
  { message: { type: "port", port: 6881 }, hex: "00000003 09 1ae1", source: "BEP 5" },
  { message: { type: "suggest", index: 3 }, hex: "00000005 0d 00000003", source: "BEP 6" },
  { message: { type: "have-all" }, hex: "00000001 0e", source: "BEP 6" },
  { message: { type: "have-none" }, hex: "00000001 0f", source: "BEP 6" },
  {
    message: { type: "reject", index: 1, begin: 0x4000, length: 0x4000 },
    hex: "0000000d 10 00000001 00004000 00004000",
    source: "BEP 6",
  },
  { message: { type: "allowed-fast", index: 7 }, hex: "00000005 11 00000007", source: "BEP 6" },
  {
    message: {
      type: "extended-handshake",
      handshake: { extensions: new Map([["sta_push", 1]]), client: "sta 0.1.0", port: 6881, requestQueue: 512 },
    },
    hex: `00000038 14 00 ${toHex(new TextEncoder().encode("d1:md8:sta_pushi1ee1:pi6881e4:reqqi512e1:v9:sta 0.1.0e"))}`,
    source: "BEP 10",
  },
  {
    message: { type: "sta-push", message: { type: "offer", piece: 3 } },
    hex: `00000014 14 01 ${toHex(new TextEncoder().encode("d5:piecei3e1:ti0ee"))}`,
    source: "sta_push 1",
  },
];

describe("messages of the peer wire", () => {
  for (const { message, hex, source } of TABLE) {
    it(`writes and reads ${message.type} as ${source} says`, () => {
      const bytes = bytesOf(hex);
      expect(toHex(pair().send(message))).toBe(toHex(bytes));
      expect(read(pair(), [bytes])).toEqual([message]);
    });

    it(`reads ${message.type} (${hex.slice(0, 30)}) cut at every place and byte by byte`, () => {
      const bytes = bytesOf(hex);
      for (let cut = 1; cut < bytes.length; cut++) {
        expect(read(pair(), [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([message]);
      }
      expect(
        read(
          pair(),
          [...bytes].map((byte) => Uint8Array.of(byte)),
        ),
      ).toEqual([message]);
    });

    it(`reads ${message.type} (${hex.slice(0, 30)}) with another message behind it`, () => {
      const bytes = new Uint8Array([...bytesOf(hex), ...bytesOf("00000001 02")]);
      expect(read(pair(), [bytes])).toEqual([message, { type: "interested" }]);
    });
  }
});

describe("the handshake", () => {
  const bytes = encodeHandshake({ infoHash, peerId, fast: true, extended: true, dht: false });

  it("has 68 bytes: header, reserved bits, info hash, peer id", () => {
    const header = toHex(new TextEncoder().encode("\x13BitTorrent protocol"));
    expect(toHex(bytes)).toBe(`${header}0000000000100004${"ab".repeat(20)}${toHex(peerId)}`);
  });

  it("says by a bit each what it speaks, and reads it", () => {
    const bits = [
      [{ fast: false, extended: false, dht: false }, "0000000000000000"],
      [{ fast: true, extended: false, dht: false }, "0000000000000004"],
      [{ fast: false, extended: true, dht: false }, "0000000000100000"],
      [{ fast: false, extended: false, dht: true }, "0000000000000001"],
      [{ fast: true, extended: true, dht: true }, "0000000000100005"],
    ] as const;
    for (const [speaks, hex] of bits) {
      const written = encodeHandshake({ infoHash, peerId, ...speaks });
      expect(toHex(written.subarray(20, 28))).toBe(hex);
      expect(read(new PeerConnection(), [written])).toMatchObject([speaks]);
    }
  });

  it("is read however it is cut", () => {
    const message = { type: "handshake", infoHash, peerId, fast: true, extended: true, dht: false };
    for (let cut = 0; cut <= bytes.length; cut++) {
      const connection = new PeerConnection();
      expect(read(connection, [bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual([message]);
    }
  });

  it("is followed by messages in the same read", () => {
    const connection = new PeerConnection();
    const messages: PeerMessage[] = [];
    connection.receive(new Uint8Array([...bytes, ...bytesOf("00000001 0e")]), (message) => {
      if (message.type === "handshake") connection.bind(PIECES);
      messages.push(message);
    });
    expect(messages.map(({ type }) => type)).toEqual(["handshake", "have-all"]);
  });

  it("is refused at its first wrong byte", () => {
    for (const wrong of [
      "GET / HTTP/1.1\r\n",
      "\x16\x03\x01\x02\x00\x01",
      "\x13BitTorrent Protocol",
      "\x00",
      "\x13B\x00",
    ]) {
      const connection = new PeerConnection();
      expect(() => read(connection, [new TextEncoder().encode(wrong)])).toThrow("not the BitTorrent header");
    }
    expect(read(new PeerConnection(), [bytes.subarray(0, 20)])).toEqual([]);
  });
});

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

/** A connection past its handshakes, to a peer that speaks sta_push under number 1. */
function pair(): PeerConnection {
  const connection = new PeerConnection();
  read(connection, [encodeHandshake({ infoHash, peerId, fast: true, extended: true, dht: false })]);
  connection.bind(PIECES);
  read(connection, [
    connection.send({ type: "extended-handshake", handshake: { extensions: new Map([["sta_push", 1]]) } }),
  ]);
  return connection;
}

/** The messages of `chunks`, with their views copied: they are valid only until the next message. */
function read(connection: PeerConnection, chunks: readonly Uint8Array[]): PeerMessage[] {
  const messages: PeerMessage[] = [];
  for (const chunk of chunks) {
    const reused = chunk.slice();
    connection.receive(reused, (message) => {
      messages.push(message.type === "piece" ? { ...message, data: message.data.slice() } : message);
    });
    reused.fill(0xee);
  }
  return messages;
}
