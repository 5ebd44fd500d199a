import reference from "bencode";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Bencodable,
  type BencodeValue,
  decode,
  decodeFirst,
  encode,
  FILE_LIMITS,
  fromUtf8,
  latin1,
  MESSAGE_LIMITS,
  utf8,
} from "../../source/protocol/bencode.ts";
import { BencodeError } from "../../source/protocol/errors.ts";

const STRICT = { maxDepth: 32, maxTokens: 10_000 };

function bytesOf(latin: string): Uint8Array {
  return new Uint8Array(Buffer.from(latin, "latin1"));
}

/** The error's code, or "accepted". Anything that is neither a value nor a BencodeError fails the test. */
function outcome(bytes: Uint8Array, limits = MESSAGE_LIMITS): string {
  try {
    decode(bytes, limits);
    return "accepted";
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
    return error.code;
  }
}

const { value: anyValue } = fc.letrec<{ value: BencodeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.uint8Array({ maxLength: 6 }).map(latin1), tie("value")), { maxLength: 5 })
      .map((entries) => new Map(entries)),
  ),
}));

describe("bencode, both ways", () => {
  const table: readonly (readonly [string, BencodeValue])[] = [
    ["i0e", 0],
    ["i-1e", -1],
    ["i9007199254740991e", Number.MAX_SAFE_INTEGER],
    ["i-9007199254740991e", Number.MIN_SAFE_INTEGER],
    ["i4294967295e", 0xffffffff],
    ["0:", new Uint8Array()],
    ["4:spam", bytesOf("spam")],
    ["3:\x00\xffe", bytesOf("\x00\xffe")],
    ["le", []],
    ["l0:i1eldeee", [new Uint8Array(), 1, [new Map()]]],
    ["de", new Map()],
    [
      "d3:bar4:spam3:fooi42ee",
      new Map<string, BencodeValue>([
        ["bar", bytesOf("spam")],
        ["foo", 42],
      ]),
    ],
    [
      "d0:i1e1:\xffi2ee",
      new Map([
        ["", 1],
        ["\xff", 2],
      ]),
    ],
    [
      "d9:__proto__i1e11:constructori2ee",
      new Map([
        ["__proto__", 1],
        ["constructor", 2],
      ]),
    ],
  ];

  test.each(table.filter(([text]) => !text.includes("__proto__")))("%j", (text, value) => {
    expect(decode(bytesOf(text), STRICT)).toEqual(value);
    expect(latin1(encode(value))).toBe(text);
  });

  test("keys that mean something to JavaScript are keys like any other", () => {
    const decoded = decode(bytesOf("d9:__proto__d5:admini1ee11:constructori2ee"));
    expect(decoded).toEqual(
      new Map<string, BencodeValue>([
        ["__proto__", new Map([["admin", 1]])],
        ["constructor", 2],
      ]),
    );
    expect(Object.getPrototypeOf(decoded)).toBe(Map.prototype);
    expect(({} as { admin?: number }).admin).toBeUndefined();
  });

  test.each(table)("%j cut at every byte is truncated, and with a byte behind it trailing", (text) => {
    const whole = bytesOf(text);
    for (let length = 0; length < whole.length; length++) expect(outcome(whole.subarray(0, length))).toBe("truncated");
    for (const tail of ["e", "i1e", "\0"]) {
      expect(outcome(bytesOf(text + tail))).toBe("trailing");
      expect(decodeFirst(bytesOf(text + tail)).length).toBe(whole.length);
    }
  });

  test("any value comes back, in canonical bytes that any other decoder of the form would give again", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value);
        const decoded = decode(bytes, STRICT);
        expect(decoded).toEqual(value);
        expect(Buffer.compare(encode(decoded), bytes)).toBe(0);
      }),
    );
  });

  test("whatever strict decoding accepts is encoded to the same bytes: there is one form of each value", () => {
    const pieces = fc.constantFrom(
      "d",
      "l",
      "e",
      "i",
      "0",
      "1",
      "-",
      ":",
      "2:ab",
      "1:a",
      "i1e",
      "0:",
      "le",
      "de",
      "i-0e",
      "1:b",
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const bytes = bytesOf(parts.join(""));
        if (outcome(bytes, STRICT) !== "accepted") return;
        accepted++;
        expect(Buffer.compare(encode(decode(bytes, STRICT)), bytes)).toBe(0);
      }),
      { numRuns: 2_000 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  test("encodes what the bencode package encodes", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "B", "z", "0", " ", "~", "_"), minLength: 1, maxLength: 5 });
    const { tree } = fc.letrec<{ tree: Bencodable }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.integer(),
        fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed()),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        expect(Buffer.compare(encode(value), reference.encode(value))).toBe(0);
      }),
    );
  });
});

