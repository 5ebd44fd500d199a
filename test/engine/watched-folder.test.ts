import { mkdir, readdir, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Reply } from "../../source/control/contract.ts";
import { WATCH_AGAIN_MS, WATCH_AT_ONCE, WATCH_MS } from "../../source/engine/limits.ts";
import { WatchedFolder } from "../../source/engine/watched-folder.ts";
import { MAX_METAINFO_BYTES } from "../../source/metainfo/limits.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567";
const taken: Reply = { ok: true, text: displayText("Downloading it.") };
const refused: Reply = { ok: false, code: "bad-format", text: displayText("This is not a torrent file.") };

class Hand {
  readonly asked: string[] = [];
  readonly told: string[] = [];
  answer: Reply = taken;
  download = async (_target: string): Promise<Reply> => this.answer;
  readonly folder: string;
  readonly watched: WatchedFolder;

  constructor(folder: string) {
    this.folder = folder;
    this.watched = new WatchedFolder({
      folder,
      isData: (path) => path.endsWith("/data.torrent"),
      download: async (target) => {
        this.asked.push(target.replace(`${folder}/`, ""));
        return this.download(target);
      },
      tell: (kind, text) => void this.told.push(`${kind}: ${text.replaceAll(folder, "F")}`),
    });
    this.watched.start();
    onTestFinished(() => this.watched.close());
  }

  /** Time for so many looks goes by. */
  async pass(looks: number): Promise<void> {
    for (let i = 0; i < looks; i++) {
      while (vi.getTimerCount() === 0) await setImmediate();
      vi.advanceTimersByTime(WATCH_MS);
    }
    while (vi.getTimerCount() === 0) await setImmediate();
    for (let i = 0; i < 20; i++) await setImmediate();
  }
}

test("what is put there is downloaded once, and marked as added", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "early.torrent"), "x");
  const hand = new Hand(folder);
  await hand.pass(1);
  await writeFile(join(folder, "late.TORRENT"), "x");
  await writeFile(join(folder, "link.magnet"), `  ${MAGNET}\n`);
  await hand.pass(4);
  expect(hand.asked).toEqual(["early.torrent", "late.TORRENT", MAGNET]);
  expect((await readdir(folder)).toSorted()).toEqual([
    "early.torrent.added",
    "late.TORRENT.added",
    "link.magnet.added",
  ]);
  expect(hand.told).toEqual(Array(3).fill("notice: Downloading it."));
});

test("a file that is still being copied is left alone until it is whole", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "big.torrent");
  const hand = new Hand(folder);
  await hand.pass(1);
  for (let length = 1; length <= 5; length++) {
    await writeFile(path, "x".repeat(length));
    await hand.pass(1);
  }
  expect(hand.asked).toEqual([]);
  await hand.pass(2);
  expect(hand.asked).toEqual(["big.torrent"]);
});

test("what is refused is said once, stays, and is tried again after a while or when it has changed", async () => {
  const folder = await temporaryFolder();
  const bad = join(folder, "bad.torrent");
  await writeFile(bad, "x");
  const hand = new Hand(folder);
  hand.answer = { ...refused, text: displayText(`${bad}: This is not a torrent file.`) };
  await hand.pass(10);
  expect(hand.asked).toHaveLength(1);
  await hand.pass(WATCH_AGAIN_MS / WATCH_MS);
  expect(hand.asked).toHaveLength(2);
  expect(hand.told).toEqual(["problem: F/bad.torrent is not added: This is not a torrent file."]);
  await writeFile(join(folder, "bad.torrent"), "yy");
  hand.answer = taken;
  await hand.pass(3);
  expect(hand.asked).toHaveLength(3);
  expect(await readdir(folder)).toEqual(["bad.torrent.added"]);
});

test("a magnet link may hold spaces", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "x.magnet"), `\ufeff${MAGNET}&dn=a name\r\n`);
  const hand = new Hand(folder);
  await hand.pass(3);
  expect(hand.asked).toEqual([`${MAGNET}&dn=a name`]);
});

