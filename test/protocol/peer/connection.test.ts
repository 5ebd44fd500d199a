import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../../source/protocol/errors.ts";
import { toInfoHash, toPeerId } from "../../../source/protocol/ids.ts";
import { PeerConnection } from "../../../source/protocol/peer/connection.ts";
import {
  BLOCK_BYTES,
  MAX_EXTENDED_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_UNKNOWN_BYTES,
  MAX_UNKNOWN_MESSAGES,
} from "../../../source/protocol/peer/limits.ts";
import { encodeHandshake, type PeerMessage } from "../../../source/protocol/peer/messages.ts";

const PIECES = 12;

describe("a peer that breaks the protocol", () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["a message above 1 MiB", frame(MAX_MESSAGE_BYTES + 1, 7), "too-long"],
    ["a length of 4 294 967 295", frame(0xffffffff, 7), "too-long"],
    ["a block above 16 KiB", frame(9 + BLOCK_BYTES + 1, 7), "bad-length"],
    ["a block without data", frame(9, 7), "bad-length"],
    ["a have of 4 bytes", frame(4, 4), "bad-length"],
    ["a have of 6 bytes", frame(6, 4), "bad-length"],
    ["a request of 12 bytes", frame(12, 6), "bad-length"],
    ["a request of 14 bytes", frame(14, 6), "bad-length"],
    ["a choke with a payload", frame(2, 0), "bad-length"],
    ["a bitfield that is too short", frame(2, 5), "bad-length"],
    ["a bitfield that is too long", frame(4, 5), "bad-length"],
    ["a bitfield with a spare bit", frame(3, 5, [0xff, 0xf8]), "spare-bits"],
    ["an extended message above 32 KiB", frame(MAX_EXTENDED_BYTES + 2, 20), "bad-length"],
    ["an extended message without a number", frame(1, 20), "bad-length"],
    ["an unknown message above 16 KiB", frame(MAX_UNKNOWN_BYTES + 2, 99), "bad-length"],
    ["a have of a piece that does not exist", frame(5, 4, [0, 0, 0, PIECES]), "bad-index"],
    [
      "a request of a piece that does not exist",
      frame(13, 6, [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1]),
      "bad-index",
    ],
    ["an extended handshake that is no dictionary", frame(4, 20, [0, 0x69, 0x65]), "bad-bencode"],
    ["two have-alls", new Uint8Array([...frame(1, 14), ...frame(1, 14)]), "late-have-all"],
    ["have-none after a bitfield", new Uint8Array([...frame(3, 5, [0, 0]), ...frame(1, 15)]), "late-have-all"],
    ["have-all after other messages", new Uint8Array([...frame(1, 2), ...frame(1, 14)]), "late-have-all"],
  ];

  for (const [what, bytes, code] of cases) {
    it(`is refused for ${what}, also byte by byte`, () => {
      expect(codeOf(() => receive(connected(), bytes))).toBe(code);
      const connection = connected();
      expect(codeOf(() => bytes.forEach((byte) => receive(connection, Uint8Array.of(byte))))).toBe(code);
    });
  }

  it("may say again what it has: aria2 sends a bitfield in place of several haves", () => {
    const again = [...frame(3, 5, [0, 0]), ...frame(1, 2), ...frame(3, 5, [0x80, 0])];
    const messages = receive(connected(), new Uint8Array(again));
    expect(messages.map(({ type }) => type)).toEqual(["bitfield", "interested", "bitfield"]);
  });

  it("is refused for its length before anything is kept of it", () => {
    const connection = connected();
    expect(codeOf(() => receive(connection, frame(MAX_MESSAGE_BYTES, 4).subarray(0, 5)))).toBe("bad-length");
    expect(connection.partialBytes).toBeLessThan(16);
  });

  it("may send 8 unknown messages, and not 9", () => {
    const connection = connected();
    for (let i = 0; i < MAX_UNKNOWN_MESSAGES; i++) expect(receive(connection, frame(3, 99, [1, 2]))).toEqual([]);
    expect(codeOf(() => receive(connection, frame(3, 99, [1, 2])))).toBe("unknown-messages");
  });
});

describe("what is at its limit and allowed", () => {
  it("is a block of 16 KiB", () => {
    const [message] = receive(connected(), frame(9 + BLOCK_BYTES, 7, Array<number>(8 + BLOCK_BYTES).fill(0)));
    expect(message).toMatchObject({ type: "piece", index: 0, begin: 0 });
    expect(message?.type === "piece" && message.data.length).toBe(BLOCK_BYTES);
  });

  it("is a block of one byte", () => {
    expect(receive(connected(), frame(10, 7, [0, 0, 0, 1, 0, 0, 0, 2, 0xff]))).toHaveLength(1);
  });

  it("is a bitfield after the extended handshake, as clients send it", () => {
    const connection = connected();
    receive(connection, connection.send({ type: "extended-handshake", handshake: { extensions: new Map() } }));
    expect(receive(connection, frame(3, 5, [0xff, 0xf0]))).toEqual([
      { type: "bitfield", bytes: Uint8Array.of(0xff, 0xf0) },
    ]);
  });

  it("is an extended message under a number we never gave: it is skipped", () => {
    expect(receive(connected(), frame(4, 20, [77, 1, 2]))).toEqual([]);
  });
});

