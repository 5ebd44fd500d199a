// The orders a list can be in: what the sort menu offers.
import type { CatalogueRow, PeerRow, TransferRow } from "../control/contract.ts";
import type { TreeFile } from "./file-tree.ts";

/** How a list is sorted now: `by` names one of its orderings. */
export interface Order {
  readonly by: string;
  readonly reversed: boolean;
}

export interface Ordering<Row> {
  readonly by: string;
  /** Chooses it in the menu. */
  readonly key: string;
  readonly compare: (a: Row, b: Row) => number;
}

interface RowOf {
  readonly available: CatalogueRow;
  readonly transfers: TransferRow;
  readonly peers: PeerRow;
  /** Folders too: they have the sums of what lies below them. */
  readonly files: TreeFile;
}
export type SortedList = keyof RowOf;

const collator = new Intl.Collator("en", { numeric: true });
const byText = (a: string, b: string): number => (a === b ? 0 : collator.compare(a, b));
const byName = (a: { name: string; infoHash: string }, b: { name: string; infoHash: string }): number =>
  byText(a.name, b.name) || (a.infoHash < b.infoHash ? -1 : 1);
const most =
  <Row>(valueOf: (row: Row) => number) =>
  (a: Row, b: Row): number =>
    valueOf(b) - valueOf(a);
const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);

/** By list, the usual order first. Rows that an ordering holds for equal stand as in the usual one. */
export const ORDERINGS: { readonly [List in SortedList]: readonly Ordering<RowOf[List]>[] } = {
  available: [
    { by: "name", key: "n", compare: byName },
    { by: "size", key: "s", compare: most(({ length }) => length) },
    { by: "holders", key: "p", compare: most(({ holders }) => holders) },
    { by: "newest", key: "a", compare: most(({ addedAt }) => addedAt) },
  ],
  transfers: [
    { by: "newest", key: "a", compare: (a, b) => b.addedAt - a.addedAt || byName(a, b) },
    { by: "name", key: "n", compare: byName },
    { by: "rate", key: "r", compare: most((row) => row.downBytesPerSecond + row.upBytesPerSecond) },
    { by: "progress", key: "d", compare: most((row) => share(row.wantedHeldBytes, row.wantedBytes)) },
    { by: "size", key: "s", compare: most(({ length }) => length) },
    { by: "ratio", key: "t", compare: most(({ ratio }) => ratio) },
    { by: "queue", key: "u", compare: (a, b) => (a.queuePosition ?? Infinity) - (b.queuePosition ?? Infinity) || 0 },
  ],
  peers: [
    { by: "rate", key: "r", compare: most((row) => row.downBytesPerSecond + row.upBytesPerSecond) },
    { by: "down", key: "d", compare: most((row) => row.downBytesPerSecond) },
    { by: "up", key: "u", compare: most((row) => row.upBytesPerSecond) },
    { by: "progress", key: "p", compare: most(({ progress }) => progress) },
    { by: "total", key: "t", compare: most((row) => row.downloadedBytes + row.uploadedBytes) },
    { by: "address", key: "a", compare: (a, b) => byText(a.address, b.address) },
    { by: "client", key: "c", compare: (a, b) => byText(a.client, b.client) },
  ],
  files: [
    { by: "place", key: "p", compare: (a, b) => a.index - b.index },
    { by: "name", key: "n", compare: (a, b) => byText(a.path, b.path) },
    { by: "size", key: "s", compare: most(({ length }) => length) },
    { by: "progress", key: "d", compare: most(({ heldBytes, length }) => share(heldBytes, length)) },
  ],
};

export function isSorted(list: string): list is SortedList {
  return list in ORDERINGS;
}

/** Compares rows of `list` by `order`. */
export function comparing<List extends SortedList>(
  list: List,
  order: Order,
): (a: RowOf[List], b: RowOf[List]) => number {
  const orderings = ORDERINGS[list] as readonly Ordering<RowOf[List]>[];
  const usual = orderings[0]!.compare;
  const { compare } = orderings.find(({ by }) => by === order.by) ?? orderings[0]!;
  const turn = order.reversed ? -1 : 1;
  return (a, b) => turn * compare(a, b) || usual(a, b);
}
