import { createHash, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../../../../source/protocol/errors.ts";
import { type InfoHash, toInfoHash } from "../../../../source/protocol/ids.ts";
import {
  PRIVATE_KEY_BYTES,
  publicKey,
  sharedSecret,
} from "../../../../source/protocol/peer/encryption/diffie-hellman.ts";
import {
  type EncryptionTools,
  IncomingEncryption,
  obfuscatedHash,
  OutgoingEncryption,
  type PeerEncryption,
} from "../../../../source/protocol/peer/encryption/handshake.ts";
import { HANDSHAKE_PREFIX } from "../../../../source/protocol/peer/messages.ts";

const TOOLS: EncryptionTools = {
  sha1: (...parts) => {
    const hash = createHash("sha1");
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  randomBytes: (count) => new Uint8Array(randomBytes(count)),
};

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(7));
const OTHER_HASH = toInfoHash(new Uint8Array(20).fill(8));
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (parts: readonly Uint8Array[]) => parts.map((part) => new TextDecoder().decode(part)).join("");

/** A private key. */
function numbered(number: number): Uint8Array {
  const key = new Uint8Array(PRIVATE_KEY_BYTES).fill(3);
  new DataView(key.buffer).setUint32(0, number);
  return key;
}

/** One side: what it wants to send, and what it understood. */
class Side {
  readonly wire: Uint8Array[] = [];
  readonly heard: Uint8Array[] = [];
  readonly encryption: PeerEncryption;

  constructor(make: (send: (sent: Uint8Array) => void) => PeerEncryption) {
    this.encryption = make((sent) => void this.wire.push(Uint8Array.from(sent)));
  }

  say(words: string): void {
    this.wire.push(Uint8Array.from(this.encryption.seal(bytes(words))));
  }

  hear(chunk: Uint8Array): void {
    this.heard.push(Uint8Array.from(this.encryption.receive(Uint8Array.from(chunk))));
  }
}

function incoming(torrents: readonly InfoHash[] = [INFO_HASH], mayAgree = true): Side {
  return new Side(
    (send) =>
      new IncomingEncryption({
        ...TOOLS,
        send,
        mayAgree: () => mayAgree,
        infoHashOf: (hash) => torrents.find((one) => obfuscatedHash(TOOLS, one).every((byte, i) => byte === hash[i])),
      }),
  );
}

function outgoing(infoHash = INFO_HASH): Side {
  const side: Side = new Side((send) => new OutgoingEncryption({ ...TOOLS, send, infoHash }));
  (side.encryption as OutgoingEncryption).start();
  return side;
}

/** Carries what both say to the other, in chunks of these sizes, until nothing is left. */
function carry(a: Side, b: Side, sizes: readonly number[] = [100_000]): void {
  for (let turn = 0; a.wire.length + b.wire.length > 0; turn++) {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const all = Buffer.concat(from.wire.splice(0));
      for (let offset = 0; offset < all.length;) {
        const size = sizes[(turn + offset) % sizes.length]!;
        to.hear(all.subarray(offset, offset + size));
        offset += size;
      }
    }
  }
}

