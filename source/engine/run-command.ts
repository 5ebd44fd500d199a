// What a command comes to: one function a command, each answering with one sentence.
import { access, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Command, Reply } from "../control/contract.ts";
import { MetainfoError } from "../metainfo/errors.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { displayText } from "../protocol/display-text.ts";
import { TrackerError } from "../protocol/errors.ts";
import { toHex } from "../protocol/ids.ts";
import { StorageError } from "../storage/errors.ts";
import { freeBytes, KEPT_FREE_BYTES } from "../storage/free-space.ts";
import { createTorrent, leftOutText, readTorrentFile } from "../storage/hash-files.ts";
import { toRanges } from "../storage/index-ranges.ts";
import { newTransferSettings, type TransferSettings } from "../storage/transfer-store.ts";
import type { Address } from "../swarm/events.ts";
import {
  limit,
  move,
  onlyThese,
  type OwnLimits,
  setFiles,
  setLimits,
  setTransfer,
  withLimits,
} from "./change-settings.ts";
import { filesOf, findEntry, findListed, findMetainfo, peersOf, requireEntry } from "./find-target.ts";
import { KEPT_METAINFO } from "./limits.ts";
import { parseAddress } from "./parse-address.ts";
import { type CommandedEngine as Engine, failure, type Found, Refusal, remembered, success } from "./reply.ts";
import { fileRows } from "./rows.ts";
import { seedLimitOf } from "./seed-limit.ts";
import { type TrackerAddress, parseTrackerAddress, trackerText } from "./tracker-address.ts";
import { bytesText } from "./transfer-summary.ts";
import { activeMode, type Entry } from "./transfer-book.ts";

/** Carries out a command. What went wrong is in the reply; only our own mistakes are thrown. */
export async function runCommand(engine: Engine, command: Command): Promise<Reply> {
  try {
    return await dispatch(engine, command);
  } catch (error) {
    if (error instanceof Refusal) return failure(error.code, error.message);
    if (error instanceof StorageError || error instanceof MetainfoError) return failure("file-problem", error.message);
    if (error instanceof TrackerError) return failure("tracker-problem", error.message);
    if (engine.ending.aborted) return failure("engine-gone", "The engine is stopping.");
    throw error;
  }
}

function dispatch(engine: Engine, command: Command): Promise<Reply> | Reply {
  switch (command.method) {
    case "download":
      return download(engine, command);
    case "share":
      return share(engine, command);
    case "push":
      return push(engine, command);
    case "pause":
      return pause(engine, command.infoHash);
    case "resume":
      return resume(engine, command.infoHash);
    case "check":
      return check(engine, command.infoHash);
    case "reannounce":
      return reannounce(engine, command.infoHash);
    case "remove":
      return remove(engine, command.infoHash, command.withData);
    case "add-tracker":
      return addTracker(engine, command.address);
    case "no-tracker":
      return noTracker(engine);
    case "remove-tracker":
      return removeTracker(engine, command.address);
    case "set-limits":
      return setLimits(engine, command);
    case "set-transfer":
      return setTransfer(engine, command);
    case "set-files":
      return setFiles(engine, command);
    case "files":
      return { ...success(""), files: fileRows(requireEntry(engine, command.infoHash).transfer, Infinity) };
    case "move":
      return move(engine, command);
    case "inspect":
      return inspect(engine, command);
    case "doctor":
      return { ...success(""), doctor: engine.doctor() };
    case "complete-path":
      return completePath(command.prefix);
    case "stop":
      engine.options.onStop();
      return success("The engine stops; transfers are saved.");
    default:
      return command satisfies never;
  }
}

async function download(engine: Engine, command: Extract<Command, { method: "download" }>): Promise<Reply> {
  const addresses = [...parsePeers(command.peers), ...peersOf(command.target)];
  const named = findEntry(engine, command.target);
  const found: Found = named
    ? { metainfo: named.transfer.metainfo, dht: named.settings.dht }
    : await findOffered(engine, command.target, addresses);
  const present = engine.book.get(toHex(found.metainfo.infoHash));
  // Of what was given to us nobody has chosen anything yet.
  const isNew = present?.settings.gift ?? true;
  const linked = isNew && !command.files ? filesOf(command.target, found.metainfo) : undefined;
  const asked = linked ? { ...command, files: [...linked] } : command;
  const entry = present ?? (await add(engine, found, asked));
  const { transfer } = entry;
  // A gift of it may have come at the same moment: what was added is no download then.
  const known = present ?? (entry.settings.gift ? entry : undefined);
  if (known) await change(engine, known, asked);
  if (addresses.length > 0) transfer.dispatch({ type: "candidates", addresses, source: "given" });
  if (transfer.isDone) {
    return success(
      `${transfer.metainfo.name} is here already${transfer.isComplete ? ", complete" : ": the files that are wanted"}, in ${entry.settings.folder}.`,
      transfer.infoHash,
    );
  }
  if (known && (transfer.mode !== "download" || transfer.problem)) await engine.book.setMode(known, "download");
  await engine.findHolders(transfer);
  if (transfer.problem) return success(`${transfer.metainfo.name}: ${transfer.problem.message}`, transfer.infoHash);
  const turn = transfer.isQueued ? " when it is its turn" : "";
  const files = linked
    ? `: ${transfer.selection.fileCount} of its ${transfer.layout.fileCount} files, as the link says`
    : "";
  return success(
    `Downloading ${transfer.metainfo.name} to ${entry.settings.folder}${turn}${files}.`,
    transfer.infoHash,
  );
}