describe("the connection", () => {
  it("never reads anything but messages and ProtocolErrors, the same however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(hostileFrame(), { maxLength: 12 }),
        fc.array(fc.nat(40), { minLength: 1, maxLength: 30 }),
        (frames, cuts) => {
          const bytes = new Uint8Array(frames.flatMap((one) => [...one]));
          const whole = outcome([bytes]);
          const pieces: Uint8Array[] = [];
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const length = 1 + cuts[i % cuts.length]!;
            pieces.push(bytes.subarray(at, at + length));
            at += length;
          }
          expect(outcome(pieces)).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("asks for the number of pieces before the first message that needs it", () => {
    const connection = new PeerConnection();
    receive(connection, handshake());
    expect(() => receive(connection, frame(5, 4, [0, 0, 0, 0]))).toThrow(RangeError);
  });

  it("keeps nothing of the buffer that sockets read into", () => {
    const connection = new PeerConnection();
    const read = Buffer.from(handshake());
    const [shake] = receive(connection, read);
    read.fill(0xff);
    expect(shake).toEqual(receive(new PeerConnection(), handshake())[0]);
    connection.bind(PIECES);
    const bitfield = Buffer.from(frame(3, 5, [0x80, 0]));
    const messages = receive(connection, bitfield);
    bitfield.fill(0xff);
    expect(messages).toEqual([{ type: "bitfield", bytes: Uint8Array.of(0x80, 0) }]);
  });

  it("refuses to send an extension that the peer does not speak", () => {
    expect(() => connected().send({ type: "sta-push", message: { type: "offer", piece: 1 } })).toThrow(RangeError);
  });

  it("no longer speaks an extension that the peer switched off", () => {
    const connection = connected();
    const handshakeOf = (id: number) =>
      connection.send({ type: "extended-handshake", handshake: { extensions: new Map([["sta_push", id]]) } });
    receive(connection, handshakeOf(9));
    expect(connection.speaks("sta_push")).toBe(true);
    receive(connection, handshakeOf(0));
    expect(connection.speaks("sta_push")).toBe(false);
  });

  it("goes on speaking the extensions that a later handshake says nothing of (BEP 10: `m` tells changes)", () => {
    const connection = connected();
    const say = (extensions: readonly [string, number][]) =>
      receive(
        connection,
        connection.send({ type: "extended-handshake", handshake: { extensions: new Map(extensions) } }),
      );
    say([
      ["sta_push", 9],
      ["ut_pex", 4],
      ["of_others", 5],
    ]);
    expect(say([["ut_pex", 0]])).toEqual([
      {
        type: "extended-handshake",
        handshake: {
          extensions: new Map([
            ["sta_push", 9],
            ["ut_pex", 0],
          ]),
        },
      },
    ]);
    expect(say([])).toHaveLength(1);
    expect([connection.speaks("sta_push"), connection.speaks("ut_pex")]).toEqual([true, false]);
  });
});

function handshake(): Uint8Array {
  const infoHash = toInfoHash(new Uint8Array(20));
  return encodeHandshake({ infoHash, peerId: toPeerId(new Uint8Array(20)), fast: true, extended: true, dht: false });
}

function connected(): PeerConnection {
  const connection = new PeerConnection();
  receive(connection, handshake());
  connection.bind(PIECES);
  return connection;
}

function receive(connection: PeerConnection, bytes: Uint8Array): PeerMessage[] {
  const messages: PeerMessage[] = [];
  connection.receive(bytes, (message) => messages.push(message));
  return messages;
}

/** A frame that says it has `length` bytes, with an id and as much of its payload as is given, zeros to `length` when it is small. */
function frame(length: number, id: number, payload: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(5 + Math.max(payload.length, length < 70_000 ? length - 1 : 0));
  new DataView(bytes.buffer).setUint32(0, length);
  bytes[4] = id;
  bytes.set(payload, 5);
  return bytes;
}

function hostileFrame(): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 30 }),
    fc
      .tuple(
        fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17, 20, 21),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([id, payload]) => frame(payload.length + 1, id, [...payload])),
  );
}

function outcome(chunks: readonly Uint8Array[]): readonly string[] {
  const connection = connected();
  const seen: string[] = [];
  try {
    for (const chunk of chunks) {
      connection.receive(chunk, (message) => {
        seen.push(
          JSON.stringify(message, (_key, value: unknown) => (value instanceof Uint8Array ? [...value] : value)),
        );
      });
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    seen.push(`refused: ${error.code}`);
  }
  return seen;
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
  return "nothing was thrown";
}
