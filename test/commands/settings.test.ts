import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadSettings, rememberLimits, rememberTracker } from "../../source/commands/settings.ts";
import { StorageError } from "../../source/storage/errors.ts";
import { listen, optionsOf, temporaryHome } from "./support.ts";

const ONE = { host: "10.0.0.1", port: 5000 };
const TWO = { host: "::1", port: 81 };

test("without a file there are no trackers, and none is written", async () => {
  const home = await temporaryHome();
  expect((await loadSettings(optionsOf(home))).trackers).toEqual([]);
  await expect(stat(join(home, "settings.json"))).rejects.toThrow("ENOENT");
});

test("a tracker said counts now, beside those that are remembered, and is not remembered by that", async () => {
  const home = await temporaryHome();
  await rememberTracker(home, ONE, true);
  const said = await loadSettings(optionsOf(home, { tracker: ["[::1]:81", "10.0.0.1:5000"] }));
  expect(said.trackers).toEqual([ONE, TWO]);
  expect((await loadSettings(optionsOf(home))).trackers).toEqual([ONE]);
});

test("limits of the engine are remembered, said at its start or later, until others are", async () => {
  const home = await temporaryHome();
  const none = { downLimit: 0, upLimit: 0, activeDownloads: 0, ratioLimit: null, seedSecondsLimit: null };
  expect((await loadSettings(optionsOf(home))).limits).toEqual(none);
  const flags = { limitUp: "2MB", activeDownloads: 3, seedTime: "1h" };
  const said = { ...none, upLimit: 2_000_000, activeDownloads: 3, seedSecondsLimit: 3_600 };
  expect((await loadSettings(optionsOf(home, flags))).limits).toEqual(said);
  expect((await loadSettings(optionsOf(home))).limits).toEqual(said);
  await rememberLimits(home, { ...said, downLimit: 7, ratioLimit: 1.5 });
  const later = { ...said, downLimit: 7, ratioLimit: 1.5 };
  expect((await loadSettings(optionsOf(home))).limits).toEqual(later);
  const lifted = optionsOf(home, { limitUp: "none", ratio: "none", seedTime: "none", activeDownloads: 0 });
  await loadSettings(lifted);
  expect((await loadSettings(optionsOf(home))).limits).toEqual({ ...none, downLimit: 7 });
});

test("what else stands in the file stays there", async () => {
  const home = await temporaryHome();
  const file = join(home, "settings.json");
  await writeFile(file, JSON.stringify({ folder: "/srv/down", note: "mine" }));
  expect((await loadSettings(optionsOf(home))).folder).toBe("/srv/down");
  await rememberTracker(home, ONE, true);
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({
    folder: "/srv/down",
    note: "mine",
    trackers: ["10.0.0.1:5000"],
  });
});

test("that there is no tracker is remembered until one is named", async () => {
  const home = await temporaryHome();
  expect((await loadSettings(optionsOf(home))).trackerless).toBe(false);
  await rememberTracker(home, null, true);
  expect((await loadSettings(optionsOf(home))).trackerless).toBe(true);
  await rememberTracker(home, ONE, true);
  await rememberTracker(home, ONE, false);
  expect(await loadSettings(optionsOf(home))).toMatchObject({ trackerless: false, trackers: [] });
});

test.for(["dht", "lan", "portMapping"] as const)(
  "that %s is not used is remembered until it is again",
  async (where) => {
    const home = await temporaryHome();
    const used = async (flags = {}) => (await loadSettings(optionsOf(home, flags)))[where];
    expect(await used()).toBe(true);
    expect(await used({ [where]: true })).toBe(true);
    await expect(stat(join(home, "settings.json"))).rejects.toThrow("ENOENT");
    expect(await used({ [where]: false })).toBe(false);
    expect(await used()).toBe(false);
    await rememberTracker(home, ONE, true);
    expect(await used()).toBe(false);
    expect(await used({ [where]: true })).toBe(true);
    expect(await used()).toBe(true);
  },
);

test("the watched folder is remembered until there is to be none", async () => {
  const home = await temporaryHome();
  expect((await loadSettings(optionsOf(home))).watchedFolder).toBeUndefined();
  expect((await loadSettings(optionsOf(home, { watch: "/srv/watch" }))).watchedFolder).toBe("/srv/watch");
  expect((await loadSettings(optionsOf(home))).watchedFolder).toBe("/srv/watch");
  await rememberTracker(home, ONE, true);
  expect((await loadSettings(optionsOf(home, { watch: "none" }))).watchedFolder).toBeUndefined();
  expect((await loadSettings(optionsOf(home))).watchedFolder).toBeUndefined();
  expect((await loadSettings(optionsOf(home))).trackers).toEqual([ONE]);
});

test("--dir is for this engine, before the remembered folder", async () => {
  const home = await temporaryHome();
  await writeFile(join(home, "settings.json"), JSON.stringify({ folder: "/srv/down" }));
  expect((await loadSettings(optionsOf(home, { dir: "/srv/other" }))).folder).toBe("/srv/other");
  expect((await loadSettings(optionsOf(home))).folder).toBe("/srv/down");
});

test.for(["", "{", "[]", '{"trackers":[1]}', '{"trackers":"a"}', '{"folder":7}', '{"limits":{"upLimit":-1}}'])(
  "a file that says %j is told of and not overwritten; what is said now counts",
  async (content) => {
    const heard = listen();
    const home = await temporaryHome();
    const file = join(home, "settings.json");
    await writeFile(file, content);
    const settings = await loadSettings(optionsOf(home, { tracker: ["10.0.0.1"], limitDown: "5MB" }));
    // It may have said what is not to be used.
    expect(settings).toMatchObject({ trackers: [ONE], dht: false, lan: false, portMapping: false });
    expect(settings).toMatchObject({ limits: { downLimit: 5_000_000 } });
    expect(heard.err).toContain(`${file} is damaged`);
    expect(await readFile(file, "utf8")).toBe(content);
  },
);

test("a file that cannot be read is a sentence", async () => {
  const home = await temporaryHome();
  await mkdir(join(home, "settings.json"));
  await expect(loadSettings(optionsOf(home))).rejects.toThrow(StorageError);
});

test("a tracker is remembered once, and forgotten for good", async () => {
  const home = await temporaryHome();
  expect(await rememberTracker(home, ONE, true)).toBe(true);
  expect(await rememberTracker(home, TWO, true)).toBe(true);
  expect(await rememberTracker(home, ONE, true)).toBe(false);
  expect((await loadSettings(optionsOf(home))).trackers).toEqual([ONE, TWO]);
  expect(await rememberTracker(home, ONE, false)).toBe(true);
  expect(await rememberTracker(home, ONE, false)).toBe(false);
  expect((await loadSettings(optionsOf(home))).trackers).toEqual([TWO]);
});

test("nothing is remembered in a damaged file, nor forgotten", async () => {
  const home = await temporaryHome();
  await writeFile(join(home, "settings.json"), "{");
  for (const wanted of [true, false]) await expect(rememberTracker(home, ONE, wanted)).rejects.toThrow(StorageError);
  expect(await readFile(join(home, "settings.json"), "utf8")).toBe("{");
});

test("a folder that cannot be written is a sentence", async () => {
  const home = await temporaryHome();
  await writeFile(join(home, "file"), "");
  const options = optionsOf(join(home, "file", "home"), { limitUp: "1MB" });
  await expect(loadSettings(options)).rejects.toThrow(StorageError);
});
