import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type Flags, parseOptions } from "../../source/commands/options.ts";
import { UsageError } from "../../source/commands/usage-error.ts";

const ENVIRONMENT = { STA_HOME: "/srv/home" };

test("nothing said is nothing decided", () => {
  expect(parseOptions({}, ENVIRONMENT)).toMatchObject({
    home: "/srv/home",
    trackers: [],
    folder: undefined,
    port: undefined,
    limitDown: undefined,
    limitUp: undefined,
    standalone: false,
    json: false,
    count: 1,
  });
});

test.for([
  ["10.0.0.5:5000", { host: "10.0.0.5", port: 5000 }],
  ["box.lan", { host: "box.lan", port: 5000 }],
  ["[::1]:81", { host: "::1", port: 81 }],
  ["http://box.lan:81/", { host: "box.lan", port: 81 }],
  ["ws://box.lan", { host: "box.lan", port: 5000 }],
] as const)("--tracker %s is understood", ([text, address]) => {
  expect(parseOptions({ tracker: [text] }, ENVIRONMENT).trackers).toEqual([address]);
});

test("paths become absolute, sizes become bytes", () => {
  expect(
    parseOptions({ dir: "down", limitDown: "500K", limitUp: "none", pieceLength: "1MiB" }, ENVIRONMENT),
  ).toMatchObject({ folder: resolve("down"), limitDown: 500_000, limitUp: 0, pieceLength: 1_048_576 });
});

test("a piece length that is no power of 2 is told in bytes", () => {
  expect(() => parseOptions({ pieceLength: "512K" }, ENVIRONMENT)).toThrow('not "512K", which is 512000 bytes.');
});

test("--files takes numbers, or all", () => {
  expect(parseOptions({ files: "0,3-4" }, ENVIRONMENT).files).toEqual(new Set([0, 3, 4]));
  expect(parseOptions({ files: "all" }, ENVIRONMENT).files).toBe("all");
  expect(() => parseOptions({ files: "every" }, ENVIRONMENT)).toThrow("--files");
});

test("the token is taken from the environment when the command line has none", () => {
  const environment = { ...ENVIRONMENT, STA_TOKEN: "env" };
  expect(parseOptions({}, environment).token).toBe("env");
  expect(parseOptions({ token: "flag" }, environment).token).toBe("flag");
});

const WRONG: readonly (readonly [Flags, string])[] = [
  [{ theme: "purple" }, "--theme takes terminal, light, muted, high-contrast, mono"],
  [{ fps: 0 }, "--fps takes a number from 1 to 60"],
  [{ fps: 2.5 }, "--fps takes a number from 1 to 60"],
  [{ tracker: [""] }, "HOST:PORT of a tracker"],
  [{ tracker: ["box.lan:0"] }, "HOST:PORT of a tracker"],
  [{ tracker: ["box.lan:65536"] }, "HOST:PORT of a tracker"],
  [{ tracker: ["a b:5000"] }, "HOST:PORT of a tracker"],
  [{ tracker: ["box.lan:5000/announce"] }, "HOST:PORT of a tracker"],
  [{ peer: ["10.0.0.1"] }, "HOST:PORT of a peer"],
  [{ port: Number.NaN }, "--port"],
  [{ port: -1 }, "--port"],
  [{ port: 65_536 }, "--port"],
  [{ port: 1.5 }, "--port"],
  [{ count: 0 }, "--count"],
  [{ count: 1001 }, "--count"],
  [{ count: Number.NaN }, "--count"],
  [{ limitUp: "fast" }, "--limit-up"],
  [{ limitDown: "" }, "--limit-down"],
  [{ pieceLength: "big" }, "--piece-length"],
  [{ dir: "" }, "--dir"],
  [{ host: "" }, "--host"],
  [{ output: "" }, "--output"],
  [{ dhtNode: ["10.0.0.1"] }, "node of the DHT"],
  [{ dhtNode: ["10.0.0.1:6881", "x:0"] }, "x:0"],
];

test.for(WRONG)("%j is wrong usage that names it", ([flags, names]) => {
  expect(() => parseOptions(flags, ENVIRONMENT)).toThrow(UsageError);
  expect(() => parseOptions(flags, ENVIRONMENT)).toThrow(names);
});

test("--accept-pushes takes one of three words and says which", () => {
  for (const acceptPushes of ["wanted", "catalogue", "never"]) {
    expect(parseOptions({ acceptPushes }, ENVIRONMENT).acceptPushes).toBe(acceptPushes);
  }
  expect(parseOptions({}, ENVIRONMENT).acceptPushes).toBeUndefined();
  expect(() => parseOptions({ acceptPushes: "always" }, ENVIRONMENT)).toThrow(
    "Wrong format: --accept-pushes takes wanted, catalogue or never",
  );
});

test("nodes of the DHT are HOST:PORT, several, and --no-dht, --no-lan and --no-port-mapping are said or not", () => {
  const dhtNode = ["router.example:6881", "[::1]:7"];
  expect(parseOptions({ dhtNode, dht: false, lan: false, portMapping: false }, ENVIRONMENT)).toMatchObject({
    dht: false,
    lan: false,
    portMapping: false,
    dhtNodes: [
      { host: "router.example", port: 6881 },
      { host: "::1", port: 7 },
    ],
  });
  const unsaid = { dht: undefined, dhtNodes: undefined, lan: undefined, portMapping: undefined };
  expect(parseOptions({}, ENVIRONMENT)).toMatchObject(unsaid);
});
