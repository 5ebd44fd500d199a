import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { toHex } from "../../source/protocol/ids.ts";
import { StateFolder } from "../../source/storage/state-folder.ts";
import { transferSettingsSchema, TransferStore } from "../../source/storage/transfer-store.ts";
import { makeTorrent, temporaryFolder } from "./fixtures.ts";

async function store() {
  const state = await StateFolder.open(await temporaryFolder());
  onTestFinished(() => state.close());
  return { transfers: await TransferStore.open(state), folder: state.resolve("torrents"), state };
}

const settings = transferSettingsSchema.parse({ folder: "/downloads", addedAt: 5 });

describe("TransferStore", () => {
  test("gives back what was added, oldest first, with what was saved last", async () => {
    const { transfers, folder, state } = await store();
    const [first, second] = [makeTorrent([{ length: 40 }]), makeTorrent([{ length: 41 }])];
    await transfers.add(second.metainfo, { ...settings, addedAt: 6 });
    await transfers.add(first.metainfo, settings);
    await transfers.save(toHex(first.metainfo.infoHash), { ...settings, paused: true, uploadedBytes: 7 });
    const loaded = await (await TransferStore.open(state)).load();
    expect(loaded.problems).toEqual([]);
    expect(loaded.transfers.map(({ metainfo }) => metainfo.length)).toEqual([40, 41]);
    expect(loaded.transfers[0]!.settings).toEqual({ ...settings, paused: true, uploadedBytes: 7 });
    for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
  });

  test("forgets what was removed, journal and all", async () => {
    const { transfers, folder } = await store();
    const { metainfo } = makeTorrent([{ length: 40 }]);
    await transfers.add(metainfo, settings);
    await writeFile(transfers.journalFile(toHex(metainfo.infoHash)), "");
    await transfers.remove(toHex(metainfo.infoHash));
    await transfers.remove(toHex(metainfo.infoHash));
    expect(await readdir(folder)).toEqual([]);
    expect(await transfers.load()).toEqual({ transfers: [], problems: [] });
  });

  test("keeps members that a later version wrote", async () => {
    const { transfers } = await store();
    const { metainfo } = makeTorrent([{ length: 40 }]);
    await transfers.add(metainfo, { ...settings, later: { version: 9 } });
    expect((await transfers.load()).transfers[0]!.settings).toMatchObject({ later: { version: 9 } });
  });

  test.each([
    ["settings that are no JSON", "json", "{"],
    ["settings of a wrong type", "json", '{"folder":7}'],
    ["empty settings, as after a power cut", "json", ""],
    ["a torrent file that is none", "torrent", "junk"],
    ["a torrent file of another torrent", "torrent", undefined],
  ] as const)("sets %s aside and says so, and loads the rest", async (_, kind, content) => {
    const { transfers, folder } = await store();
    const [good, bad] = [makeTorrent([{ length: 40 }]), makeTorrent([{ length: 41 }])];
    await transfers.add(good.metainfo, settings);
    await transfers.add(bad.metainfo, settings);
    const hash = toHex(bad.metainfo.infoHash);
    await writeFile(join(folder, `${hash}.${kind}`), content ?? good.metainfo.bytes);
    const loaded = await transfers.load();
    expect(loaded.transfers.map(({ metainfo }) => metainfo.length)).toEqual([40]);
    expect(loaded.problems).toEqual([expect.stringContaining(hash)]);
    expect((await readdir(folder)).filter((name) => name.endsWith(".bad")).length).toBe(2);
    expect((await transfers.load()).problems).toEqual([]);
  });

  test("clears away what a killed process had begun to write", async () => {
    const { transfers, folder } = await store();
    await writeFile(join(folder, "x.json.0123456789ab.new"), "{");
    expect(await transfers.load()).toEqual({ transfers: [], problems: [] });
    expect(await readdir(folder)).toEqual([]);
  });

  test("survives its settings cut at every byte", async () => {
    const { transfers, folder } = await store();
    const { metainfo } = makeTorrent([{ length: 40 }]);
    await transfers.add(metainfo, settings);
    const file = join(folder, `${toHex(metainfo.infoHash)}.json`);
    const whole = await readFile(file);
    for (let length = whole.length - 2; length >= 0; length -= 7) {
      await transfers.add(metainfo, settings);
      await truncate(file, length);
      expect((await transfers.load()).problems.length).toBe(1);
    }
  });
});