function parsePeers(peers: readonly string[] = []): Address[] {
  return peers.map((text) => {
    const address = parseAddress(text);
    if (!address) throw new Refusal("bad-format", `Wrong format: "${text}" is no HOST:PORT of a peer.`);
    return address;
  });
}

async function findOffered(engine: Engine, target: string, peers: readonly Address[]): Promise<Found> {
  const listed = findListed(engine, target);
  if (listed?.holders === 0 && peers.length === 0)
    throw new Refusal("no-holder", `No peer has the file ${listed.name} now.`);
  return findMetainfo(engine, target, peers);
}

/** What is said of a transfer that is there already. */
async function change(engine: Engine, entry: Entry, command: Extract<Command, { method: "download" }>): Promise<void> {
  const { files, sequential = entry.settings.sequential } = command;
  if (files) await engine.book.setFiles(entry, onlyThese(entry.transfer.metainfo, files));
  if (sequential !== entry.settings.sequential) await engine.book.setSequential(entry, sequential);
  await limit(engine, entry, command);
}

async function add(
  engine: Engine,
  { metainfo, dht, neighbours = [] }: Found,
  command: Extract<Command, { method: "download" }>,
): Promise<Entry> {
  const folder = command.folder ?? engine.options.folder;
  const settings = { ...newSettings(engine, folder, command), sequential: command.sequential ?? false, dht };
  if (command.files) {
    const off = onlyThese(metainfo, command.files).filter(({ priority }) => priority === "off");
    settings.filesOff = toRanges(off.map(({ index }) => index));
  }
  const entry = await engine.book.add(metainfo, settings, { acceptMissing: true, expect: "data" });
  if (dht) entry.transfer.dispatch({ type: "candidates", addresses: neighbours, source: "lan" });
  await engine.begin(entry);
  return entry;
}

async function share(engine: Engine, command: Extract<Command, { method: "share" }>): Promise<Reply> {
  const path = resolve(command.path);
  if (path.endsWith(".torrent")) {
    return shareTorrent(engine, await readTorrentFile(path), command.folder ?? dirname(path), command);
  }
  const announce = engine.links.announceUrls();
  const { metainfo, folder, leftOut } = await createTorrent(path, {
    signal: engine.ending,
    diskThreads: engine.book.diskThreads,
    createdBy: `sta ${engine.options.version}`,
    ...(announce.length > 0 && { announce: [announce] }),
  });
  const known = engine.book.get(toHex(metainfo.infoHash));
  const notes = [leftOutText(leftOut)].filter((note) => note !== undefined);
  if (known?.transfer.isComplete) return seeding(engine, known, command, notes);
  // The same content lies here: what was begun elsewhere gives way to what is whole.
  if (known) await engine.book.remove(known, false);
  // What was shared from here before is here no more.
  for (const entry of engine.book.entries.values()) {
    if (entry.transfer.storage.path !== path) continue;
    await engine.book.remove(entry, false);
    engine.links.forget(entry.transfer.infoHash);
  }
  const entry = await engine.book.add(metainfo, newSettings(engine, folder), { justHashed: true });
  return seeding(engine, entry, command, notes);
}

/** Seeds a torrent made elsewhere, after hashing what lies in `folder`. */
async function shareTorrent(
  engine: Engine,
  metainfo: Metainfo,
  folder: string,
  command: Extract<Command, { method: "share" }>,
): Promise<Reply> {
  const known = engine.book.get(toHex(metainfo.infoHash));
  const entry =
    known ??
    (await engine.book.add(metainfo, { ...newSettings(engine, folder), paused: true }, { acceptMissing: true }));
  if (!entry.transfer.isComplete) await entry.transfer.checks.run();
  const { isComplete, swarm, layout } = entry.transfer;
  if (!isComplete && !(command.partial && !swarm.states.held.isEmpty)) {
    const { count } = swarm.states.held;
    if (!known) await engine.book.remove(entry, false);
    throw new Refusal(
      "not-held",
      `${metainfo.name} cannot be shared from ${folder}: ${count} of its ${layout.pieceCount} pieces are there and right.`,
    );
  }
  return seeding(engine, entry, command);
}

