// What a person means by a target: a transfer, an entry of a catalogue, or a .torrent file.
import { isAbsolute, resolve } from "node:path";
import { localAddressOf } from "../discovery/local-address.ts";
import { metainfoOf } from "../metainfo/from-info.ts";
import { chosenFiles, isMagnet, type Magnet, parseMagnet } from "../metainfo/magnet.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { idFromHex, type InfoHash, type InfoHashHex, parseInfoHashHex, toHex, toInfoHash } from "../protocol/ids.ts";
import { meantText } from "../protocol/meant-text.ts";
import { readTorrentFile } from "../storage/hash-files.ts";
import type { Address } from "../swarm/events.ts";
import { fetchTorrent } from "./fetch-torrent.ts";
import { parseAddress } from "./parse-address.ts";
import { type CommandedEngine as Engine, type Found, Refusal } from "./reply.ts";
import type { Entry } from "./transfer-book.ts";

/** The transfer a person means: by info hash, magnet link or name. Throws MetainfoError, and Refusal when several have the name. */
export function findEntry(engine: Engine, target: string): Entry | undefined {
  const infoHash = infoHashOf(target);
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

/** Peers that a magnet link names. Throws MetainfoError. */
export function peersOf(target: string): Address[] {
  if (!isMagnet(target)) return [];
  return parseMagnet(target)
    .peers.map((peer) => parseAddress(peer))
    .filter((address) => address !== undefined);
}

/** Files of this torrent that a magnet link chooses; undefined when it chooses none that is there. Throws MetainfoError. */
export function filesOf(target: string, { files }: Metainfo): readonly number[] | undefined {
  if (!isMagnet(target)) return undefined;
  const chosen = chosenFiles(parseMagnet(target), files.length);
  return chosen.some((index) => !files[index]!.padding) ? chosen : undefined;
}

/**
 * The metainfo of what a person names; `peers`: who he says has it. What was inspected is known; else a tracker is asked first, then peers
 * (BEP 9), a minute at most.
 * Throws Refusal, MetainfoError, StorageError, TrackerError.
 */
export async function findMetainfo(engine: Engine, target: string, peers: readonly Address[]): Promise<Found> {
  const infoHash = infoHashOf(target);
  const seen = infoHash && engine.inspected.get(infoHash);
  if (seen) return seen;
  if (/^https?:\/\//i.test(target))
    return brought(
      engine,
      await fetchTorrent(target, { signal: engine.ending, localAddress: localAddressOf(engine.options.host) }),
    );
  const listed = findListed(engine, target);
  if (listed) return { metainfo: await engine.links.torrent(listed.infoHash), dht: false };
  if (isMagnet(target)) {
    const magnet = parseMagnet(target);
    const dht = mayTellDht(engine, magnet.infoHash, magnet.trackers);
    const { metainfo, neighbours } = await askPeers(engine, magnet, peers, dht);
    return { ...brought(engine, metainfo), neighbours };
  }
  const id = idFromHex(target);
  if (id && peers.length > 0) {
    const sought = { infoHash: toInfoHash(id), name: undefined, trackers: [], webSeeds: [] };
    return { ...(await askPeers(engine, sought, peers, false)), dht: false };
  }
  if (isAbsolute(target) || target.endsWith(".torrent")) return brought(engine, await readTorrentFile(resolve(target)));
  const names = Array.from(engine.links.entries(), ({ entry }) => entry.name);
  const hint =
    engine.links.count === 0 ? " No tracker is set: add one with --tracker HOST:PORT." : meantText(target, names);
  throw new Refusal("not-found", `File does not exist in the swarm: ${target}.${hint}`);
}

/** What a person brought himself: may its info hash be told to the DHT, and to our networks? */
function brought(engine: Engine, metainfo: Metainfo): Found {
  const { private: isPrivate, infoHash, announce } = metainfo;
  return { metainfo, dht: !isPrivate && mayTellDht(engine, infoHash, announce.flat()) };
}

/** What a tracker of ours lists, or is to be announced to one, is its swarm's alone: the DHT is open to everybody, a network to all who are in it. */
function mayTellDht(engine: Engine, infoHash: InfoHash, trackers: readonly string[]): boolean {
  const ours = engine.links.announceUrls();
  return !findListed(engine, toHex(infoHash)) && !trackers.some((url) => ours.includes(url));
}

/** The entry of the catalogues that a person means: by info hash, or by a name that only one content has. */
export function findListed(
  engine: Engine,
  target: string,
): { infoHash: InfoHashHex; name: string; holders: number } | undefined {
  const infoHash = infoHashOf(target);
  const found = new Map<InfoHashHex, { infoHash: InfoHashHex; name: string; holders: number }>();
  for (const { entry } of engine.links.entries()) {
    if (infoHash ? entry.infoHash !== infoHash : entry.name !== target) continue;
    const known = found.get(entry.infoHash);
    if (!known || known.holders < entry.holders) found.set(entry.infoHash, entry);
  }
  if (found.size > 1) throw ambiguous(target, [...found.keys()]);
  return found.values().next().value;
}

/** Of 40 hex digits or of a magnet link; undefined for anything else. Throws MetainfoError. */
function infoHashOf(target: string): InfoHashHex | undefined {
  return isMagnet(target) ? toHex(parseMagnet(target).infoHash) : parseInfoHashHex(target);
}

async function askPeers(
  engine: Engine,
  { infoHash, name, trackers, webSeeds }: Omit<Magnet, "peers" | "files">,
  given: readonly Address[],
  dht: boolean,
): Promise<Omit<Found, "dht">> {
  const peers = [...given, ...(await engine.links.holders(toHex(infoHash)))];
  const found = await engine.metainfoSearch.find({ infoHash, trackers, peers, dht, signal: engine.ending });
  if (found) return { metainfo: metainfoOf(found.info, trackers, webSeeds), neighbours: found.neighbours };
  throw new Refusal(
    "no-holder",
    `No peer told what ${name ?? toHex(infoHash)} is: ask again later, or give its .torrent file.`,
  );
}

function ambiguous(name: string, infoHashes: readonly string[]): Refusal {
  return new Refusal(
    "bad-format",
    `${infoHashes.length} files are named ${name}: give the info hash, ${infoHashes.join(" or ")}.`,
  );
}
