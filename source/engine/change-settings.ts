// Commands that change how transfers go on: rates, files, order, when they end.
import type { Command, Reply } from "../control/contract.ts";
import type { FilePriority } from "../metainfo/file-selection.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { countText } from "../protocol/count-text.ts";
import type { TransferSettings } from "../storage/transfer-store.ts";
import { movedOrders, orderOf } from "./download-queue.ts";
import { requireEntry } from "./find-target.ts";
import { type CommandedEngine as Engine, Refusal, remembered, success } from "./reply.ts";
import type { TokenBucket } from "./token-bucket.ts";
import type { Entry } from "./transfer-book.ts";
import { bytesText } from "./transfer-summary.ts";

type Asked<Method extends Command["method"]> = Extract<Command, { method: Method }>;

/** Limits of one transfer, as commands name them; what is not named stays as it is. */
export type OwnLimits = Pick<
  Asked<"set-transfer">,
  "downBytesPerSecond" | "upBytesPerSecond" | "ratioLimit" | "seedSecondsLimit"
>;

/** Limits of the whole engine, also of its next start. */
export async function setLimits(engine: Engine, command: Asked<"set-limits">): Promise<Reply> {
  if (command.downBytesPerSecond !== undefined) engine.downLimit.bytesPerSecond = command.downBytesPerSecond;
  if (command.upBytesPerSecond !== undefined) engine.upLimit.bytesPerSecond = command.upBytesPerSecond;
  if (command.activeDownloads !== undefined) {
    engine.activeDownloads = command.activeDownloads;
    engine.queueChanged();
  }
  if (command.ratioLimit !== undefined) engine.ratioLimit = command.ratioLimit;
  if (command.seedSecondsLimit !== undefined) engine.seedSecondsLimit = command.seedSecondsLimit;
  const { activeDownloads, ratioLimit, seedSecondsLimit } = engine;
  const [downLimit, upLimit] = [engine.downLimit.bytesPerSecond, engine.upLimit.bytesPerSecond];
  const problem = await remembered(
    engine.options.rememberLimits?.({ downLimit, upLimit, activeDownloads, ratioLimit, seedSecondsLimit }),
  );
  const down = limitText("down", engine.downLimit);
  const atOnce = activeDownloads === 0 ? "" : `, ${countText(activeDownloads, "download")} at once`;
  const seeds = untilText(engine);
  const added = seeds === "" ? "" : `, and what is added is shared ${seeds}`;
  return success(`The limits are set: ${down}, ${limitText("up", engine.upLimit)}${atOnce}${added}.${problem}`);
}

function limitText(direction: "down" | "up", { bytesPerSecond }: TokenBucket): string {
  return bytesPerSecond === 0 ? `no limit ${direction}` : `${direction} ${bytesText(bytesPerSecond)}/s`;
}

/** How one transfer goes on. */
export async function setTransfer(engine: Engine, command: Asked<"set-transfer">): Promise<Reply> {
  const entry = requireEntry(engine, command.infoHash);
  const { transfer } = entry;
  const { sequential = entry.settings.sequential } = command;
  if (sequential !== entry.settings.sequential) await engine.book.setSequential(entry, sequential);
  await limit(engine, entry, command);
  const until = untilText(entry.settings);
  const seeds = until === "" ? "" : `, is shared ${until}`;
  const order = sequential ? ", in order" : "";
  return success(
    `${transfer.metainfo.name}: ${limitText("down", transfer.downLimit)}, ${limitText("up", transfer.upLimit)}${order}${seeds}.`,
    command.infoHash,
  );
}

/** Puts limits on a transfer and remembers them. Throws StorageError. */
export async function limit(engine: Pick<Engine, "book">, entry: Entry, limits: OwnLimits): Promise<void> {
  entry.settings = withLimits(entry.settings, limits);
  entry.transfer.downLimit.bytesPerSecond = entry.settings.downLimit;
  entry.transfer.upLimit.bytesPerSecond = entry.settings.upLimit;
  entry.row = undefined;
  await engine.book.save(entry);
}

/** Settings with these limits in them. */
export function withLimits(settings: TransferSettings, limits: OwnLimits): TransferSettings {
  const {
    downBytesPerSecond: downLimit = settings.downLimit,
    upBytesPerSecond: upLimit = settings.upLimit,
    ratioLimit = settings.ratioLimit,
    seedSecondsLimit = settings.seedSecondsLimit,
  } = limits;
  return { ...settings, downLimit, upLimit, ratioLimit, seedSecondsLimit };
}

/** `until its ratio is 2 or for 90 s`; empty: for good. */
function untilText({
  ratioLimit,
  seedSecondsLimit,
}: Pick<TransferSettings, "ratioLimit" | "seedSecondsLimit">): string {
  const until = [
    ...(ratioLimit === null ? [] : [`until its ratio is ${ratioLimit}`]),
    ...(seedSecondsLimit === null ? [] : [`for ${seedSecondsLimit} s`]),
  ];
  return until.join(" or ");
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
  const { selection, layout } = entry.transfer;
  return success(
    `${metainfo.name}: ${selection.fileCount} of ${layout.fileCount} files are wanted, ${bytesText(selection.bytes)}.`,
    infoHash,
  );
}

/** These files of a torrent are wanted, and no others. Throws Refusal for one that it does not have. */
export function onlyThese(
  metainfo: Metainfo,
  files: readonly number[] | "all",
): { index: number; priority: FilePriority }[] {
  const wanted = new Set(files === "all" ? metainfo.files.keys() : files);
  requireFiles(metainfo, [...wanted]);
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
  const orders = movedOrders(
    entry,
    downloads.toSorted((a, b) => orderOf(a) - orderOf(b)),
    to,
  );
  for (const [moved, order] of orders) moved.settings = { ...moved.settings, order };
  for (const moved of orders.keys()) await engine.book.save(moved);
  if (orders.size > 0) engine.queueChanged();
  const ahead = downloads.filter((other) => orderOf(other) < orderOf(entry)).length;
  return success(`${name} is download ${ahead + 1} of ${downloads.length} now.`, infoHash);
}
