// Commands on transfers, in this process, on a real engine behind a real control socket.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { run } from "../../source/cli.ts";
import { run as check } from "../../source/commands/check.ts";
import { run as files } from "../../source/commands/files.ts";
import { namedTransfer } from "../../source/commands/on-transfer.ts";
import { run as get } from "../../source/commands/get.ts";
import { run as pause } from "../../source/commands/pause.ts";
import { run as remove } from "../../source/commands/remove.ts";
import { run as resume } from "../../source/commands/resume.ts";
import { run as share } from "../../source/commands/share.ts";
import { run as set } from "../../source/commands/set.ts";
import { UsageError } from "../../source/commands/usage-error.ts";
import { ControlServer } from "../../source/control/server.ts";
import { controlSocketPath } from "../../source/control/socket-path.ts";
import { makeFolder, rowOf, share as shareOn, startEngine } from "../engine/support.ts";
import { sampleSnapshot } from "../helpers/scripted-client.ts";
import { existsSync } from "node:fs";
import { listen, optionsOf } from "./support.ts";

/** An engine that shares a folder of four files. */
async function sharing() {
  const on = await startEngine();
  const path = await makeFolder("commands");
  const infoHash = await shareOn(on, path);
  const server = await ControlServer.listen(controlSocketPath(on.home, optionsOf(on.home).environment), on.engine);
  onTestFinished(() => server.close());
  return { on, path, infoHash, home: on.home };
}

test("a transfer is paused, goes on, and is forgotten with its data left alone", async () => {
  const heard = listen();
  const { on, path, infoHash, home } = await sharing();
  expect(await pause(["music"], optionsOf(home))).toBe(0);
  expect(rowOf(on, infoHash)?.state).toBe("paused");
  expect(await resume([infoHash], optionsOf(home))).toBe(0);
  expect(rowOf(on, infoHash)?.state).toBe("seeding");
  expect(await remove(["music"], optionsOf(home))).toBe(0);
  expect(rowOf(on, infoHash)).toBeUndefined();
  expect(existsSync(join(path, "b.txt"))).toBe(true);
  expect(heard.out.split("\n")).toHaveLength(4);
});