async function seeding(engine: Engine, entry: Entry, limits: OwnLimits, notes: readonly string[] = []): Promise<Reply> {
  const { transfer } = entry;
  const { metainfo, infoHash } = transfer;
  const { isComplete } = transfer;
  const settings = { paused: false, gift: !isComplete, shared: isComplete, published: !metainfo.private, dht: false };
  entry.settings = { ...entry.settings, ...settings };
  await limit(engine, entry, limits);
  const refusals = await engine.begin(entry);
  const hasTwin = [...engine.links.entries()].some(
    (listed) => listed.entry.name === metainfo.name && listed.entry.infoHash !== infoHash,
  );
  const twin = hasTwin ? ["Another file is offered under this name: it takes the info hash to tell them apart."] : [];
  const isAlone = engine.links.count === 0 && metainfo.announce.flat().length === 0;
  const alone = isAlone
    ? ["No tracker is set, so nobody hears of it: --tracker HOST:PORT, or :tracker in the viewer, adds one."]
    : [];
  const all = [`Sharing ${metainfo.name} (${infoHash}).`, ...notes, ...alone, ...refusals, ...twin];
  return success(all.join(" "), infoHash);
}

async function push(engine: Engine, command: Extract<Command, { method: "push" }>): Promise<Reply> {
  const entry = findEntry(engine, command.target);
  if (!entry || entry.transfer.swarm.states.held.isEmpty) {
    const listed = findListed(engine, command.target);
    if (!entry && !listed) throw new Refusal("not-found", `File does not exist in the swarm: ${command.target}.`);
    const name = entry?.transfer.metainfo.name ?? listed?.name ?? command.target;
    throw new Refusal("not-held", `You do not have the file ${name}: download it before you give pieces of it.`);
  }
  const { transfer } = entry;
  const { name } = transfer.metainfo;
  if (command.stop) {
    transfer.dispatch({ type: "stop-giving" });
    return success(`Giving no more pieces of ${name}; those that are under way arrive.`, transfer.infoHash);
  }
  if (transfer.metainfo.private) throw new Refusal("failed", `${name} is private: its pieces are not given away.`);
  const peers = await engine.links.peers();
  if (peers.length === 0 && transfer.connectedPeers === 0)
    throw new Refusal("no-holder", `No other peer is connected to take pieces of ${name}.`);
  transfer.dispatch({ type: "give", count: command.count, keep: command.keep ?? false });
  transfer.dispatch({ type: "candidates", addresses: peers, source: "channel" });
  const what = command.keep ? "pieces" : command.count === 1 ? "a random piece" : `${command.count} random pieces`;
  const until = command.keep ? " until nobody lacks any" : "";
  return success(`Giving ${what} of ${name} to every peer that takes it${until}.`, transfer.infoHash);
}

async function pause(engine: Engine, infoHash: string): Promise<Reply> {
  const entry = requireEntry(engine, infoHash);
  const problem = await remembered(engine.book.setMode(entry, "paused"));
  return success(`Paused ${entry.transfer.metainfo.name}.${problem}`, infoHash);
}

async function resume(engine: Engine, infoHash: string): Promise<Reply> {
  const entry = requireEntry(engine, infoHash);
  const limit = seedLimitOf(entry);
  if (limit !== undefined) {
    const { name } = entry.transfer.metainfo;
    throw new Refusal("failed", `${name} stays paused: ${limit}. Set another limit, or none, and it goes on.`);
  }
  const problem = await remembered(engine.book.setMode(entry, activeMode(entry.settings)));
  if (entry.transfer.mode === "download") await engine.findHolders(entry.transfer);
  return success(`${entry.transfer.metainfo.name} goes on.${problem}`, infoHash);
}

function check(engine: Engine, infoHash: string): Reply {
  const { transfer } = requireEntry(engine, infoHash);
  void transfer.checks.run();
  return success(`Checking ${transfer.metainfo.name}: all its pieces are hashed again.`, infoHash);
}

function reannounce(engine: Engine, infoHash: string): Reply {
  const entry = requireEntry(engine, infoHash);
  const { metainfo, mode } = entry.transfer;
  if (mode === "paused") throw new Refusal("failed", `${metainfo.name} is paused: resume it, and it looks for peers.`);
  engine.reannounce(entry);
  return success(`Asking for peers of ${metainfo.name} again.`, infoHash);
}