describe("an encrypted handshake", () => {
  it("is agreed between both sides however it is cut, and all that is said arrives", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }), (sizes) => {
        const [a, b] = [outgoing(), incoming()];
        a.say("before it is agreed");
        carry(a, b, sizes);
        b.say(", and the answer");
        a.say(", after it");
        carry(a, b, sizes);
        expect([text(b.heard), text(a.heard)]).toEqual(["before it is agreed, after it", ", and the answer"]);
        // Both may go on in the clear, and so they do.
        expect([a.encryption.isClear, b.encryption.isClear]).toEqual([true, true]);
      }),
      { numRuns: 60 },
    );
  });

  it("is agreed byte by byte", () => {
    const [a, b] = [outgoing(), incoming()];
    a.say("hello");
    carry(a, b, [1]);
    expect(text(b.heard)).toBe("hello");
  });

  it("stays encrypted with a peer that takes nothing else", () => {
    const [a, b] = [onlyRc4(outgoing()), incoming()];
    carry(a, b);
    a.say("secret");
    b.say("answer");
    expect(text(a.wire)).not.toContain("secret");
    carry(a, b);
    expect([text(b.heard), text(a.heard), b.encryption.isClear]).toEqual(["secret", "answer", false]);
  });

  it("is for a torrent that is here", () => {
    const [a, b] = [outgoing(OTHER_HASH), incoming()];
    expect(() => carry(a, b)).toThrow(new ProtocolError("encryption", "it asked for a torrent that is not here"));
  });

  it("has a secret that fills its bytes: rtorrent and libtorrent take a shorter one for another", () => {
    const theirs = publicKey(numbered(1));
    const lengthWith = (number: number) => 96 - sharedSecret(numbered(number), theirs)!.findIndex((byte) => byte !== 0);
    const numbers = Array.from({ length: 2_000 }, (_, number) => number + 2);
    const short = numbers.find((number) => lengthWith(number) < 96)!;
    const whole = numbers.find((number) => lengthWith(number) === 96)!;
    const drawn = [numbered(short), numbered(short), numbered(whole)];
    const b: Side = new Side(
      (send) =>
        new IncomingEncryption({
          ...TOOLS,
          randomBytes: (count) => (count === PRIVATE_KEY_BYTES ? drawn.shift()! : TOOLS.randomBytes(count)),
          send,
          mayAgree: () => true,
          infoHashOf: () => INFO_HASH,
        }),
    );
    b.hear(theirs);
    expect(
      Buffer.concat(b.wire)
        .subarray(0, 96)
        .equals(publicKey(numbered(whole))),
    ).toBe(true);
  });

  it("is not begun when there were too many just now", () => {
    const [a, b] = [outgoing(), incoming([INFO_HASH], false)];
    expect(() => carry(a, b)).toThrow(/too many encrypted handshakes/);
    expect(b.wire).toEqual([]);
  });

  it.each([
    ["0", new Uint8Array(96)],
    ["1", Uint8Array.from({ length: 96 }, (_, i) => (i === 95 ? 1 : 0))],
    ["the largest", new Uint8Array(96).fill(255)],
  ])("ends with a public key of %s", (_, key) => {
    expect(() => incoming().hear(key)).toThrow(/a public key that is none/);
    expect(() => outgoing().hear(key)).toThrow(/a public key that is none/);
  });

  it("ends when the secret was not understood within the padding that may be", () => {
    const b = incoming();
    const key = publicKey(new Uint8Array(20).fill(3));
    b.hear(key);
    b.hear(new Uint8Array(531));
    expect(() => b.hear(new Uint8Array(1))).toThrow(/no mark of its secret/);
    const a = outgoing();
    a.hear(key);
    a.hear(new Uint8Array(519));
    expect(() => a.hear(new Uint8Array(1))).toThrow(/no answer/);
  });

  it("takes anything, and says its own error or nothing", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 800 }), { maxLength: 4 }), (chunks) => {
        for (const side of [incoming(), outgoing()]) {
          try {
            for (const chunk of chunks) side.hear(chunk);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("what a peer says first", () => {
  it("is given on as it is when it is the plain header, however it is cut", () => {
    for (const size of [1, 7, 20, 100]) {
      const b = incoming();
      const said = Buffer.concat([HANDSHAKE_PREFIX, bytes("and more")]);
      for (let offset = 0; offset < said.length; offset += size) b.hear(said.subarray(offset, offset + size));
      expect(Buffer.concat(b.heard).equals(said)).toBe(true);
      expect([b.encryption.isClear, b.wire]).toEqual([true, []]);
    }
  });

  it.each([
    ["HTTP", bytes("GET /announce HTTP/1.1\r\n\r\n")],
    ["TLS", Uint8Array.of(0x16, 3, 1, 2, 0, 1)],
    ["a header that is nearly right", bytes("\u0013BitTorrent Protocol")],
  ])("is refused at once when it is %s", (_, said) => {
    const b = incoming();
    expect(() => b.hear(said)).toThrow(new ProtocolError("not-bittorrent", "not the BitTorrent header"));
    expect(b.wire).toEqual([]);
  });

  // Found by counting up: the first has eight letters in front, the second begins as TLS does.
  it.each([12_186, 48_977])("may be a public key that looks like something else at first (%i)", (number) => {
    const privateKey = numbered(number);
    const a: Side = new Side(
      (send) =>
        new OutgoingEncryption({
          ...TOOLS,
          randomBytes: (count) => (count === privateKey.length ? privateKey : TOOLS.randomBytes(count)),
          send,
          infoHash: INFO_HASH,
        }),
    );
    (a.encryption as OutgoingEncryption).start();
    const b = incoming();
    a.say("hello");
    carry(a, b);
    expect(text(b.heard)).toBe("hello");
  });
});

/** A side that offers RC4 only: the method is the last but four of the bytes that it sends third, under a key stream. */
function onlyRc4(side: Side): Side {
  const { encryption } = side;
  const changed: PeerEncryption = {
    get isClear() {
      return encryption.isClear;
    },
    seal: (said) => encryption.seal(said),
    receive: (chunk) => {
      const before = side.wire.length;
      const heard = encryption.receive(chunk);
      const third = side.wire[before];
      // 3 was offered; 2 is 3 without its lowest bit, also when it is encrypted.
      if (third?.length === 56) third[51]! ^= 1;
      return heard;
    },
  };
  return Object.assign(Object.create(Side.prototype) as Side, {
    wire: side.wire,
    heard: side.heard,
    encryption: changed,
  });
}
