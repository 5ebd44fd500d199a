// What the three lists hold, in order: filtered, sorted, each row with a key by which the selection follows it.
import type { BroadcastRow, CatalogueRow, PeerRow, Snapshot, TransferRow } from "../control/contract.ts";
import { type Filter, parseFilter } from "../control/filter.ts";
import type { PaneName } from "./layout.ts";

export const AVAILABLE_ORDERS = ["name", "size", "holders", "newest"] as const;
export const TRANSFER_ORDERS = ["newest", "name", "rate", "progress"] as const;
export type AvailableOrder = (typeof AVAILABLE_ORDERS)[number];
export type TransferOrder = (typeof TRANSFER_ORDERS)[number];

export interface ListSettings {
  /** As `parseFilter` takes them, none of them a mistake. */
  readonly filters: Readonly<Record<PaneName, string>>;
  readonly availableOrder: AvailableOrder;
  readonly transferOrder: TransferOrder;
  /** Info hashes of transfers whose peers are shown. */
  readonly expanded: ReadonlySet<string>;
}

export interface AvailableItem {
  readonly key: string;
  readonly row: CatalogueRow;
  /** As `markerOf` says. */
  readonly mark: string;
}
/** A transfer, or below it one of its peers. */
export interface TransferItem {
  readonly key: string;
  readonly transfer: TransferRow;
  /** As `markerOf` says. */
  readonly mark: string;
  readonly peer: PeerRow | null;
}
export interface BroadcastItem {
  readonly key: string;
  readonly row: BroadcastRow;
}

export interface Lists {
  readonly available: readonly AvailableItem[];
  readonly transfers: readonly TransferItem[];
  readonly broadcasts: readonly BroadcastItem[];
}

/** Builds the lists; one whose source and settings are as in `before` is taken over. */
export function buildLists(
  snapshot: Snapshot,
  settings: ListSettings,
  before?: { readonly snapshot: Snapshot; readonly settings: ListSettings; readonly lists: Lists },
): Lists {
  const same = (pane: PaneName, source: "catalogue" | "transfers" | "broadcasts"): boolean =>
    before !== undefined &&
    before.snapshot[source] === snapshot[source] &&
    before.settings.filters[pane] === settings.filters[pane];
  return {
    available:
      same("available", "catalogue") && before?.settings.availableOrder === settings.availableOrder
        ? before.lists.available
        : availableItems(snapshot.catalogue, settings),
    transfers:
      same("transfers", "transfers") &&
      before?.settings.transferOrder === settings.transferOrder &&
      before.settings.expanded === settings.expanded
        ? before.lists.transfers
        : transferItems(snapshot.transfers, settings),
    broadcasts: same("broadcasts", "broadcasts")
      ? before!.lists.broadcasts
      : snapshot.broadcasts.filter(filterOf(settings, "broadcasts")).map((row) => ({ key: String(row.seq), row })),
  };
}

function filterOf({ filters }: ListSettings, pane: PaneName): Filter {
  const filter = parseFilter(filters[pane]);
  if (!filter.ok) throw new RangeError(`a filter is no filter: ${filters[pane]}`);
  return filter.matches;
}

/** Whether `text` has all words of `filter`, in any case and order. */
export function matches(text: string, filter: string): boolean {
  if (filter === "") return true;
  const searched = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => searched.includes(word));
}

/** What tells rows of one name apart: the first digits of the info hash where another content has the name too, else nothing. */
export function markerOf(rows: readonly Named[]): (row: Named) => string {
  const firstOf = new Map<string, string>();
  const shared = new Set<string>();
  for (const { name, infoHash } of rows) {
    const first = firstOf.get(name);
    if (first === undefined) firstOf.set(name, infoHash);
    else if (first !== infoHash) shared.add(name);
  }
  return ({ name, infoHash }) => (shared.has(name) ? infoHash.slice(0, MARK_DIGITS) : "");
}

/** The name of one of `rows`, with its mark when it has one. */
export function markedName(row: Named, rows: readonly Named[]): string {
  const mark = markerOf(rows)(row);
  return mark === "" ? row.name : `${row.name} ${mark}`;
}

interface Named {
  readonly name: string;
  readonly infoHash: string;
}

/** Two contents in 16 million share them, and half a name still stands before them. */
const MARK_DIGITS = 6;

function availableItems(catalogue: readonly CatalogueRow[], settings: ListSettings): readonly AvailableItem[] {
  const rows = catalogue.filter(filterOf(settings, "available"));
  const markOf = markerOf(catalogue);
  return rows
    .toSorted((a, b) => compareAvailable(a, b, settings.availableOrder) || byName(a, b) || byHash(a, b))
    .map((row) => ({ key: `${row.infoHash} ${row.tracker}`, row, mark: markOf(row) }));
}

function transferItems(transfers: readonly TransferRow[], settings: ListSettings): readonly TransferItem[] {
  const markOf = markerOf(transfers);
  return transfers
    .filter(filterOf(settings, "transfers"))
    .toSorted((a, b) => compareTransfers(a, b, settings.transferOrder) || byName(a, b) || byHash(a, b))
    .flatMap((transfer) => {
      const item = { key: transfer.infoHash, transfer, mark: markOf(transfer), peer: null };
      if (!settings.expanded.has(transfer.infoHash)) return [item];
      return [item, ...transfer.peers.map((peer) => ({ ...item, key: `${transfer.infoHash} ${peer.key}`, peer }))];
    });
}

function compareAvailable(a: CatalogueRow, b: CatalogueRow, order: AvailableOrder): number {
  switch (order) {
    case "name":
      return 0;
    case "size":
      return b.length - a.length;
    case "holders":
      return b.holders - a.holders;
    case "newest":
      return b.addedAt - a.addedAt;
    default:
      return order satisfies never;
  }
}

function compareTransfers(a: TransferRow, b: TransferRow, order: TransferOrder): number {
  switch (order) {
    case "newest":
      return b.addedAt - a.addedAt;
    case "name":
      return 0;
    case "rate":
      return b.downBytesPerSecond + b.upBytesPerSecond - a.downBytesPerSecond - a.upBytesPerSecond;
    case "progress":
      return b.heldPieces / Math.max(1, b.pieceCount) - a.heldPieces / Math.max(1, a.pieceCount);
    default:
      return order satisfies never;
  }
}

const byName = (a: { name: string }, b: { name: string }): number => collator.compare(a.name, b.name);
const byHash = (a: { infoHash: string }, b: { infoHash: string }): number => (a.infoHash < b.infoHash ? -1 : 1);
const collator = new Intl.Collator("en", { numeric: true });