test("nothing else in the folder is touched", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "folder.torrent"));
  await symlink(join(folder, "nowhere"), join(folder, "dangling.torrent"));
  for (const name of ["x.torrent.added", "torrent", "notes.txt", ".hidden.torrent", "x.torrent.part", "data.torrent"])
    await writeFile(join(folder, name), "x");
  const before = (await readdir(folder)).toSorted();
  const hand = new Hand(folder);
  await hand.pass(4);
  expect([hand.asked, hand.told]).toEqual([[], []]);
  expect((await readdir(folder)).toSorted()).toEqual(before);
});

test("a file that no torrent can be as large as is not read", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "huge.torrent"), "");
  await truncate(join(folder, "huge.torrent"), 100 * MAX_METAINFO_BYTES);
  const hand = new Hand(folder);
  await hand.pass(3);
  expect(hand.asked).toEqual([]);
  expect(hand.told.join()).toContain("F/huge.torrent is not added: it has 1000000000 bytes");
});

test("a folder that is not there is said once, and watched when it comes", async () => {
  const parent = await temporaryFolder();
  const folder = join(parent, "watch");
  const hand = new Hand(folder);
  await hand.pass(3);
  expect(hand.told).toEqual(["problem: The folder that is watched: There is no file or folder F: check the path."]);
  await mkdir(folder);
  await writeFile(join(folder, "x.torrent"), "x");
  await hand.pass(3);
  expect(hand.asked).toEqual(["x.torrent"]);
  await rename(folder, `${folder}.away`);
  await hand.pass(2);
  expect(hand.told.filter((text) => text.startsWith("problem"))).toHaveLength(2);
  await rm(`${folder}.away`, { recursive: true });
});

test("the same name with other content is another file", async () => {
  const folder = await temporaryFolder();
  const hand = new Hand(folder);
  for (const at of [1_000, 2_000]) {
    await writeFile(join(folder, "x.torrent"), "x");
    await utimes(join(folder, "x.torrent"), at, at);
    await hand.pass(3);
  }
  expect(hand.asked).toEqual(["x.torrent", "x.torrent"]);
  expect(await readdir(folder)).toEqual(["x.torrent.added"]);
});

test("nothing is looked at or taken after the end", async () => {
  const folder = await temporaryFolder();
  const hand = new Hand(folder);
  await hand.pass(1);
  await hand.watched.close();
  await writeFile(join(folder, "x.torrent"), "x");
  expect(vi.getTimerCount()).toBe(0);
  expect(hand.asked).toEqual([]);
});

test("thousands of files are taken a few at a time", async () => {
  const folder = await temporaryFolder();
  for (let n = 0; n < 3 * WATCH_AT_ONCE; n++) await writeFile(join(folder, `${n}.torrent`), "x");
  const hand = new Hand(folder);
  let underWay = 0;
  let most = 0;
  hand.download = async () => {
    most = Math.max(most, ++underWay);
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    underWay--;
    return taken;
  };
  await hand.pass(2);
  await vi.waitFor(async () => expect(await readdir(folder)).toContain(`${3 * WATCH_AT_ONCE - 1}.torrent.added`));
  expect(hand.asked).toHaveLength(3 * WATCH_AT_ONCE);
  expect(most).toBe(WATCH_AT_ONCE);
});

test("a .magnet file is asked for nothing but a magnet link", async () => {
  const folder = await temporaryFolder();
  const others = [
    "/etc/passwd",
    "http://127.0.0.1/x.torrent",
    "some name",
    "",
    `${MAGNET}\n${MAGNET}`,
    "x".repeat(99_999),
  ];
  for (const [n, text] of others.entries()) await writeFile(join(folder, `${n}.magnet`), text);
  const hand = new Hand(folder);
  await hand.pass(3);
  expect(hand.asked).toEqual([]);
  expect(hand.told.toSorted()).toEqual(
    others.map((_, n) => `problem: F/${n}.magnet is not added: it holds something else than one magnet link.`),
  );
});
