import { describe, expect, it } from "vitest";
import { GiftTaker } from "../../source/engine/gift-taker.ts";
import { GIFT_QUOTA_BYTES } from "../../source/engine/limits.ts";
import type { TrackerLinks } from "../../source/engine/tracker-links.ts";
import type { Entry, TransferBook } from "../../source/engine/transfer-book.ts";
import { TrackerError } from "../../source/protocol/errors.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import type { TransferSettings } from "../../source/storage/transfer-store.ts";
import { torrentOf } from "../tracker/support.ts";

const { bytes, infoHash } = torrentOf("gift.bin");

function setUp(options: { takesGifts?: boolean; listed?: boolean; torrent?: () => Promise<Uint8Array> } = {}) {
  const entries = new Map<string, { transfer: { mode: string; heldBytes: number }; settings?: { gift: boolean } }>();
  const added: TransferSettings[] = [];
  const problems: string[] = [];
  let asked = 0;
  let begun = 0;
  const taker = new GiftTaker({
    options: { takesGifts: options.takesGifts ?? true, folder: "/downloads" },
    links: {
      entries: () => (options.listed === false ? [] : [{ entry: { infoHash }, tracker: "t:1" }]),
      torrent: () => {
        asked++;
        return options.torrent?.() ?? Promise.resolve(bytes);
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
    const unwilling = setUp({ takesGifts: false });
    await unwilling.taker.offered(infoHash);
    expect([unlisted.asked(), unwilling.asked(), unwilling.taker.accepts()]).toEqual([0, 0, false]);
  });

  it("takes up to 1 GiB of gifts, and what the user asked for does not count", async () => {
    const { taker, entries, asked } = setUp();
    entries.set("wanted", {
      transfer: { mode: "download", heldBytes: 5 * GIFT_QUOTA_BYTES },
      settings: { gift: false },
    });
    entries.set("gift", { transfer: { mode: "hold", heldBytes: GIFT_QUOTA_BYTES - 1 }, settings: { gift: true } });
    expect(taker.accepts()).toBe(true);
    entries.set("one more", { transfer: { mode: "hold", heldBytes: 1 }, settings: { gift: true } });
    expect(taker.accepts()).toBe(false);
    await taker.offered(infoHash);
    expect(asked()).toBe(0);
  });

  it("adds nothing that came to be there while it asked", async () => {
    const party = setUp();
    const offered = party.taker.offered(infoHash);
    party.entries.set(infoHash, { transfer: { mode: "download", heldBytes: 0 } });
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
    const nonsense = setUp({ torrent: () => Promise.resolve(new Uint8Array(5)) });
    await nonsense.taker.offered(infoHash);
    expect(nonsense.problems).toHaveLength(1);
    expect(nonsense.added).toEqual([]);
  });
});