test("its data goes only when that is said", async () => {
  listen();
  const { path, home } = await sharing();
  expect(await remove(["music"], optionsOf(home, { withData: true }))).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test("one name that is wrong is said, and the others are done", async () => {
  const heard = listen();
  const { on, infoHash, home } = await sharing();
  expect(await pause(["nothing", "music"], optionsOf(home))).toBe(1);
  expect(heard.err).toBe("sta: There is no transfer nothing.\n");
  heard.err = "";
  expect(await pause(["MUS"], optionsOf(home))).toBe(1);
  expect(heard.err).toBe("sta: There is no transfer MUS. Is music meant?\n");
  expect(rowOf(on, infoHash)?.state).toBe("paused");
});

test("what it goes by is set, and lifted with none", async () => {
  listen();
  const { on, infoHash, home } = await sharing();
  expect(await set(["music"], optionsOf(home, { ratio: "2", seedTime: "2h", limitUp: "1MB" }))).toBe(0);
  expect(rowOf(on, infoHash)).toMatchObject({
    ratioLimit: 2,
    seedSecondsLimit: 7_200,
    upLimitBytesPerSecond: 1_000_000,
  });
  expect(await set(["music"], optionsOf(home, { ratio: "none", seedTime: "none" }))).toBe(0);
  expect(rowOf(on, infoHash)).toMatchObject({ ratioLimit: null, seedSecondsLimit: null });
  await expect(set(["music"], optionsOf(home))).rejects.toThrow(UsageError);
});

test("what a command line does not say stays as it is", async () => {
  const heard = listen();
  const { on, infoHash, home } = await sharing();
  vi.stubEnv("STA_HOME", home);
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(await run(["set", "music", "--sequential", "--limit-up", "1MB"])).toBe(0);
  expect(await run(["set", "music", "--limit-up", "none"])).toBe(0);
  expect(rowOf(on, infoHash)).toMatchObject({ sequential: true, upLimitBytesPerSecond: 0 });
  expect(await run(["set", "music", "--no-sequential"])).toBe(0);
  expect(rowOf(on, infoHash)).toMatchObject({ sequential: false });
  expect(await run(["set", "music"])).toBe(2);
  expect(heard.err).toContain("sta set needs what to set");
});

test("a file that is not there is said, and the others stay wanted", async () => {
  const heard = listen();
  const { on, infoHash, home } = await sharing();
  expect(await set(["music"], optionsOf(home, { files: "1,9" }))).toBe(1);
  expect(heard.err).toBe("sta: music has 4 files, numbered from 0: there is no file 9.\n");
  expect(rowOf(on, infoHash)?.files.every(({ priority }) => priority === "normal")).toBe(true);
});

test("files are wanted by number, some of them first", async () => {
  listen();
  const { on, infoHash, home } = await sharing();
  expect(await set(["music"], optionsOf(home, { files: "0,2-3", filesFirst: "2" }))).toBe(0);
  expect(rowOf(on, infoHash)?.files.map(({ priority }) => priority)).toEqual(["normal", "off", "high", "normal"]);
});

test("all files are wanted again, and none of them first", async () => {
  listen();
  const { on, infoHash, home } = await sharing();
  expect(await set(["music"], optionsOf(home, { files: "0", filesFirst: "2" }))).toBe(0);
  expect(await set(["music"], optionsOf(home, { files: "all" }))).toBe(0);
  expect(rowOf(on, infoHash)?.files.map(({ priority }) => priority)).toEqual(["normal", "normal", "normal", "normal"]);
});

test("what get says of limits, files and their order is of that transfer, and nothing of the engine's changes", async () => {
  listen();
  const { on, infoHash, home } = await sharing();
  const options = { limitDown: "3MB", limitUp: "1MB", files: "all", filesFirst: "3", ratio: "2" };
  expect(await get([infoHash], optionsOf(home, options))).toBe(0);
  const row = rowOf(on, infoHash);
  expect(row).toMatchObject({
    downLimitBytesPerSecond: 3_000_000,
    upLimitBytesPerSecond: 1_000_000,
    ratioLimit: 2,
  });
  expect(row?.files.map(({ priority }) => priority)).toEqual(["normal", "normal", "normal", "high"]);
  const { engine } = on.engine.getSnapshot();
  expect(engine).toMatchObject({ downLimitBytesPerSecond: 0, upLimitBytesPerSecond: 0 });
});

test("files are listed with the numbers they are wanted by", async () => {
  const heard = listen();
  const { home } = await sharing();
  expect(await files(["music"], optionsOf(home, { json: true }))).toBe(0);
  const rows = heard.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { index: number; path: string });
  expect(rows.map(({ index, path }) => [index, path])).toEqual([
    [0, "a/first.flac"],
    [1, "b.txt"],
    [2, "empty"],
    [3, "z/last.bin"],
  ]);
});

test("a check waits for what it finds", async () => {
  const heard = listen();
  const { path, home } = await sharing();
  await writeFile(join(path, "b.txt"), "not what it was");
  expect(await check(["music"], optionsOf(home, { json: true }))).toBe(0);
  const { heldPieces, pieceCount } = JSON.parse(heard.out) as { heldPieces: number; pieceCount: number };
  expect(heldPieces).toBeLessThan(pieceCount);
});

test("a name that two transfers have is not enough", () => {
  const snapshot = sampleSnapshot();
  const [one] = snapshot.transfers;
  const other = { ...one!, infoHash: "f".repeat(40) };
  expect(namedTransfer({ ...snapshot, transfers: [one!, other] }, one!.name)).toMatch(/^2 transfers are named /);
  expect(namedTransfer({ ...snapshot, transfers: [one!, other] }, other.infoHash)).toBe(other);
});

test("what is shared and fetched with --ratio and --seed-time keeps them, though the engine runs already", async () => {
  listen();
  const { on, path, infoHash, home } = await sharing();
  expect(await share([path], optionsOf(home, { ratio: "1.5", seedTime: "90s" }))).toBe(0);
  expect(rowOf(on, infoHash)).toMatchObject({ ratioLimit: 1.5, seedSecondsLimit: 90 });
  expect(await get([infoHash], optionsOf(home, { ratio: "none" }))).toBe(0);
  expect(rowOf(on, infoHash)).toMatchObject({ ratioLimit: null, seedSecondsLimit: 90 });
});
