// The process is killed with each disk operation of saving, the operation done or half done: what is read later is the old or the new.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { toHex } from "../../source/protocol/ids.ts";
import { atomicWrite } from "../../source/storage/atomic-write.ts";
import { ResumeJournal } from "../../source/storage/resume-journal.ts";
import { StateFolder } from "../../source/storage/state-folder.ts";
import { TorrentStorage } from "../../source/storage/torrent-storage.ts";
import { newTransferSettings, TransferStore } from "../../source/storage/transfer-store.ts";
import { diskThreads, makeTorrent, temporaryFolder } from "../storage/fixtures.ts";
import { DiskUser } from "./faulty-disk.ts";

vi.mock("node:fs/promises", async (importOriginal) => {
  const { wrapped } = await import("./faulty-disk.ts");
  return wrapped(await importOriginal());
});

// Nobody waits for other records: there are thousands of pieces here.
vi.spyOn(ResumeJournal.prototype, "gather").mockImplementation(function (this: ResumeJournal, record) {
  return this.append([record]);
});

// A real disk takes milliseconds for a sync, and there are thousands here.
if (existsSync("/dev/shm")) process.env["TMPDIR"] = "/dev/shm";

const torrent = makeTorrent([
  { path: ["a"], length: 40 },
  { path: ["b"], length: 30 },
  { path: ["c"], length: 10 },
]);
const { metainfo, layout } = torrent;
const infoHash = toHex(metainfo.infoHash);
const PIECES = [...Array(layout.pieceCount).keys()];

/** Runs `act` until its n-th operation, for every n and with that one done or torn, and then `look` as the next process does. */
async function killedEverywhere(
  prepare: (root: string) => Promise<() => Promise<unknown>>,
  look: (root: string, isOver: boolean) => Promise<void>,
): Promise<number> {
  for (const how of ["end", "torn"] as const) {
    for (let n = 1; ; n++) {
      const root = await temporaryFolder();
      const user = new DiskUser();
      const act = await user.run(() => prepare(root));
      user.plan(how, n);
      const isOver = (await user.runToItsEnd(act)) === "over";
      await look(root, isOver).catch((error: unknown) => {
        throw new Error(`killed with operation ${n}, ${how}`, { cause: error });
      });
      if (!isOver) continue;
      if (how === "torn") return n - 1;
      break;
    }
  }
  return 0;
}

async function storeIn(root: string): Promise<TransferStore> {
  const state = await StateFolder.open(join(root, "state"));
  const store = await TransferStore.open(state);
  await state.close();
  return store;
}

const storageIn = (root: string, setAside: readonly number[] = []) =>
  TorrentStorage.open({
    metainfo,
    layout,
    diskThreads,
    setAside,
    folder: join(root, "downloads"),
    journalFile: join(root, "x.pieces"),
  });

/** All that is claimed is there; all pieces of `atLeast` are claimed. */
async function expectTrue(storage: TorrentStorage, atLeast: readonly number[]): Promise<void> {
  for (const index of atLeast) expect(storage.held.get(index)).toBe(true);
  const claimed = [...storage.held.held()];
  expect([...(await storage.check({ only: claimed })).held()]).toEqual(claimed);
}

describe("after kill -9", () => {
  test("a file that is replaced is the old or the new one", async () => {
    const old = new Uint8Array(5_000).fill(1);
    const next = new Uint8Array(3_000).fill(2);
    const { readFile } = await vi.importActual<typeof import("node:fs/promises")>("node:fs/promises");
    const operations = await killedEverywhere(
      async (root) => {
        await atomicWrite(join(root, "file"), old);
        return () => atomicWrite(join(root, "file"), next);
      },
      async (root, isOver) => {
        const found = new Uint8Array(await readFile(join(root, "file")));
        expect([Buffer.compare(found, next) === 0, !isOver && Buffer.compare(found, old) === 0]).toContain(true);
      },
    );
    expect(operations).toBeGreaterThan(5);
  });

  test("a transfer is remembered wholly or not at all, with its old or its new settings, and no rest stays", async () => {
    const old = newTransferSettings("/old", 1);
    const operations = await killedEverywhere(
      async (root) => {
        const store = await storeIn(root);
        return async () => {
          await store.add(metainfo, old);
          await store.save(infoHash, { ...old, folder: "/new" });
          await store.remove(infoHash);
          await store.add(metainfo, old);
        };
      },
      async (root) => {
        const { transfers, problems } = await (await storeIn(root)).load();
        expect(problems).toEqual([]);
        expect(["/old", "/new", undefined]).toContain(transfers[0]?.settings.folder);
        expect(readdirSync(join(root, "state", "torrents")).filter((name) => name.endsWith(".new"))).toEqual([]);
      },
    );
    expect(operations).toBeGreaterThan(25);
  });

  test("the journal claims every piece that it said was held, and none that is not there", async () => {
    const held = new Map<string, number[]>();
    const operations = await killedEverywhere(
      async (root) => {
        held.set(root, []);
        return async () => {
          const storage = await storageIn(root);
          for (const index of PIECES) {
            await storage.write(index, torrent.piece(index));
            held.get(root)!.push(index);
            if (index % 2 === 1) await storage.sync();
          }
          held.set(
            root,
            PIECES.filter((index) => index !== 1),
          );
          await storage.forget([1]);
          await storage.close();
        };
      },
      async (root) => {
        const storage = await storageIn(root);
        await expectTrue(storage, held.get(root)!);
        await storage.close();
      },
    );
    expect(operations).toBeGreaterThan(50);
  });

  test("files that were left out and are wanted again lose nothing on the way", async () => {
    const remembered = new Map<string, readonly number[]>();
    const before = [0, 1, 2, 4];
    const operations = await killedEverywhere(
      async (root) => {
        const storage = await storageIn(root);
        const remember = async (setAside: readonly number[]) => void remembered.set(root, setAside);
        await storage.leaveOut(new Set([1]), remember);
        for (const index of before) await storage.write(index, torrent.piece(index));
        return () => storage.leaveOut(new Set(), remember);
      },
      async (root) => {
        const storage = await storageIn(root, remembered.get(root));
        await expectTrue(storage, before);
        await storage.leaveOut(new Set(), async () => undefined);
        await expectTrue(storage, before);
        await storage.close();
      },
    );
    expect(operations).toBeGreaterThan(10);
  });
});
