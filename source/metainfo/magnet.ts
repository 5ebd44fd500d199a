// Magnet links (BEP 9): a torrent by its info hash, with where to ask for the rest.
import { type InfoHash, idFromHex, toInfoHash } from "../protocol/ids.ts";
import { MetainfoError } from "./errors.ts";
import { MAX_FILES, MAX_TRACKERS, MAX_WEB_SEEDS } from "./limits.ts";
import { isWebSeed } from "./web-seed-url.ts";

export interface Magnet {
  readonly infoHash: InfoHash;
  /** `dn`: what it may be called; foreign text. */
  readonly name: string | undefined;
  /** `tr`: announce URLs, each a tier of its own. */
  readonly trackers: readonly string[];
  /** `x.pe`: host:port of peers. */
  readonly peers: readonly string[];
  /** `ws`: URLs of web servers that have its files (BEP 19). */
  readonly webSeeds: readonly string[];
  /** `so`: the files that it chooses (BEP 53), rising and apart; empty: it does not choose. */
  readonly files: readonly FileRange[];
}

/** Indexes of files, both ends with it. */
export interface FileRange {
  readonly first: number;
  readonly last: number;
}

const MAX_PEERS = 200;

const START = /^\s*magnet:\??/i;

/** Does this look like one? */
export function isMagnet(text: string): boolean {
  return START.test(text);
}

/**
 * Reads a magnet link, its info hash in hex or base 32. As others do, it takes keys in any case and numbered (`tr.1`), and `&amp;` for `&`,
 * which links have that were copied out of the source of a page. Throws MetainfoError.
 */
export function parseMagnet(text: string): Magnet {
  const members = [...new URLSearchParams(text.trim().replace(START, ""))];
  const all = (name: string) =>
    members.flatMap(([key, value]) => (key.replace(/^amp;|\.\d+$/gi, "").toLowerCase() === name ? [value] : []));
  const topics = all("xt");
  const topic = topics.find((value) => /^urn:btih:/i.test(value));
  if (topic === undefined) {
    const isV2 = topics.some((value) => /^urn:btmh:/i.test(value));
    throw new MetainfoError(
      isV2 ? "v2-only" : "magnet",
      isV2
        ? "This magnet link is for BitTorrent version 2 only; ask for one of version 1 or a hybrid."
        : "This magnet link names no torrent: it has no xt=urn:btih: with an info hash.",
    );
  }
  const hash = topic.slice("urn:btih:".length);
  const id = hash.length === 32 ? fromBase32(hash) : idFromHex(hash);
  if (!id)
    throw new MetainfoError("magnet", "The info hash of this magnet link is neither 40 hex digits nor 32 of base 32.");
  return {
    infoHash: toInfoHash(id),
    name: all("dn")[0],
    trackers: all("tr").slice(0, MAX_TRACKERS),
    peers: all("x.pe").slice(0, MAX_PEERS),
    files: fileRanges(all("so").join(",")),
    webSeeds: all("ws").filter(isWebSeed).slice(0, MAX_WEB_SEEDS),
  };
}

/** The indexes of the files that a link chooses, of a torrent of so many, rising. */
export function chosenFiles({ files }: Pick<Magnet, "files">, fileCount: number): number[] {
  const chosen: number[] = [];
  for (const { first, last } of files) {
    for (let index = first; index <= last && index < fileCount; index++) chosen.push(index);
  }
  return chosen;
}

/** The ranges of `0,2,4-6`, merged: naming all files a thousand times costs no more than once. What is no range is left out. */
function fileRanges(text: string): FileRange[] {
  const ranges = text.split(",").flatMap((part) => {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    const first = Number(match?.[1]);
    const last = Math.min(Number(match?.[2] ?? first), MAX_FILES - 1);
    return first <= last ? [{ first, last }] : [];
  });
  const merged: { first: number; last: number }[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else merged.push(range);
  }
  return merged;
}

const BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** 20 bytes of 32 digits (RFC 4648); undefined when one is none. */
function fromBase32(text: string): Uint8Array | undefined {
  let bits = 0n;
  for (const digit of text.toUpperCase()) {
    const value = BASE_32.indexOf(digit);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  return idFromHex(bits.toString(16).padStart(40, "0"));
}
