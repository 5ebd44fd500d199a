// DownloadQueue: which downloads go on now and which wait for their turn. `waiting` decides, `applyQueue` tells the transfers.
import { TURN_MS } from "./limits.ts";
import { activeMode, type Entry } from "./transfer-book.ts";

/** What of a download decides about its turn. */
export interface Queueable {
  /** It would download: not paused, not whole, nothing wrong with it. */
  readonly wants: boolean;
  /** A connected peer has what it lacks, or its turn has just begun: one that only looks for peers takes nobody's turn. */
  readonly moves: boolean;
}

/**
 * The ones that wait, of `downloads` in their order: as many go on as `limit` says (0: all), and those that nobody gives anything
 * go on beside them, as libtorrent's queue does with slow torrents.
 */
export function waiting<Download extends Queueable>(
  downloads: readonly Download[],
  limit: number,
): ReadonlySet<Download> {
  const queued = new Set<Download>();
  if (limit === 0) return queued;
  let turns = limit;
  for (const download of downloads) {
    if (!download.wants) continue;
    if (turns === 0) queued.add(download);
    else if (download.moves) turns--;
  }
  return queued;
}

/** Lets all entries go on or wait, and notes their places. Says whether anything changed. `now` in monotonic milliseconds. */
export function applyQueue(entries: Iterable<Entry>, limit: number, now: number): boolean {
  const inOrder = Array.from(entries)
    .toSorted((a, b) => orderOf(a) - orderOf(b))
    .map((entry) => ({ entry, wants: wantsTurn(entry), moves: moves(entry, now) }));
  const queued = waiting(inOrder, limit);
  let position = 0;
  let changed = false;
  for (const download of inOrder) {
    const { entry } = download;
    const place = queued.has(download) ? ++position : null;
    const hasTurn = download.wants && place === null && entry.transfer.checks.checkedPieces === undefined;
    entry.turnSince = hasTurn ? (entry.turnSince ?? now) : undefined;
    if (place === entry.queuePosition) continue;
    entry.queuePosition = place;
    entry.row = undefined;
    entry.transfer.setQueued(place !== null);
    changed = true;
  }
  return changed;
}

/** What the queue is ordered by: who was added first, unless a person moved it. */
export function orderOf({ settings }: Entry): number {
  return settings.order ?? settings.addedAt;
}

/**
 * The new orders that put `entry` where a person wants it among downloads that are `inOrder`, itself one of them: as a rule its own, and all
 * when no number is left between its neighbours. Empty: it is there already.
 */
export function movedOrders(
  entry: Entry,
  inOrder: readonly Entry[],
  to: "top" | "up" | "down" | "bottom",
): ReadonlyMap<Entry, number> {
  const others = inOrder.filter((other) => other !== entry);
  const at = inOrder.indexOf(entry);
  const place = { top: 0, up: Math.max(0, at - 1), down: at + 1, bottom: others.length }[to];
  if (place === at || place > others.length) return new Map();
  const before = others[place - 1];
  const after = others[place];
  if (!before) return new Map([[entry, orderOf(after!) - 1]]);
  if (!after) return new Map([[entry, orderOf(before) + 1]]);
  const order = (orderOf(before) + orderOf(after)) / 2;
  if (order > orderOf(before) && order < orderOf(after)) return new Map([[entry, order]]);
  const first = orderOf(inOrder[0]!);
  return new Map(others.toSpliced(place, 0, entry).map((moved, i) => [moved, first + i]));
}

/** By what it is to do, which it may not have begun: it would ask for pieces before it hears that it has to wait. */
function wantsTurn({ transfer, settings }: Entry): boolean {
  return !settings.paused && activeMode(settings) === "download" && !transfer.isDone && !transfer.problem;
}

/** One that waits has no peers to tell: it is taken at its word, as is one whose turn begins now. One that is checked asks for nothing. */
function moves({ transfer, turnSince }: Entry, now: number): boolean {
  if (transfer.checks.checkedPieces !== undefined) return false;
  if (transfer.isQueued || now - (turnSince ?? now) < TURN_MS) return true;
  return [...transfer.swarm.peers.values()].some((peer) => peer.wanted > 0);
}
