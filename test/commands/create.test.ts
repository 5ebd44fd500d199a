import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../source/commands/create.ts";
import { UsageError } from "../../source/commands/usage-error.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { listen, optionsOf, temporaryHome } from "./support.ts";

test("the torrent has what was asked for, and its info hash is said", async () => {
  const heard = listen();
  const home = await temporaryHome();
  const path = join(home, "film.mkv");
  const output = join(home, "x.torrent");
  await writeFile(path, new Uint8Array(100_000));
  const flags = {
    output,
    pieceLength: "32KiB",
    announce: ["http://a/announce"],
    private: true,
    json: true,
    webSeed: ["http://w/f"],
  };
  expect(await run([path], optionsOf(home, flags))).toBe(0);
  const metainfo = parseMetainfo(await readFile(output));
  expect(metainfo).toMatchObject({ name: "film.mkv", pieceLength: 32_768, length: 100_000, private: true });
  expect(metainfo).toMatchObject({ announce: [["http://a/announce"]], webSeeds: ["http://w/f"] });
  expect(JSON.parse(heard.out)).toEqual({
    event: "created",
    infoHash: toHex(metainfo.infoHash),
    name: "film.mkv",
    bytes: 100_000,
    pieces: 4,
    path: output,
  });
});

test.for(["missing", "empty-folder"])("%s is a sentence that names it", async (name) => {
  const heard = listen();
  const home = await temporaryHome();
  await mkdir(join(home, "empty-folder"));
  expect(await run([join(home, name)], optionsOf(home, { output: join(home, "x.torrent") }))).toBe(1);
  expect(heard.err).toMatch(/^sta: [^\n]+\n$/);
  expect(heard.err).toContain(name);
});

test("an output that cannot be written is a sentence that names it", async () => {
  const heard = listen();
  const home = await temporaryHome();
  await writeFile(join(home, "a"), "a");
  expect(await run([join(home, "a")], optionsOf(home, { output: join(home, "none", "x.torrent") }))).toBe(1);
  expect(heard.err).toBe(
    `sta: ${join(home, "none", "x.torrent")} cannot be written, there is no folder ${join(home, "none")}: --output takes the path of a file.\n`,
  );
  expect(await run([join(home, "a")], optionsOf(home, { output: home }))).toBe(1);
  expect(heard.err).toContain(`${home} cannot be written, it is a folder: `);
});

test("what is no URL is wrong usage", async () => {
  const home = await temporaryHome();
  await expect(run(["a"], optionsOf(home, { announce: ["no url"] }))).rejects.toThrow(UsageError);
  await expect(run(["a"], optionsOf(home, { webSeed: ["ftp://w/f"] }))).rejects.toThrow(UsageError);
});
