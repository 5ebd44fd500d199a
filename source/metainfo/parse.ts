// parseMetainfo: the bytes of a torrent file -> Metainfo, or a MetainfoError that says why not.
// Reads BEP 3 (one file or many), BEP 12, BEP 27, web seeds (BEP 19), the padding of BEP 47, the `.utf-8` names of older programs, and the dialect of the STA report
// (keys unsorted, `file_length` for `length`, `piece count`).
import { createHash } from "node:crypto";
import {
  type BencodeDictionary,
  type BencodeValue,
  decodeFirst,
  FILE_LIMITS,
  fromUtf8,
  latin1,
} from "../protocol/bencode.ts";
import { BencodeError } from "../protocol/errors.ts";
import { toInfoHash } from "../protocol/ids.ts";
import { MetainfoError } from "./errors.ts";
import {
  MAX_FILES,
  MAX_METAINFO_BYTES,
  MAX_NODES,
  MAX_PATH_DEPTH,
  MAX_PIECE_LENGTH,
  MAX_TRACKERS,
  MAX_URL_BYTES,
  MAX_WEB_SEEDS,
} from "./limits.ts";
import type { Metainfo, TorrentFile } from "./metainfo.ts";
import { isWebSeed } from "./web-seed-url.ts";

const HASH_BYTES = 20;

/**
 * Reads a torrent file. The result keeps `bytes` and views into it: the caller must not change it afterwards.
 * The info hash is the SHA-1 of the bytes of `info` as they stand (BEP 3). Bytes behind the outermost dictionary are ignored.
 * Throws MetainfoError.
 */
export function parseMetainfo(bytes: Uint8Array): Metainfo {
  if (bytes.length > MAX_METAINFO_BYTES) {
    throw new MetainfoError(
      "limit",
      `The torrent file has ${bytes.length} bytes; at most ${MAX_METAINFO_BYTES} are read.`,
    );
  }
  const { root, infoBytes } = decodeRoot(bytes);
  const info = root.get("info");
  if (!(info instanceof Map) || !infoBytes) {
    throw new MetainfoError("no-info", "This is not a torrent file: it has no info dictionary.");
  }
  if (info.has("meta version") && !info.has("pieces")) {
    throw new MetainfoError(
      "v2-only",
      "This torrent is for BitTorrent version 2 only; ask for a version 1 or hybrid torrent.",
    );
  }
  const singleFile = !info.has("files");
  const name = textOf(info, "name");
  if (name === undefined) throw new MetainfoError("field", "The torrent file gives no name.");
  const files = singleFile ? [{ path: [name], length: singleLength(info), offset: 0 }] : listedFiles(info.get("files"));
  const last = files.at(-1)!;
  const length = last.offset + last.length;
  const pieceLength = info.get("piece length");
  if (!isCount(pieceLength) || pieceLength === 0 || pieceLength > MAX_PIECE_LENGTH) {
    throw new MetainfoError("field", `The torrent file's piece length is not between 1 and ${MAX_PIECE_LENGTH} bytes.`);
  }
  const pieceHashes = info.get("pieces");
  if (!(pieceHashes instanceof Uint8Array) || pieceHashes.length % HASH_BYTES !== 0) {
    throw new MetainfoError("field", "The torrent file's piece hashes are missing or cut off.");
  }
  if (files.every((file) => file.length === 0 || file.padding)) {
    throw new MetainfoError("sum", "The torrent has no data: all of its files are empty.");
  }
  checkSum(length, pieceLength, pieceHashes.length / HASH_BYTES, info);
  return {
    infoHash: toInfoHash(new Uint8Array(createHash("sha1").update(infoBytes).digest())),
    name,
    pieceLength,
    pieceHashes,
    length,
    files,
    singleFile,
    private: info.get("private") === 1,
    announce: announceTiers(root),
    nodes: nodesOf(root),
    webSeeds: webSeedsOf(root),
    infoBytes,
    bytes,
  };
}

function decodeRoot(bytes: Uint8Array): { root: BencodeDictionary; infoBytes: Uint8Array | undefined } {
  try {
    const { value, spans } = decodeFirst(bytes, FILE_LIMITS);
    if (!(value instanceof Map))
      throw new MetainfoError("not-bencode", "This is not a torrent file: it holds no dictionary.");
    const span = spans.get("info");
    return { root: value, infoBytes: span && bytes.subarray(span.start, span.end) };
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new MetainfoError("not-bencode", `This is not a torrent file: ${error.message}.`, { cause: error });
  }
}

