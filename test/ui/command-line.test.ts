import { expect, test } from "vitest";
import { commandSchema } from "../../source/control/contract.ts";
import { absolutePath, parseAdd, parseCommandLine, parseShare } from "../../source/ui/command-line.ts";

const places = { home: "/home/ann", folder: "/home/me" };
const HASH = "0123456789abcdef0123456789abcdef01234567";

const lines: readonly [line: string, command: object][] = [
  ["DOWNLOAD: file1.txt", { method: "download", target: "file1.txt" }],
  ["DOWNLOAD:file1.txt", { method: "download", target: "file1.txt" }],
  ["download file with spaces.txt ", { method: "download", target: "file with spaces.txt" }],
  [`download ${HASH.toUpperCase()}`, { method: "download", target: HASH }],
  ["download ./x.torrent", { method: "download", target: "/home/me/x.torrent" }],
  ["UPLOAD: file1.txt", { method: "push", target: "file1.txt", count: 1 }],
  ["upload file1.txt", { method: "push", target: "file1.txt", count: 1 }],
  ["share ~/films", { method: "share", path: "/home/ann/films" }],
  ["tracker 10.0.0.5:5000", { method: "add-tracker", address: "10.0.0.5:5000" }],
  ["tracker [fd00::1]:5000", { method: "add-tracker", address: "[fd00::1]:5000" }],
  ["untrack 10.0.0.5:5000", { method: "remove-tracker", address: "10.0.0.5:5000" }],
  ["limit-down 2MB", { method: "set-limits", downBytesPerSecond: 2_000_000 }],
  ["limit-up 512KiB/s", { method: "set-limits", upBytesPerSecond: 524_288 }],
  ["limit-up 0", { method: "set-limits", upBytesPerSecond: 0 }],
  ["doctor", { method: "doctor" }],
  ["active-downloads 3", { method: "set-limits", activeDownloads: 3 }],
];

const ofTransfers: readonly [line: string, command: object][] = [
  ["set limit-up 1M", { method: "set-transfer", infoHash: HASH, upBytesPerSecond: 1_000_000 }],
  ["SET limit-down none", { method: "set-transfer", infoHash: HASH, downBytesPerSecond: 0 }],
  ["ratio 2", { method: "set-transfer", infoHash: HASH, ratioLimit: 2 }],
  ["set ratio 1.5", { method: "set-transfer", infoHash: HASH, ratioLimit: 1.5 }],
  ["ratio none", { method: "set-transfer", infoHash: HASH, ratioLimit: null }],
  ["seed-time 2h", { method: "set-transfer", infoHash: HASH, seedSecondsLimit: 7200 }],
  ["seed-time none", { method: "set-transfer", infoHash: HASH, seedSecondsLimit: null }],
  ["sequential ON", { method: "set-transfer", infoHash: HASH, sequential: true }],
  ["move top", { method: "move", infoHash: HASH, to: "top" }],
];

test.each(ofTransfers)("`%s` is for the transfers that are chosen", (line, command) => {
  const read = parseCommandLine(line, places);
  expect(read.type === "transfers" && read.commandFor(HASH)).toEqual(command);
  expect(commandSchema.parse(command)).toEqual(command);
});

test.each(lines)("`%s` is understood", (line, command) => {
  expect(parseCommandLine(line, places)).toEqual({ type: "command", command });
});

test.each(["exit", "quit", "EXIT", " q "])("`%s` leaves", (line) => {
  expect(parseCommandLine(line, places)).toEqual({ type: "leave" });
});

test.each(["help", "HELP", " help "])("`%s` opens help", (line) => {
  expect(parseCommandLine(line, places)).toEqual({ type: "help" });
});

test.each([
  "",
  "a".repeat(500),
  "help me",
  "untrack nowhere",
  "DOWNLOAD:",
  "UPLOAD",
  "downlod x",
  "exit now",
  "tracker nowhere",
  "tracker a:b",
  "limit-down fast",
  "active-downloads many",
  "set",
  "set colour red",
  "set limit-up fast",
  "set set set",
  "ratio",
  "ratio -1",
  "ratio 1e9",
  "seed-time tomorrow",
  "sequential perhaps",
  "move away",
  "doctor who",
  "share",
  "42",
  ":",
])("`%s` is a wrong format and nothing else", (line) => {
  expect(parseCommandLine(line, places)).toMatchObject({
    type: "wrong",
    text: expect.stringMatching(/^Wrong format: ./),
  });
});

test("a magnet link goes to the engine as it is", () => {
  const magnet = `magnet:?xt=urn:btih:${HASH.toUpperCase()}&dn=x&tr=http://t/announce&x.pe=10.0.0.6:6881`;
  expect(parseAdd(` ${magnet} `, places)).toEqual({ type: "command", command: { method: "inspect", target: magnet } });
  expect(parseCommandLine(`download ${magnet}`, places)).toMatchObject({
    command: { method: "download", target: magnet },
  });
});

test("the address of a torrent is no path", () => {
  const target = "https://example.org/a.torrent";
  expect(parseAdd(target, places)).toEqual({ type: "command", command: { method: "inspect", target } });
});

test.each(["", "x".repeat(500), "downlod x", "tracker a", "untrack", "limit-down x", "limit-up", "share", "exit now"])(
  "what is wrong with `%s` fits 80 columns",
  (line) => {
    const read = parseCommandLine(line, places);
    expect(read.type === "wrong" && read.text.length).toBeLessThanOrEqual(76);
  },
);

test("paths begin at the root, at home, or where the viewer was started", () => {
  expect(absolutePath("/a/b", places)).toBe("/a/b");
  expect(absolutePath("~", places)).toBe("/home/ann/");
  expect(absolutePath("~/a", places)).toBe("/home/ann/a");
  expect(absolutePath("./a", places)).toBe("/home/me/a");
  expect(absolutePath("", places)).toBe("/home/me/");
  expect(parseShare("a b", places)).toEqual({ type: "command", command: { method: "share", path: "/home/me/a b" } });
});
