// A published metainfo file: from base64 to what the catalogue lists of it.
import { MetainfoError } from "../source/metainfo/errors.ts";
import type { Metainfo } from "../source/metainfo/metainfo.ts";
import { parseMetainfo } from "../source/metainfo/parse.ts";
import { fromBase64 } from "../source/protocol/channel/bitfield.ts";
import { MAX_NAME } from "../source/protocol/channel/limits.ts";
import { toHex } from "../source/protocol/ids.ts";
import type { TorrentFacts } from "./catalogue.ts";
import { MAX_METAINFO_BYTES } from "./limits.ts";
import { RequestError } from "./request-error.ts";

export interface ReadTorrent {
  readonly bytes: Uint8Array;
  readonly facts: Omit<TorrentFacts, "addedAt">;
}

/** Throws ProtocolError `bad-base64`, or RequestError `bad-torrent`. */
export function readTorrent(base64: string): ReadTorrent {
  const bytes = fromBase64(base64);
  if (bytes.length > MAX_METAINFO_BYTES) {
    throw new RequestError("bad-torrent", `a torrent may have ${MAX_METAINFO_BYTES} bytes, this has ${bytes.length}`);
  }
  try {
    return { bytes, facts: factsOf(parseMetainfo(bytes)) };
  } catch (error) {
    if (!(error instanceof MetainfoError)) throw error;
    throw new RequestError("bad-torrent", error.message);
  }
}

export function factsOf(metainfo: Metainfo): ReadTorrent["facts"] {
  return {
    infoHash: toHex(metainfo.infoHash),
    name: metainfo.name.slice(0, MAX_NAME),
    length: metainfo.length,
    pieceLength: metainfo.pieceLength,
    pieceCount: metainfo.pieceHashes.length / 20,
    private: metainfo.private,
  };
}