function checkSum(length: number, pieceLength: number, pieceCount: number, info: BencodeDictionary): void {
  const expected = Math.ceil(length / pieceLength);
  if (pieceCount !== expected) {
    throw new MetainfoError("sum", `The torrent's sizes need ${expected} pieces, and it lists ${pieceCount}.`);
  }
  const told = info.get("piece count");
  if (info.has("file_length") && told !== undefined && told !== pieceCount) {
    throw new MetainfoError("sum", `The torrent says it has another number of pieces than the ${pieceCount} it lists.`);
  }
}

function singleLength(info: BencodeDictionary): number {
  const length = info.get("length") ?? info.get("file_length");
  if (!isCount(length)) throw new MetainfoError("field", "The torrent file does not say how long its file is.");
  return length;
}

function listedFiles(value: BencodeValue | undefined): TorrentFile[] {
  if (!Array.isArray(value) || value.length === 0) throw new MetainfoError("field", "The torrent lists no files.");
  if (value.length > MAX_FILES) {
    throw new MetainfoError("limit", `The torrent has ${value.length} files; at most ${MAX_FILES} are supported.`);
  }
  let offset = 0;
  return value.map((entry, index) => {
    const length = entry instanceof Map ? (entry.get("length") ?? entry.get("file_length")) : undefined;
    if (!(entry instanceof Map) || !isCount(length)) {
      throw new MetainfoError("field", `The torrent does not say how long file ${index + 1} is.`);
    }
    const file = { path: pathOf(entry, index), length, offset, ...(isPadding(entry) && { padding: true as const }) };
    offset += length;
    if (!Number.isSafeInteger(offset)) throw new MetainfoError("limit", "The torrent's files are too long together.");
    return file;
  });
}

/** BEP 47: one of the letters of `attr` is `p`. */
function isPadding(entry: BencodeDictionary): boolean {
  const attributes = entry.get("attr");
  return attributes instanceof Uint8Array && attributes.includes("p".charCodeAt(0));
}

function pathOf(entry: BencodeDictionary, index: number): string[] {
  const utf8Path = entry.get("path.utf-8");
  const path = Array.isArray(utf8Path) && utf8Path.length > 0 ? utf8Path : entry.get("path");
  if (!Array.isArray(path) || path.length === 0 || path.length > MAX_PATH_DEPTH) {
    throw new MetainfoError("field", `The path of file ${index + 1} does not have 1 to ${MAX_PATH_DEPTH} parts.`);
  }
  return path.map((part) => {
    if (!(part instanceof Uint8Array)) {
      throw new MetainfoError("field", `The path of file ${index + 1} holds something that is no text.`);
    }
    return text(part);
  });
}

/** Tiers of `announce-list`, or `announce` when there is no such list (BEP 12). What is no URL-sized text is left out. */
function announceTiers(root: BencodeDictionary): string[][] {
  const list = root.get("announce-list");
  const tiers: string[][] = [];
  let room = MAX_TRACKERS;
  for (const entry of Array.isArray(list) ? list : []) {
    const tier = (Array.isArray(entry) ? entry : [entry]).filter(isUrlSized).slice(0, room).map(text);
    room -= tier.length;
    if (tier.length > 0) tiers.push(tier);
  }
  const single = root.get("announce");
  return tiers.length === 0 && isUrlSized(single) ? [[text(single)]] : tiers;
}

/** One URL or a list of them; what is none of http(s) is left out. */
function webSeedsOf(root: BencodeDictionary): string[] {
  const list = root.get("url-list");
  const urls = (Array.isArray(list) ? list : [list]).filter((url) => isUrlSized(url)).map(text);
  return urls.filter(isWebSeed).slice(0, MAX_WEB_SEEDS);
}

/** `[host, port]` each; what is none is left out. */
function nodesOf(root: BencodeDictionary): { host: string; port: number }[] {
  const list = root.get("nodes");
  const nodes: { host: string; port: number }[] = [];
  for (const entry of Array.isArray(list) ? list.slice(0, MAX_NODES) : []) {
    const [host, port] = Array.isArray(entry) ? entry : [];
    if (!(host instanceof Uint8Array) || host.length === 0 || host.length > 255) continue;
    if (isCount(port) && port > 0 && port <= 65_535) nodes.push({ host: text(host), port });
  }
  return nodes;
}

function isUrlSized(value: BencodeValue | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length > 0 && value.length <= MAX_URL_BYTES;
}

function textOf(dictionary: BencodeDictionary, key: string): string | undefined {
  const value = dictionary.get(`${key}.utf-8`) ?? dictionary.get(key);
  return value instanceof Uint8Array ? text(value) : undefined;
}

/** UTF-8, or else one character a byte: two names of another encoding then stay two names. */
function text(bytes: Uint8Array): string {
  return fromUtf8(bytes) ?? latin1(bytes);
}

function isCount(value: BencodeValue | undefined): value is number {
  return typeof value === "number" && value >= 0;
}
