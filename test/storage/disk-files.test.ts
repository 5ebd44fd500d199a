import { mkdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diskPaths, inspectFiles } from "../../source/storage/disk-files.ts";
import { OpenFiles } from "../../source/storage/open-files.ts";
import { SafeFolder } from "../../source/storage/safe-open.ts";
import { TorrentFiles } from "../../source/storage/torrent-files.ts";
import { diskThreads, makeTorrent, temporaryFolder, type TestTorrent } from "./fixtures.ts";

function filesOf({ layout }: TestTorrent, folder: SafeFolder, paths: readonly (readonly string[])[]): TorrentFiles {
  const partFile = join(folder.path, "x.parts");
  const gotForeign = async () => undefined;
  return new TorrentFiles({
    layout,
    folder,
    paths,
    partFile,
    setAside: new Set(),
    allocation: "sparse",
    openFiles: new OpenFiles(),
    diskThreads,
    gotForeign,
  });
}

test("of two files only the one that changed long after the journal is suspect", async () => {
  const torrent = makeTorrent([
    { path: ["a"], length: 40 },
    { path: ["b"], length: 40 },
  ]);
  const folder = new SafeFolder(await temporaryFolder());
  const paths = await diskPaths(torrent.metainfo, folder);
  const [a, b] = paths.map((path) => join(folder.path, ...path)) as [string, string];
  await mkdir(join(folder.path, "shared"));
  await writeFile(a, torrent.data.subarray(0, 40));
  await writeFile(b, torrent.data.subarray(40));
  const { ctimeMs } = await stat(a);
  // A copy with its times kept still shows in the change time.
  while ((await stat(b)).ctimeMs <= ctimeMs) await utimes(b, 0, 0);
  const { absent, changed } = await inspectFiles(
    torrent.layout,
    filesOf(torrent, folder, paths),
    (file) => file.ctimeMs > ctimeMs,
  );
  expect(absent.isEmpty).toBe(true);
  expect([...changed.held()]).toEqual([2, 3, 4]);
});

test("a file that is too short lacks the pieces from its end on", async () => {
  const torrent = makeTorrent([{ length: 80 }]);
  const folder = new SafeFolder(await temporaryFolder());
  const paths = await diskPaths(torrent.metainfo, folder);
  for (const [size, missing] of [
    [0, [0, 1, 2, 3, 4]],
    [31, [1, 2, 3, 4]],
    [32, [2, 3, 4]],
    [79, [4]],
    [80, []],
    [99, []],
  ] as const) {
    await writeFile(join(folder.path, "shared"), new Uint8Array(size));
    const { absent } = await inspectFiles(torrent.layout, filesOf(torrent, folder, paths));
    expect([...absent.held()]).toEqual(missing);
  }
});
