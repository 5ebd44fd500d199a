import { describe, expect, it } from "vitest";
import { GiftTaker } from "../../source/engine/gift-taker.ts";
import type { PushPolicy } from "../../source/engine/push-policy.ts";
import { GIFT_QUOTA_BYTES } from "../../source/engine/limits.ts";
import type { TrackerLinks } from "../../source/engine/tracker-links.ts";
import type { Entry, TransferBook } from "../../source/engine/transfer-book.ts";
import type { Metainfo } from "../../source/metainfo/metainfo.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { TrackerError } from "../../source/protocol/errors.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import type { TransferSettings } from "../../source/storage/transfer-store.ts";
import { torrentOf } from "../tracker/support.ts";

const { bytes, infoHash } = torrentOf("gift.bin");

interface FakeEntry {
  readonly transfer: { readonly mode: string; readonly heldBytes: number; readonly pieceBytes: number };
  readonly settings: { readonly gift: boolean; readonly shared?: boolean };
}

const entryOf = (
  mode: string,
  heldBytes: number,
  { gift = false, shared = false, pieceBytes = 0 } = {},
): FakeEntry => ({
  transfer: { mode, heldBytes, pieceBytes },
  settings: { gift, shared },
});

function setUp(options: { acceptPushes?: PushPolicy; listed?: boolean; torrent?: () => Promise<Metainfo> } = {}) {
  const entries = new Map<string, FakeEntry>();
  const added: TransferSettings[] = [];
  const problems: string[] = [];
  let asked = 0;
  let begun = 0;
  const taker = new GiftTaker({
    options: { acceptPushes: options.acceptPushes ?? "catalogue", folder: "/downloads" },
    links: {
      entries: () => (options.listed === false ? [] : [{ entry: { infoHash }, tracker: "t:1" }]),
      torrent: () => {
        asked++;
        return options.torrent?.() ?? Promise.resolve(parseMetainfo(bytes));
      },
    } as unknown as TrackerLinks,
    book: {
      entries,
      get: (hash: InfoHashHex) => entries.get(hash),
      add: async (_: unknown, settings: TransferSettings) => {
        added.push(settings);
        return { settings } as Entry;
      },
    } as unknown as TransferBook,
    begin: async () => void begun++,
    report: (_, text) => void problems.push(text),
  });
  return { taker, entries, added, problems, asked: () => asked, begun: () => begun };
}

describe("an engine that takes gifts", () => {
  it("adds a listed torrent as a gift: not paused, not published, under the folder of downloads", async () => {
    const { taker, added, begun } = setUp();
    await taker.offered(infoHash);
    expect(added).toEqual([
      expect.objectContaining({ folder: "/downloads", gift: true, paused: false, published: false }),
    ]);
    expect(begun()).toBe(1);
  });

  it("asks the tracker once, however many givers come at once", async () => {
    const { taker, asked } = setUp();
    await Promise.all(Array.from({ length: 50 }, () => taker.offered(infoHash)));
    expect(asked()).toBe(1);
  });

  it("asks nobody for what no tracker lists, and nothing at all when it takes none", async () => {
    const unlisted = setUp({ listed: false });
    await unlisted.taker.offered(infoHash);
    expect(unlisted.asked()).toBe(0);
    for (const acceptPushes of ["wanted", "never"] as const) {
      const unwilling = setUp({ acceptPushes });
      await unwilling.taker.offered(infoHash);
      expect([unwilling.asked(), unwilling.taker.accepts()]).toEqual([0, false]);
    }
  });

  it.each([
    ["catalogue", "download", undefined],
    ["catalogue", "hold", undefined],
    ["wanted", "download", undefined],
    ["wanted", "hold", "unwanted"],
    ["never", "download", "unwanted"],
    ["never", "hold", "unwanted"],
  ] as const)("by the policy %s refuses a piece of what it is to %s as %s", (acceptPushes, mode, why) => {
    const { taker, entries } = setUp({ acceptPushes });
    entries.set(infoHash, entryOf(mode, 0));
    expect(taker.refusalOf(infoHash as InfoHashHex, 1)).toBe(why);
    entries.set(infoHash, entryOf(mode, 0, { shared: true }));
    expect(taker.refusalOf(infoHash as InfoHashHex, 1)).toBe("unwanted");
  });

  it("is full when the piece is one byte too many, those on their way counted, and never for what is wanted", () => {
    const { taker, entries } = setUp();
    entries.set(infoHash, entryOf("hold", GIFT_QUOTA_BYTES - 300, { gift: true, pieceBytes: 200 }));
    expect(taker.refusalOf(infoHash as InfoHashHex, 99)).toBeUndefined();
    expect(taker.refusalOf(infoHash as InfoHashHex, 100)).toBeUndefined();
    expect(taker.refusalOf(infoHash as InfoHashHex, 101)).toBe("full");
    entries.set(infoHash, entryOf("download", GIFT_QUOTA_BYTES, { gift: true }));
    expect(taker.refusalOf(infoHash as InfoHashHex, 101)).toBeUndefined();
  });

  it("takes up to 1 GiB of gifts, and what the user asked for does not count", async () => {
    const { taker, entries, asked } = setUp();
    entries.set("wanted", entryOf("download", 5 * GIFT_QUOTA_BYTES));
    entries.set("gift", entryOf("hold", GIFT_QUOTA_BYTES - 1, { gift: true }));
    expect(taker.accepts()).toBe(true);
    entries.set("one more", entryOf("hold", 1, { gift: true }));
    expect(taker.accepts()).toBe(false);
    await taker.offered(infoHash);
    expect(asked()).toBe(0);
  });

  it("adds nothing that came to be there while it asked", async () => {
    const party = setUp();
    const offered = party.taker.offered(infoHash);
    party.entries.set(infoHash, entryOf("download", 0));
    await offered;
    expect(party.added).toEqual([]);
  });

  it("says why a gift could not be taken, and may be asked again", async () => {
    const { taker, problems, asked } = setUp({
      torrent: () => Promise.reject(new TrackerError("not-found", "The tracker has lost it.")),
    });
    await taker.offered(infoHash);
    await taker.offered(infoHash);
    expect(problems).toEqual(Array(2).fill("A gift could not be taken: The tracker has lost it."));
    expect(asked()).toBe(2);
    const nonsense = setUp({ torrent: async () => parseMetainfo(new Uint8Array(5)) });
    await nonsense.taker.offered(infoHash);
    expect(nonsense.problems).toHaveLength(1);
    expect(nonsense.added).toEqual([]);
  });
});
