import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildMetainfo } from "../../source/metainfo/create.ts";
import { MetainfoError } from "../../source/metainfo/errors.ts";
import {
  MAX_FILES,
  MAX_METAINFO_BYTES,
  MAX_NODES,
  MAX_PATH_DEPTH,
  MAX_PIECE_LENGTH,
  MAX_TRACKERS,
  MAX_WEB_SEEDS,
} from "../../source/metainfo/limits.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { type Bencodable, decode, encode, FILE_LIMITS, latin1, utf8 } from "../../source/protocol/bencode.ts";
import { toHex } from "../../source/protocol/ids.ts";

function sha1(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

function bytesOf(latin: string): Uint8Array {
  return new Uint8Array(Buffer.from(latin, "latin1"));
}

const PIECES_2 = "x".repeat(40);

/** A torrent file with this `info`, and what of it was wrong or missing otherwise right. */
function torrent(info: Record<string, Bencodable | undefined>, root: Record<string, Bencodable> = {}): Uint8Array {
  const right = { name: "n", length: 20, "piece length": 16, pieces: utf8(PIECES_2) };
  return encode({ ...root, info: { ...right, ...info } });
}

function codeOf(bytes: Uint8Array): string {
  try {
    parseMetainfo(bytes);
    return "accepted";
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    expect(error.message).toMatch(/^[A-Z].*\.$/);
    return error.code;
  }
}

describe("parseMetainfo", () => {
  test("knows the padding between files from the files", () => {
    const files = [
      { length: 3, path: ["a"] },
      { attr: "p", length: 13, path: [".pad", "13"] },
      { attr: "x", length: 4, path: ["b"] },
    ];
    const { files: read } = parseMetainfo(torrent({ length: undefined, files }));
    expect(read.map(({ padding }) => padding)).toEqual([undefined, true, undefined]);
    const nothingElse = [{ attr: "hp", length: 20, path: [".pad", "20"] }];
    expect(codeOf(torrent({ length: undefined, files: nothingElse }))).toBe("sum");
  });

  test("reads a single file", () => {
    const bytes = torrent({ private: 1 }, { announce: "http://127.0.0.1/announce" });
    const info = bytes.subarray(latin1(bytes).indexOf("4:info") + 6, -1);
    expect(parseMetainfo(bytes)).toMatchObject({
      name: "n",
      length: 20,
      pieceLength: 16,
      pieceHashes: utf8(PIECES_2),
      files: [{ path: ["n"], length: 20, offset: 0 }],
      singleFile: true,
      private: true,
      announce: [["http://127.0.0.1/announce"]],
      bytes,
    });
    expect(toHex(parseMetainfo(bytes).infoHash)).toBe(sha1(info));
  });

  test("reads many files, empty ones too, with their places among all bytes", () => {
    const files = [
      { length: 0, path: ["e"] },
      { length: 7, path: ["d", "a"] },
      { length: 13, path: ["b"] },
      { length: 0, path: ["z"] },
    ];
    const metainfo = parseMetainfo(torrent({ length: undefined, files }));
    expect(metainfo).toMatchObject({ length: 20, singleFile: false, private: false, announce: [] });
    expect(metainfo.files.map(({ offset }) => offset)).toEqual([0, 0, 7, 20]);
    expect(metainfo.files[1]!.path).toEqual(["d", "a"]);
  });

  test("reads the report's own dialect, byte for byte as its tracker logged it", () => {
    const info = `d4:name9:file1.txt12:piece lengthi524288e6:pieces40:${PIECES_2}11:file_lengthi920354e11:piece counti2ee`;
    const metainfo = parseMetainfo(bytesOf(`d8:announce31:http://tracker-url.com/announce4:info${info}e`));
    expect(metainfo).toMatchObject({ name: "file1.txt", length: 920_354, pieceLength: 524_288, singleFile: true });
    expect(metainfo.announce).toEqual([["http://tracker-url.com/announce"]]);
    expect(toHex(metainfo.infoHash)).toBe(sha1(bytesOf(info)));
    expect(codeOf(bytesOf(`d4:info${info.replace("counti2e", "counti3e")}e`))).toBe("sum");
  });

  test("hashes `info` as it stands, not as it would be encoded again", () => {
    const sorted = "d6:lengthi20e4:name1:n12:piece lengthi16e6:pieces40:" + PIECES_2 + "e";
    const unsorted = "d4:name1:n6:lengthi20e12:piece lengthi16e6:pieces40:" + PIECES_2 + "e";
    const repeated = `d4:infoi1e4:info${unsorted}e`;
    expect(toHex(parseMetainfo(bytesOf(`d4:info${sorted}e`)).infoHash)).toBe(sha1(bytesOf(sorted)));
    expect(toHex(parseMetainfo(bytesOf(`d4:info${unsorted}e`)).infoHash)).toBe(sha1(bytesOf(unsorted)));
    expect(toHex(parseMetainfo(bytesOf(repeated)).infoHash)).toBe(sha1(bytesOf(unsorted)));
  });

  test("ignores what stands behind the torrent", () => {
    const bytes = torrent({});
    expect(toHex(parseMetainfo(bytesOf(`${latin1(bytes)}\n`)).infoHash)).toBe(toHex(parseMetainfo(bytes).infoHash));
  });

  test("prefers UTF-8 names, and keeps names of other encodings apart", () => {
    expect(parseMetainfo(torrent({ name: Uint8Array.of(0xff), "name.utf-8": "ü" })).name).toBe("ü");
    expect(parseMetainfo(torrent({ name: Uint8Array.of(0xff) })).name).toBe("\u00ff");
    expect(parseMetainfo(torrent({ name: "日本" })).name).toBe("日本");
    const files = [{ length: 20, path: [Uint8Array.of(0xfe)], "path.utf-8": ["ä"] }];
    expect(parseMetainfo(torrent({ length: undefined, files })).files[0]!.path).toEqual(["ä"]);
  });

  test("takes the nodes of the DHT that are host and port, and so many", () => {
    const nodesOf = (nodes: Bencodable) => parseMetainfo(torrent({}, { nodes })).nodes;
    const good = [
      ["router.example", 6881],
      ["192.0.2.1", 65_535],
    ] as const;
    const named = good.map(([host, port]) => ({ host, port }));
    const bad = ["x", 7, [], ["x"], ["x", 0], ["x", 65_536], ["x", "1"], [1, 1], ["", 1], ["x".repeat(256), 1]];
    expect(nodesOf([...good, ...bad])).toEqual(named);
    for (const none of [[], "x", 1, {}]) expect(nodesOf(none)).toEqual([]);
    expect(nodesOf(Array.from({ length: 99 }, () => ["x", 1]))).toHaveLength(MAX_NODES);
  });

  test("takes web seeds as one URL or a list, and leaves out what a web server is not asked at", () => {
    const webSeedsOf = (list: Bencodable) => parseMetainfo(torrent({}, { "url-list": list })).webSeeds;
    expect(webSeedsOf("http://w/x")).toEqual(["http://w/x"]);
    const bad = [
      "",
      "x",
      5,
      [],
      "ftp://w/x",
      "http://",
      "http:///x",
      "file:///etc/passwd",
      `http://${"x".repeat(2_048)}`,
    ];
    expect(webSeedsOf(["https://a/", ...bad, "HTTP://b/c"])).toEqual(["https://a/", "HTTP://b/c"]);
    for (const none of ["", [], 1, {}]) expect(webSeedsOf(none)).toEqual([]);
    expect(webSeedsOf(Array.from({ length: 99 }, (_, i) => `http://w/${i}`))).toHaveLength(MAX_WEB_SEEDS);
  });

  test("takes the tiers of announce-list before announce, and leaves out what is no URL", () => {
    const announceOf = (root: Record<string, Bencodable>) => parseMetainfo(torrent({}, root)).announce;
    expect(announceOf({ announce: "a", "announce-list": [["b", "c"], [], ["d"]] })).toEqual([["b", "c"], ["d"]]);
    expect(announceOf({ announce: "a", "announce-list": [[]] })).toEqual([["a"]]);
    expect(announceOf({ announce: "a", "announce-list": [["", 5, "x".repeat(2_049)]] })).toEqual([["a"]]);
    expect(announceOf({ announce: 5 })).toEqual([]);
    expect(announceOf({ "announce-list": [Array.from({ length: 500 }, () => "u")] })[0]!.length).toBe(MAX_TRACKERS);
  });

  test.each([
    ["nothing", new Uint8Array(), "not-bencode"],
    ["text", utf8("<html>not found</html>"), "not-bencode"],
    ["a number", utf8("i5e"), "not-bencode"],
    ["50 000 nested lists", utf8("l".repeat(50_000)), "not-bencode"],
    ["no info", utf8("d8:announce1:xe"), "no-info"],
    ["an info that is a list", utf8("d4:infolee"), "no-info"],
    [
      "version 2 only",
      encode({ info: { "meta version": 2, name: "n", "piece length": 16, "file tree": {} } }),
      "v2-only",
    ],
    ["a hybrid", torrent({ "meta version": 2, "file tree": {} }), "accepted"],
    ["no name", torrent({ name: undefined }), "field"],
    ["a name that is a number", torrent({ name: 5 }), "field"],
    ["no length", torrent({ length: undefined }), "field"],
    ["a negative length", torrent({ length: -20 }), "field"],
    ["no data", torrent({ length: 0, pieces: "" }), "sum"],
    ["files that are no list", torrent({ files: 5 }), "field"],
    ["no files", torrent({ files: [] }), "field"],
    ["a file that is no dictionary", torrent({ files: [5] }), "field"],
    ["a file without a path", torrent({ files: [{ length: 20 }] }), "field"],
    ["a file with an empty path", torrent({ files: [{ length: 20, path: [] }] }), "field"],
    ["a path of numbers", torrent({ files: [{ length: 20, path: [1] }] }), "field"],
    [
      "a negative file length",
      torrent({
        files: [
          { length: 21, path: ["a"] },
          { length: -1, path: ["b"] },
        ],
      }),
      "field",
    ],
    [
      "lengths beyond safe integers",
      torrent({ files: [1, 2].map(() => ({ length: 2 ** 53 - 1, path: ["a"] })) }),
      "limit",
    ],
    ["a length of 2^53 - 1", torrent({ length: 2 ** 53 - 1 }), "sum"],
    ["a piece length of 0", torrent({ "piece length": 0 }), "field"],
    ["no piece length", torrent({ "piece length": undefined }), "field"],
    ["a negative piece length", torrent({ "piece length": -16 }), "field"],
    ["hashes cut off", torrent({ pieces: "x".repeat(39) }), "field"],
    ["hashes that are a list", torrent({ pieces: ["x"] }), "field"],
    ["a piece too few", torrent({ pieces: "x".repeat(20) }), "sum"],
    ["a piece too many", torrent({ pieces: "x".repeat(60) }), "sum"],
    ["a piece length at the limit", torrent({ "piece length": MAX_PIECE_LENGTH, pieces: "x".repeat(20) }), "accepted"],
    ["a piece length above it", torrent({ "piece length": MAX_PIECE_LENGTH + 1, pieces: "x".repeat(20) }), "field"],
    [
      "a path at the limit",
      torrent({ length: undefined, files: [{ length: 20, path: Array(MAX_PATH_DEPTH).fill("d") }] }),
      "accepted",
    ],
    ["a path above it", torrent({ files: [{ length: 20, path: Array(MAX_PATH_DEPTH + 1).fill("d") }] }), "field"],
    ["more bytes than are read", new Uint8Array(MAX_METAINFO_BYTES + 1), "limit"],
  ])("answers %s in one sentence", (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code);
  });

  test("is not moved by keys that mean something to JavaScript", () => {
    const bytes = torrent({ __proto__: undefined }, { ["__proto__"]: { info: 5 }, constructor: "x", toString: 1 });
    expect(codeOf(bytes)).toBe("accepted");
  });

  test("cut at every byte is refused, and never anything but a torrent or a MetainfoError", () => {
    const bytes = torrent({ files: [{ length: 20, path: ["a"] }], length: undefined }, { announce: "http://x/" });
    for (let length = 0; length < bytes.length; length++) expect(codeOf(bytes.subarray(0, length))).toBe("not-bencode");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length - 1), fc.nat(255), (a, x, b, y) => {
        const damaged = bytes.slice();
        damaged[a] = x;
        damaged[b] = y;
        codeOf(damaged);
      }),
    );
  });

  test("reads as many pieces as a file has room for, and no more files than the limit", () => {
    const count = Math.floor((MAX_METAINFO_BYTES - 200) / 20);
    expect(codeOf(torrent({ length: count, "piece length": 1, pieces: new Uint8Array(20 * count) }))).toBe("accepted");
    const files = (count: number) => bytesOf(`d4:infod5:filesl${"i0e".repeat(count)}e4:name1:nee`);
    expect(codeOf(files(MAX_FILES))).toBe("field");
    expect(codeOf(files(MAX_FILES + 1))).toBe("limit");
  });
});

