// Commands that change how transfers go on: rates, files, order, when they end.
import type { Command, Reply } from "../control/contract.ts";
import type { FilePriority } from "../metainfo/file-selection.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { movedOrder, orderOf } from "./download-queue.ts";
import { requireEntry } from "./find-target.ts";
import { type CommandedEngine as Engine, Refusal, success } from "./reply.ts";
import type { TokenBucket } from "./token-bucket.ts";
import { bytesText } from "./transfer-summary.ts";

type Asked<Method extends Command["method"]> = Extract<Command, { method: Method }>;

/** Limits of the whole engine. */
export function setLimits(engine: Engine, command: Asked<"set-limits">): Reply {
  if (command.downBytesPerSecond !== undefined) engine.downLimit.bytesPerSecond = command.downBytesPerSecond;
  if (command.upBytesPerSecond !== undefined) engine.upLimit.bytesPerSecond = command.upBytesPerSecond;
  if (command.activeDownloads !== undefined) {
    engine.activeDownloads = command.activeDownloads;
    engine.queueChanged();
  }
  const down = limitText("down", engine.downLimit);
  const atOnce = engine.activeDownloads === 0 ? "" : `, ${engine.activeDownloads} downloads at once`;
  return success(`The limits are set: ${down}, ${limitText("up", engine.upLimit)}${atOnce}.`);
}

function limitText(direction: "down" | "up", { bytesPerSecond }: TokenBucket): string {
  return bytesPerSecond === 0 ? `no limit ${direction}` : `${direction} ${bytesText(bytesPerSecond)}/s`;
}

/** How one transfer goes on. */
export async function setTransfer(engine: Engine, command: Asked<"set-transfer">): Promise<Reply> {
  const entry = requireEntry(engine, command.infoHash);
  const { transfer, settings } = entry;
  const {
    downBytesPerSecond: downLimit = settings.downLimit,
    upBytesPerSecond: upLimit = settings.upLimit,
    ratioLimit = settings.ratioLimit,
    seedSecondsLimit = settings.seedSecondsLimit,
    sequential = settings.sequential,
  } = command;
  if (sequential !== settings.sequential) await engine.book.setSequential(entry, sequential);
  entry.settings = { ...entry.settings, downLimit, upLimit, ratioLimit, seedSecondsLimit };
  transfer.downLimit.bytesPerSecond = downLimit;
  transfer.upLimit.bytesPerSecond = upLimit;
  entry.row = undefined;
  await engine.book.save(entry);
  const until = [
    ...(ratioLimit === null ? [] : [`until its ratio is ${ratioLimit}`]),
    ...(seedSecondsLimit === null ? [] : [`for ${seedSecondsLimit} s`]),
  ];
  const seeds = until.length === 0 ? "" : `, is shared ${until.join(" or ")}`;
  const order = sequential ? ", in order" : "";
  return success(
    `${transfer.metainfo.name}: ${limitText("down", transfer.downLimit)}, ${limitText("up", transfer.upLimit)}${order}${seeds}.`,
    command.infoHash,
  );
}

/** Which files of a transfer are wanted, and which first. */
export async function setFiles(engine: Engine, { infoHash, files }: Asked<"set-files">): Promise<Reply> {
  const entry = requireEntry(engine, infoHash);
  const { metainfo } = entry.transfer;
  requireFiles(
    metainfo,
    files.map(({ index }) => index),
  );
  await engine.book.setFiles(entry, files);
  engine.queueChanged();
  const { leftOut, bytes } = entry.transfer.selection;
  const wanted = metainfo.files.length - leftOut.size;
  return success(
    `${metainfo.name}: ${wanted} of ${metainfo.files.length} files are wanted, ${bytesText(bytes)}.`,
    infoHash,
  );
}

/** These files of a torrent are wanted, and no others. Throws Refusal for one that it does not have. */
export function onlyThese(metainfo: Metainfo, files: readonly number[]): { index: number; priority: FilePriority }[] {
  requireFiles(metainfo, files);
  const wanted = new Set(files);
  return Array.from(metainfo.files.keys(), (index) => ({ index, priority: wanted.has(index) ? "normal" : "off" }));
}

function requireFiles({ name, files }: Metainfo, indexes: readonly number[]): void {
  const unknown = indexes.find((index) => index >= files.length);
  if (unknown === undefined) return;
  throw new Refusal("bad-format", `${name} has ${files.length} files, numbered from 0: there is no file ${unknown}.`);
}

/** Another place among the downloads. */
export async function move(engine: Engine, { infoHash, to }: Asked<"move">): Promise<Reply> {
  const entry = requireEntry(engine, infoHash);
  const { name } = entry.transfer.metainfo;
  const downloads = [...engine.book.entries.values()].filter(({ transfer }) => !transfer.isComplete);
  if (!downloads.includes(entry)) throw new Refusal("failed", `${name} is whole: it waits for nothing.`);
  const order = movedOrder(
    entry,
    downloads.toSorted((a, b) => orderOf(a) - orderOf(b)),
    to,
  );
  if (order !== undefined) {
    entry.settings = { ...entry.settings, order };
    await engine.book.save(entry);
    engine.queueChanged();
  }
  const ahead = downloads.filter((other) => orderOf(other) < orderOf(entry)).length;
  return success(`${name} is download ${ahead + 1} of ${downloads.length} now.`, infoHash);
}
