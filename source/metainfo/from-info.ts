// metainfoOf: a torrent file around an info dictionary that came from a peer, its bytes as they stand.
import { createHash } from "node:crypto";
import { concatBytes, encode, utf8 } from "../protocol/bencode.ts";
import type { InfoHash } from "../protocol/ids.ts";
import type { Metainfo } from "./metainfo.ts";
import { parseMetainfo } from "./parse.ts";

/** Is this the info dictionary that the hash is of? */
export function isInfoOf(infoHash: InfoHash, info: Uint8Array): boolean {
  return Buffer.compare(createHash("sha1").update(info).digest(), infoHash) === 0;
}

/** The metainfo of `info` with each of `trackers` in a tier of its own, and `webSeeds` (BEP 19). Throws MetainfoError. */
export function metainfoOf(info: Uint8Array, trackers: readonly string[], webSeeds: readonly string[] = []): Metainfo {
  const announce = trackers.length === 0 ? [] : [utf8("13:announce-list"), encode(trackers.map((url) => [url]))];
  const urls = webSeeds.length === 0 ? [] : [utf8("8:url-list"), encode(webSeeds)];
  return parseMetainfo(concatBytes([utf8("d"), ...announce, utf8("4:info"), info, ...urls, utf8("e")]));
}
