// What a person means by a target: a transfer, an entry of a catalogue, or a .torrent file.
import { isAbsolute, resolve } from "node:path";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { parseMetainfo } from "../metainfo/parse.ts";
import { type InfoHashHex, parseInfoHashHex } from "../protocol/ids.ts";
import { readTorrentFile } from "../storage/hash-files.ts";
import { type CommandedEngine as Engine, Refusal } from "./reply.ts";
import type { Entry } from "./transfer-book.ts";

/** The transfer a person means: by info hash or name. Throws Refusal when several have the name. */
export function findEntry(engine: Engine, target: string): Entry | undefined {
  const infoHash = parseInfoHashHex(target);
  if (infoHash) return engine.book.get(infoHash);
  const named = [...engine.book.entries.values()].filter(({ transfer }) => transfer.metainfo.name === target);
  if (named.length > 1)
    throw ambiguous(
      target,
      named.map(({ transfer }) => transfer.infoHash),
    );
  return named[0];
}

/** Throws Refusal when it is not there. */
export function requireEntry(engine: Engine, infoHash: string): Entry {
  const entry = findEntry(engine, infoHash);
  if (!entry) throw new Refusal("not-found", `There is no transfer ${infoHash}.`);
  return entry;
}

/**
 * The metainfo of what a person names. `hasPeers`: he also says who has it. Throws Refusal, MetainfoError, StorageError, TrackerError.
 */
export async function findMetainfo(engine: Engine, target: string, hasPeers: boolean): Promise<Metainfo> {
  if (/^magnet:/i.test(target)) {
    throw new Refusal(
      "bad-format",
      "Magnet links cannot be opened yet: give a .torrent file, a name of the catalogue or its info hash.",
    );
  }
  const listed = findListed(engine, target);
  if (listed) {
    if (listed.holders === 0 && !hasPeers) throw new Refusal("no-holder", `No peer has the file ${listed.name} now.`);
    return parseMetainfo(await engine.links.torrent(listed.infoHash));
  }
  if (isAbsolute(target) || target.endsWith(".torrent")) return readTorrentFile(resolve(target));
  const hint = engine.links.count === 0 ? " No tracker is set: add one with --tracker HOST:PORT." : "";
  throw new Refusal("not-found", `File does not exist in the swarm: ${target}.${hint}`);
}

/** The entry of the catalogues that a person means: by info hash, or by a name that only one content has. */
export function findListed(
  engine: Engine,
  target: string,
): { infoHash: InfoHashHex; name: string; holders: number } | undefined {
  const infoHash = parseInfoHashHex(target);
  const found = new Map<InfoHashHex, { infoHash: InfoHashHex; name: string; holders: number }>();
  for (const { entry } of engine.links.entries()) {
    if (infoHash ? entry.infoHash !== infoHash : entry.name !== target) continue;
    const known = found.get(entry.infoHash);
    if (!known || known.holders < entry.holders) found.set(entry.infoHash, entry);
  }
  if (found.size > 1) throw ambiguous(target, [...found.keys()]);
  return found.values().next().value;
}

function ambiguous(name: string, infoHashes: readonly string[]): Refusal {
  return new Refusal(
    "bad-format",
    `${infoHashes.length} files are named ${name}: give the info hash, ${infoHashes.join(" or ")}.`,
  );
}
