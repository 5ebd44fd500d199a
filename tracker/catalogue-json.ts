// `/catalogue.json`, made at most once a second: 50 000 entries take 0.1 s, in which nobody else is answered.
import type { Broadcaster } from "./broadcaster.ts";
import type { Catalogue } from "./catalogue.ts";

const KEPT_MS = 1_000;

/** Gives `{seq, entries}` as it is, or was less than a second ago. */
export function catalogueJson(catalogue: Catalogue, broadcaster: Broadcaster, now: () => number): () => Buffer {
  let made: { readonly body: Buffer; readonly at: number } | undefined;
  return () => {
    if (!made || now() - made.at >= KEPT_MS) {
      const entries = [...catalogue.infoHashes()].map((infoHash) => catalogue.entry(infoHash));
      made = { body: Buffer.from(JSON.stringify({ seq: broadcaster.seq, entries })), at: now() };
    }
    return made.body;
  };
}
