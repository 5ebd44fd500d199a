// No file is written over that is not the torrent's own data: promise 1.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { nextEvent, rowOf, share, startEngine, type TestEngine, torrentFile, untilRow } from "./support.ts";

const MB = 1_000_000;

/** An engine that shares a file of this name, and the torrent file of it. */
async function sharing(
  name: string,
  seed: string,
): Promise<TestEngine & { target: string; path: string; infoHash: string }> {
  const path = join(await temporaryFolder(), name);
  await writeFileOf(path, 2 * MB, seed);
  const on = await startEngine();
  const infoHash = await share(on, path);
  return { ...on, target: await torrentFile(on, infoHash), path, infoHash };
}

describe("a download", () => {
  it("of a second content of the same name is refused, and the first stays what it is", async () => {
    const [one, two] = [await sharing("twin.iso", "one"), await sharing("twin.iso", "two")];
    const on = await startEngine();
    const done = nextEvent(on, "done");
    await on.engine.send({ method: "download", target: one.target, peers: [one.address] });
    await done;
    const reply = await on.engine.send({ method: "download", target: two.target, peers: [two.address] });
    expect(reply).toMatchObject({ ok: false, code: "file-problem" });
    expect(reply.text).toContain(`is the data of another transfer (${one.infoHash})`);
    expect(rowOf(on, two.infoHash)).toBeUndefined();
    expect(await digestsOf(join(on.folder, "twin.iso"))).toEqual(await digestsOf(one.path));
    const folder = await temporaryFolder();
    const elsewhere = nextEvent(on, "done");
    await on.engine.send({ method: "download", target: two.target, peers: [two.address], folder });
    await elsewhere;
    expect(await digestsOf(join(folder, "twin.iso"))).toEqual(await digestsOf(two.path));
  });

  it("leaves a file of that name alone that is something else", async () => {
    const one = await sharing("letter.txt", "one");
    const on = await startEngine();
    await writeFile(join(on.folder, "letter.txt"), "mine");
    const reply = await on.engine.send({ method: "download", target: one.target, peers: [one.address] });
    expect(reply).toMatchObject({ ok: false, code: "file-problem" });
    expect(reply.text).toContain("is there already and is something else");
    expect(await readFile(join(on.folder, "letter.txt"), "utf8")).toBe("mine");
    expect(on.engine.getSnapshot().transfers).toEqual([]);
  });

  it.each([
    ["a file in the place of its folder", async (path: string) => writeFile(path, "mine")],
    ["a folder in the place of a file", async (path: string) => mkdir(join(path, "letter.txt"), { recursive: true })],
  ])("says that %s is in the way, instead of fetching on", async (_, block) => {
    const one = await startEngine();
    const path = join(await temporaryFolder(), "letters");
    await mkdir(path);
    await writeFileOf(join(path, "letter.txt"), 2 * MB, "one");
    const infoHash = await share(one, path);
    const on = await startEngine();
    await block(join(on.folder, "letters"));
    const target = await torrentFile(one, infoHash);
    await on.engine.send({ method: "download", target, peers: [one.address] });
    await untilRow(on, infoHash, ({ state }) => state === "error");
    expect(rowOf(on, infoHash)!.reason).toMatch(
      /letters(?:\/letter.txt)? is in the way: it is not the torrent's own; move it away/,
    );
  });

  it("goes on from its own data that lies there from before", async () => {
    const one = await sharing("half.bin", "one");
    const on = await startEngine();
    await writeFile(join(on.folder, "half.bin"), (await readFile(one.path)).subarray(0, MB));
    const done = nextEvent(on, "done");
    await on.engine.send({ method: "download", target: one.target, peers: [one.address] });
    await done;
    expect(await digestsOf(join(on.folder, "half.bin"))).toEqual(await digestsOf(one.path));
    expect(rowOf(on, one.infoHash)!.downloadedBytes).toBeLessThan(2 * MB);
  });
});

describe("what a person shares", () => {
  it("and changes afterwards is not fetched again over the change, until that is asked for", async () => {
    const one = await sharing("draft.txt", "one");
    const other = await startEngine();
    const copied = nextEvent(other, "done");
    await other.engine.send({ method: "download", target: one.target, peers: [one.address] });
    await copied;
    await writeFileOf(one.path, 2 * MB, "changed");
    const changed = await digestsOf(one.path);
    const told = nextEvent(one, "problem", ({ text }) => text.includes("has changed"));
    await one.engine.send({ method: "check", infoHash: one.infoHash });
    await told;
    await one.engine.send({ method: "pause", infoHash: one.infoHash });
    await one.engine.send({ method: "resume", infoHash: one.infoHash });
    expect(one.engine.book.entries.values().next().value?.transfer.mode).toBe("hold");
    expect(await digestsOf(one.path)).toEqual(changed);
    await one.engine.send({ method: "download", target: one.infoHash, peers: [other.address] });
    await untilRow(one, one.infoHash, ({ heldPieces, pieceCount }) => heldPieces === pieceCount);
    expect(await digestsOf(one.path)).not.toEqual(changed);
  });
});