describe("buildMetainfo", () => {
  const parts = {
    name: "é",
    files: [{ path: ["é"], length: 20 }],
    singleFile: true,
    pieceLength: 16,
    pieceHashes: utf8(PIECES_2),
  };

  test("makes exactly the bytes of BEP 3, with sorted keys", () => {
    expect(latin1(buildMetainfo(parts))).toBe(
      `d4:infod6:lengthi20e4:name2:Ã©12:piece lengthi16e6:pieces40:${PIECES_2}ee`,
    );
    expect(
      latin1(
        buildMetainfo({ ...parts, announce: [["a"], [], ["b"]], private: true, createdBy: "sta", createdAtSeconds: 5 }),
      ),
    ).toBe(
      `d8:announce1:a13:announce-listll1:ael1:bee10:created by3:sta13:creation datei5e4:infod6:lengthi20e4:name2:Ã©` +
        `12:piece lengthi16e6:pieces40:${PIECES_2}7:privatei1eee`,
    );
    expect(latin1(buildMetainfo({ ...parts, webSeeds: ["http://w/a"] }))).toBe(
      `d4:infod6:lengthi20e4:name2:Ã©12:piece lengthi16e6:pieces40:${PIECES_2}e8:url-listl10:http://w/aee`,
    );
  });

  test("makes what parseMetainfo reads, in canonical form", () => {
    const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());
    const file = fc.record({ path: fc.array(name, { minLength: 1, maxLength: 4 }), length: fc.nat(1_000) });
    fc.assert(
      fc.property(
        name,
        fc.array(file, { minLength: 1 }),
        fc.integer({ min: 1, max: 900 }),
        fc.boolean(),
        (of, files, pieceLength, hidden) => {
          const length = files.reduce((sum, { length }) => sum + length, 0);
          fc.pre(length > 0);
          const pieceHashes = new Uint8Array(20 * Math.ceil(length / pieceLength)).fill(9);
          const bytes = buildMetainfo({
            name: of,
            files,
            singleFile: false,
            pieceLength,
            pieceHashes,
            private: hidden,
            announce: [["u", "v"]],
          });
          const metainfo = parseMetainfo(bytes);
          expect(metainfo).toMatchObject({
            name: of,
            length,
            pieceLength,
            pieceHashes,
            private: hidden,
            singleFile: false,
          });
          expect(metainfo.files.map(({ path, length }) => ({ path, length }))).toEqual(files);
          expect(metainfo.announce).toEqual([["u", "v"]]);
          decode(bytes, { ...FILE_LIMITS, allowUnsortedKeys: false });
        },
      ),
    );
  });
});
