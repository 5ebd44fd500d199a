// What the lists hold, in order: filtered, sorted, each row with a key by which the selection follows it.
import type {
  AnnounceRow,
  BroadcastRow,
  CatalogueRow,
  FilePriority,
  FileRow,
  LogRow,
  PeerRow,
  Snapshot,
  TrackerStatus,
  TransferRow,
} from "../control/contract.ts";
import { type Filter, parseFilter } from "../control/filter.ts";
import { knownFiles, type AllFiles } from "./all-files.ts";
import { flatRows, treeRows, type TreeRow } from "./file-tree.ts";
import type { PaneName } from "./layout.ts";
import { comparing, type Order, type SortedList } from "./orders.ts";
import type { DetailTab, ListTab } from "./tabs.ts";

/** The panes, and the tabs of details that are lists. */
export type ListName = PaneName | ListTab;

export interface ListSettings {
  /** Of the panes as `parseFilter` takes them, none of them a mistake; of the tabs words. */
  readonly filters: Readonly<Record<ListName, string>>;
  readonly orders: Readonly<Record<SortedList, Order>>;
  /** Info hashes of transfers whose peers are shown. */
  readonly expanded: ReadonlySet<string>;
  /** Keys of folders of the open transfer that were opened or closed. */
  readonly turned: ReadonlySet<string>;
  readonly allFiles: AllFiles | null;
  /** The transfer whose details are open. */
  readonly details: { readonly infoHash: string; readonly tab: DetailTab } | null;
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
/** A tracker that keeps a channel to us, or an announce URL of the torrent. */
export type TrackerRow =
  | { readonly type: "channel"; readonly status: TrackerStatus }
  | { readonly type: "announce"; readonly announce: AnnounceRow };

/** A file, or a folder with all below it. */
export interface FileTreeRow extends TreeRow<FileRow> {
  /** Null for a folder whose files are not wanted alike. */
  readonly priority: FilePriority | null;
}

interface Item<Row> {
  readonly key: string;
  readonly row: Row;
}

/** Of the tabs only the one that is open is filled. */
export interface Lists {
  readonly available: readonly AvailableItem[];
  readonly transfers: readonly TransferItem[];
  readonly broadcasts: readonly Item<BroadcastRow>[];
  readonly peers: readonly Item<PeerRow>[];
  /** A tree; with a filter the files that it leaves. */
  readonly files: readonly Item<FileTreeRow>[];
  readonly trackers: readonly Item<TrackerRow>[];
  readonly log: readonly Item<LogRow>[];
}

interface Built {
  readonly snapshot: Snapshot;
  readonly settings: ListSettings;
  readonly lists: Lists;
}

/** Builds the lists; one whose source and settings are as in `before` is taken over. */
export function buildLists(snapshot: Snapshot, settings: ListSettings, before?: Built): Lists {
  const same = (pane: PaneName, source: "catalogue" | "transfers" | "broadcasts"): boolean =>
    before !== undefined &&
    before.snapshot[source] === snapshot[source] &&
    before.settings.filters[pane] === settings.filters[pane];
  return {
    available:
      same("available", "catalogue") && before?.settings.orders.available === settings.orders.available
        ? before.lists.available
        : availableItems(snapshot.catalogue, settings),
    transfers:
      same("transfers", "transfers") &&
      before?.settings.orders.transfers === settings.orders.transfers &&
      before.settings.expanded === settings.expanded
        ? before.lists.transfers
        : transferItems(snapshot.transfers, settings),
    broadcasts: same("broadcasts", "broadcasts")
      ? before!.lists.broadcasts
      : snapshot.broadcasts.filter(filterOf(settings, "broadcasts")).map((row) => ({ key: String(row.seq), row })),
    ...tabLists(snapshot, settings, before),
  };
}

function filterOf({ filters }: ListSettings, pane: PaneName): Filter {
  const filter = parseFilter(filters[pane]);
  if (!filter.ok) throw new RangeError(`a filter is no filter: ${filters[pane]}`);
  return filter.matches;
}

type TabLists = Pick<Lists, ListTab>;

const NO_TAB: TabLists = { peers: [], files: [], trackers: [], log: [] };

function tabLists(snapshot: Snapshot, settings: ListSettings, before: Built | undefined): TabLists {
  const { details, filters, orders, turned, allFiles } = settings;
  const transfer = snapshot.transfers.find(({ infoHash }) => infoHash === details?.infoHash);
  if (details === null || transfer === undefined) return NO_TAB;
  const { tab } = details;
  const unchanged =
    before !== undefined &&
    before.settings.details === details &&
    before.settings.filters === filters &&
    before.settings.orders === orders &&
    before.settings.turned === turned &&
    (tab === "files"
      ? before.snapshot.transfers.some(
          (row) => knownFiles(row, before.settings.allFiles) === knownFiles(transfer, allFiles),
        )
      : before.snapshot.trackers === snapshot.trackers && before.snapshot.transfers.includes(transfer));
  if (unchanged) return before.lists;
  switch (tab) {
    case "peers": {
      const rows = transfer.peers.filter((row) => matches(`${row.address} ${row.client} ${row.via}`, filters.peers));
      return {
        ...NO_TAB,
        peers: rows.toSorted(comparing("peers", orders.peers)).map((row) => ({ key: row.key, row })),
      };
    }
    case "files": {
      const order = comparing("files", orders.files);
      const all = knownFiles(transfer, allFiles);
      const found = filters.files === "" ? all : all.filter(({ path }) => matches(path, filters.files));
      const rows = filters.files === "" ? treeRows(all, turned, order) : flatRows(found, order);
      return {
        ...NO_TAB,
        files: rows.map((row) => ({ key: row.key, row: { ...row, priority: priorityOf(row.files) } })),
      };
    }
    case "trackers":
      return { ...NO_TAB, trackers: trackerItems(snapshot, transfer) };
    case "log": {
      const rows = transfer.log.filter(({ text }) => matches(text, filters.log));
      return { ...NO_TAB, log: rows.map((row) => ({ key: String(row.seq), row })) };
    }
    case "pieces":
    case "graph":
      return NO_TAB;
    default:
      return tab satisfies never;
  }
}

function priorityOf(files: readonly FileRow[]): FilePriority | null {
  const { priority } = files[0]!;
  return files.every((file) => file.priority === priority) ? priority : null;
}

/** No channel is told of what is private and not from there: only its own trackers may know. */
function trackerItems(snapshot: Snapshot, transfer: TransferRow): Lists["trackers"] {
  const announced = transfer.trackers.map((announce) => ({
    key: `announce ${announce.tier} ${announce.address}`,
    row: { type: "announce", announce } as const,
  }));
  const channels = snapshot.trackers.map((status) => ({
    key: `channel ${status.address}`,
    row: { type: "channel", status } as const,
  }));
  return transfer.private && announced.length > 0 ? announced : [...channels, ...announced];
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

interface Named {
  readonly name: string;
  readonly infoHash: string;
}

/** Two contents in 16 million share them, and half a name still stands before them. */
const MARK_DIGITS = 6;

function availableItems(catalogue: readonly CatalogueRow[], settings: ListSettings): readonly AvailableItem[] {
  const rows = catalogue.filter(filterOf(settings, "available"));
  const markOf = markerOf(catalogue);
  return rows.toSorted(comparing("available", settings.orders.available)).map((row) => ({
    key: `${row.infoHash} ${row.tracker}`,
    row,
    mark: markOf(row),
  }));
}

function transferItems(transfers: readonly TransferRow[], settings: ListSettings): readonly TransferItem[] {
  const markOf = markerOf(transfers);
  const rows = transfers.filter(filterOf(settings, "transfers"));
  return rows.toSorted(comparing("transfers", settings.orders.transfers)).flatMap((transfer) => {
    const item = { key: transfer.infoHash, transfer, mark: markOf(transfer), peer: null };
    if (!settings.expanded.has(transfer.infoHash)) return [item];
    return [item, ...transfer.peers.map((peer) => ({ ...item, key: `${transfer.infoHash} ${peer.key}`, peer }))];
  });
}