describe("decoding what strangers send", () => {
  test.each([
    ["", "truncated"],
    ["i", "truncated"],
    ["i-", "truncated"],
    ["ie", "integer"],
    ["i-0e", "integer"],
    ["i-e", "integer"],
    ["i--1e", "integer"],
    ["i+1e", "integer"],
    ["i00e", "integer"],
    ["i01e", "integer"],
    ["i-01e", "integer"],
    ["i 1e", "integer"],
    ["i1.5e", "integer"],
    ["i1e5e", "trailing"],
    ["i0x1e", "integer"],
    ["iInfinitye", "integer"],
    ["i9007199254740992e", "integer"],
    ["i-9007199254740992e", "integer"],
    ["i99999999999999999999e", "integer"],
    ["-1:a", "syntax"],
    ["+1:a", "syntax"],
    ["01:a", "syntax"],
    ["00:", "syntax"],
    [":", "syntax"],
    [":a", "syntax"],
    ["a", "syntax"],
    ["e", "syntax"],
    ["1", "truncated"],
    ["5:abcd", "truncated"],
    ["9999999999:a", "truncated"],
    ["99999999999999999999999999999:a", "truncated"],
    ["l", "truncated"],
    ["d", "truncated"],
    ["d1:ae", "syntax"],
    ["di1ei2ee", "syntax"],
    ["dlei1ee", "syntax"],
    ["d1:ai1e1:be", "syntax"],
    ["l1:ai1e", "truncated"],
    ["<html></html>", "syntax"],
  ])("answers %j with the error %s", (text, code) => {
    expect(outcome(bytesOf(text))).toBe(code);
  });

  test("does not look for the end of an integer in all that follows", () => {
    expect(outcome(bytesOf(`i${"1".repeat(1_000_000)}e`))).toBe("integer");
  });

  test("holds its limits of depth and of values exactly", () => {
    const nested = (depth: number) => bytesOf("l".repeat(depth) + "e".repeat(depth));
    expect(outcome(nested(32))).toBe("accepted");
    expect(outcome(nested(33))).toBe("depth");
    expect(outcome(bytesOf("l".repeat(50_000)))).toBe("depth");
    expect(outcome(bytesOf("d1:a".repeat(50_000)))).toBe("depth");
    const list = (values: number) => bytesOf(`l${"0:".repeat(values)}e`);
    expect(outcome(list(9_998))).toBe("accepted");
    expect(outcome(list(9_999))).toBe("accepted");
    expect(outcome(list(10_000))).toBe("tokens");
    expect(outcome(list(10_000), FILE_LIMITS)).toBe("accepted");
  });

  test("takes unsorted and repeated keys only where they are allowed", () => {
    for (const text of ["d1:bi1e1:ai2ee", "d1:ai1e1:ai2ee", "d2:aai1e1:ai2ee"]) {
      expect(outcome(bytesOf(text), STRICT)).toBe("order");
      expect(outcome(bytesOf(text), MESSAGE_LIMITS)).toBe("accepted");
    }
    expect(decode(bytesOf("d1:ai1e1:ai2ee"))).toEqual(new Map([["a", 2]]));
  });

  test("tells where the values of the outermost dictionary stood, the last of a repeated key", () => {
    const text = "d1:bld1:ai1eee1:a2:xy1:bi7ee";
    const { spans, length } = decodeFirst(bytesOf(`${text}rest`));
    expect([...spans].map(([key, { start, end }]) => [key, text.slice(start, end)])).toEqual([
      ["b", "i7e"],
      ["a", "2:xy"],
    ]);
    expect(length).toBe(text.length);
    expect(decodeFirst(bytesOf("l1:ae")).spans.size).toBe(0);
  });

  test("is a value or a BencodeError, nothing else", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void outcome(bytes)));
    const alphabet = fc.constantFrom(..."dlei0123456789:-ab\0\xff");
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 60 }), (text) => void outcome(bytesOf(text))),
      { numRuns: 3_000 },
    );
  });

  test("with any byte of a right value changed is still a value or a BencodeError", () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = encode(value);
        bytes[at % bytes.length] = byte;
        outcome(bytes);
      }),
    );
  });

  test("gives views, not copies", () => {
    const bytes = bytesOf("l3:abce");
    const [view] = decode(bytes) as Uint8Array[];
    expect(view!.buffer).toBe(bytes.buffer);
  });
});

describe("encoding", () => {
  test("sorts keys as bytes, and leaves undefined members out", () => {
    expect(latin1(encode({ b: 1, a: undefined, "\xff": 2, B: 3 }))).toBe("d1:Bi3e1:bi1e1:\xffi2ee");
    expect(latin1(encode(["é", ["x"]]))).toBe("l2:Ã©l1:xee");
    expect(latin1(encode(new Map([["k", "v"]])))).toBe("d1:k1:ve");
  });

  test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])("refuses the number %d", (number) => {
    expect(() => encode(number)).toThrow(TypeError);
  });

  test("refuses a key that is not latin-1", () => {
    expect(() => encode({ 日: 1 })).toThrow(TypeError);
  });
});

test("text is UTF-8 or undefined, and a byte order mark is part of it", () => {
  expect(fromUtf8(utf8("日本😀"))).toBe("日本😀");
  expect(fromUtf8(bytesOf("\xef\xbb\xbfx"))).toBe("\ufeffx");
  for (const bad of ["\xff", "\xc0\x80", "\xed\xa0\x80", "\xe6\x97"]) expect(fromUtf8(bytesOf(bad))).toBeUndefined();
});
