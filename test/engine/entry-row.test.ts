import { expect, test } from "vitest";
import { entryRow } from "../../source/engine/entry-row.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTorrent } from "../storage/fixtures.ts";
import { startEngine } from "./support.ts";

test("a row is the same object until something of it changes", async () => {
  const { metainfo } = makeTorrent([{ length: 100 }]);
  const on = await startEngine();
  const target = join(on.home, "x.torrent");
  await writeFile(target, metainfo.bytes);
  await on.engine.send({ method: "download", target });
  const infoHash = toHex(metainfo.infoHash);
  await on.engine.send({ method: "pause", infoHash });
  const entry = on.engine.book.get(infoHash)!;
  const before = entryRow(entry, 1_000);
  expect(before).toMatchObject({ state: "paused", uploadedBytes: 0 });
  expect(entryRow(entry, 2_000)).toBe(before);
  // Made anew, it has nothing new to say.
  entry.settings = { ...entry.settings };
  expect(entryRow(entry, 3_000)).toBe(before);
  // What was given while nobody looked.
  entry.settings = { ...entry.settings, uploadedBytes: 10 };
  const after = entryRow(entry, 4_000);
  expect(after).not.toBe(before);
  expect(after.uploadedBytes).toBe(10);
});
