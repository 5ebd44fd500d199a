// A .torrent file from the web.
import { type GetLimits, httpGet } from "../discovery/http-get.ts";
import type { AddressOptions } from "../discovery/resolve.ts";
import { MetainfoError } from "../metainfo/errors.ts";
import { MAX_METAINFO_BYTES } from "../metainfo/limits.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { parseMetainfo } from "../metainfo/parse.ts";
import { TrackerError } from "../protocol/errors.ts";
import { Refusal } from "./reply.ts";

const TORRENT_GET: GetLimits = {
  maxBytes: MAX_METAINFO_BYTES,
  maxRedirects: 5,
  timeoutMs: 60_000,
  idleMs: 15_000,
  successOnly: true,
};

/** Fetches the torrent at an http(s) address; of the address only the host is ever told. Throws Refusal. */
export async function fetchTorrent(url: string, options: AddressOptions): Promise<Metainfo> {
  const host = URL.parse(url)?.host ?? "the address";
  try {
    return parseMetainfo(await httpGet(url, { ...options, limits: TORRENT_GET }));
  } catch (error) {
    if (error instanceof TrackerError)
      throw new Refusal("file-problem", `The torrent cannot be fetched: ${error.message}.`);
    if (error instanceof MetainfoError)
      throw new Refusal("file-problem", `What ${host} gave is no torrent: ${error.message}`);
    throw error;
  }
}