async function remove(engine: Engine, infoHash: string, withData: boolean): Promise<Reply> {
  const entry = requireEntry(engine, infoHash);
  const { name } = entry.transfer.metainfo;
  await engine.book.remove(entry, withData);
  engine.links.forget(entry.transfer.infoHash);
  return success(
    withData ? `Removed ${name} and its data.` : `Removed ${name}; its data stays in ${entry.settings.folder}.`,
  );
}

function addTracker(engine: Engine, text: string): Reply {
  const address = parseTracker(text);
  const added = engine.addTracker(address);
  engine.trackerless = false;
  const name = trackerText(address);
  return success(
    added
      ? `Connecting to the tracker ${name}, which is remembered once it answers.`
      : `The tracker ${name} is known already.`,
  );
}

async function noTracker(engine: Engine): Promise<Reply> {
  engine.trackerless = true;
  const problem = await remembered(engine.options.rememberTrackerless?.());
  return success(`Only torrents, then: a tracker can be named later.${problem}`);
}

async function removeTracker(engine: Engine, text: string): Promise<Reply> {
  const address = parseTracker(text);
  const name = trackerText(address);
  if (!(await engine.links.remove(address))) throw new Refusal("not-found", `There is no tracker ${name} here.`);
  const problem = await remembered(engine.options.rememberTracker?.(address, false));
  return success(`Removed the tracker ${name}; what it offered is gone from the list.${problem}`);
}

function parseTracker(text: string): TrackerAddress {
  const address = parseTrackerAddress(text);
  if (!address) throw new Refusal("bad-format", `Wrong format: "${text}" is no HOST:PORT of a tracker.`);
  return address;
}

async function completePath(prefix: string): Promise<Reply> {
  const folder = prefix.endsWith("/") ? prefix : dirname(prefix);
  const start = prefix.endsWith("/") ? "" : basename(prefix);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries
    .filter(({ name }) => name.startsWith(start) && (start !== "" || !name.startsWith(".")))
    .map((entry) => join(folder, entry.name) + (entry.isDirectory() ? "/" : ""));
  // What is shown otherwise than it is called, or is called in no UTF-8, would lead nowhere.
  const paths = found.filter((path) => displayText(path) === path && !path.includes("\uFFFD"));
  const none = found.length === 0 ? `Nothing begins with ${prefix}.` : `What begins with ${prefix} cannot be typed.`;
  return {
    ...success(paths.length === 0 ? none : ""),
    paths: paths.toSorted().slice(0, 100).map(displayText),
  };
}

/** What a target holds, before it is added. */
async function inspect(engine: Engine, command: Extract<Command, { method: "inspect" }>): Promise<Reply> {
  const { target } = command;
  const peers = [...parsePeers(command.peers), ...peersOf(target)];
  const known = findEntry(engine, target);
  const found: Found = known
    ? { metainfo: known.transfer.metainfo, dht: known.settings.dht }
    : await findMetainfo(engine, target, peers);
  const { metainfo } = found;
  engine.inspected.set(toHex(metainfo.infoHash), found);
  if (engine.inspected.size > KEPT_METAINFO) engine.inspected.delete(engine.inspected.keys().next().value!);
  const folder = resolve(command.folder ?? engine.options.folder);
  const free = await freeBytes(folder);
  const isNewFolder = await access(folder).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "ENOENT",
  );
  const linked = filesOf(target, metainfo);
  const chosen = linked && new Set(linked);
  const files = metainfo.files.flatMap(({ path, length, padding }, index) => {
    const off = chosen && !chosen.has(index) && { off: true as const };
    return padding ? [] : [{ index, path: displayText(path.join("/")), length, ...off }];
  });
  const bytes = files.reduce((sum, { length }) => sum + length, 0);
  const torrent = {
    infoHash: toHex(metainfo.infoHash),
    name: displayText(metainfo.name),
    length: bytes,
    pieceLength: metainfo.pieceLength,
    private: metainfo.private,
    folder: displayText(folder),
    isNewFolder,
    freeBytes: free === undefined ? null : Math.max(0, free - (engine.options.keptFreeBytes ?? KEPT_FREE_BYTES)),
    files,
  };
  return { ...success(`${metainfo.name}: ${bytesText(bytes)}.`, torrent.infoHash), torrent };
}

function newSettings(engine: Engine, folder: string, limits: OwnLimits = {}): TransferSettings {
  const { ratioLimit, seedSecondsLimit } = engine;
  return withLimits({ ...newTransferSettings(resolve(folder), Date.now()), ratioLimit, seedSecondsLimit }, limits);
}
