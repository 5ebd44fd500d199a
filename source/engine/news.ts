// News: what happens in transfers and on trackers, told to whoever has to know: the screen, listeners, the trackers, a transfer's own log.
import type { BroadcastRow, EngineEvent } from "../control/contract.ts";
import type { ChannelEvent } from "../discovery/swarm-channel.ts";
import { displayText } from "../protocol/display-text.ts";
import { BroadcastLog } from "./broadcast-log.ts";
import type { PeerFinder } from "./peer-finder.ts";
import type { Snapshotter } from "./snapshotter.ts";
import { type TrackerAddress, trackerText } from "./tracker-address.ts";
import type { TrackerLinks } from "./tracker-links.ts";
import type { TransferBook } from "./transfer-book.ts";
import { logLine } from "./transfer-log.ts";
import { transferSummary } from "./transfer-summary.ts";
import type { Transfer, TransferEvent } from "./transfer.ts";
import { countText } from "../protocol/count-text.ts";

/** Whom it concerns; looked up when something happens. */
export interface NewsReaders {
  readonly book: TransferBook;
  readonly links: Pick<TrackerLinks, "gained">;
  readonly finder: Pick<PeerFinder, "tellHeld" | "modeChanged" | "foundAgain">;
  readonly snapshotter: Pick<Snapshotter, "changed" | "catalogueChanged" | "flush">;
  /** Downloads need not wait any more. */
  readonly queueChanged: () => void;
  /** A tracker is there. */
  readonly answered: (tracker: TrackerAddress) => void;
  /** TCP port that takes peers. */
  readonly port: number;
}

export class News {
  readonly log = new BroadcastLog();
  readonly #readers: () => NewsReaders;
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  /** `readers` is called only once all of them are there. */
  constructor(readers: () => NewsReaders) {
    this.#readers = readers;
  }

  /** Hears what happens; returns the way to stop. */
  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** One more line for the Broadcasts pane and for whoever listens. */
  report(kind: BroadcastRow["kind"], text: string): void {
    const row = this.log.add(kind, text, Date.now());
    this.#readers().snapshotter.changed();
    this.emit(kind === "problem" ? { event: "problem", text: row.text } : { event: "broadcast", kind, text: row.text });
  }

  /** Says that others can have it, if they can. */
  tellSeeding(transfer: Transfer): void {
    if (!transfer.isComplete || transfer.mode === "paused") return;
    const { infoHash, metainfo } = transfer;
    this.emit({ event: "seeding", infoHash, name: displayText(metainfo.name), port: this.#readers().port });
  }

  gotTransferEvent(transfer: Transfer, event: TransferEvent): void {
    const { book, links, finder, snapshotter } = this.#readers();
    const entry = book.of(transfer);
    if (entry) {
      entry.row = undefined;
      const line = logLine(event);
      if (line !== undefined) entry.log.add(line, Date.now());
    }
    snapshotter.changed();
    const { name } = transfer.metainfo;
    switch (event.type) {
      case "changed":
      case "note":
        return;
      case "mode-changed":
        return finder.modeChanged(transfer);
      case "piece-held":
        // Of what is paused they were told that nothing is held.
        if (!transfer.metainfo.private && transfer.mode !== "paused") links.gained(transfer.infoHash, event.index);
        return;
      case "pieces-lost":
        if (event.lost > 0) this.report("problem", lostText(name, event.lost));
        return finder.tellHeld(transfer);
      case "completed":
        return this.#completed(transfer, event);
      case "gift": {
        const verb = event.direction === "given" ? "took" : "gave us";
        return this.report(event.direction, `${event.peer} ${verb} piece ${event.index} of ${name}`);
      }
      case "problem":
        return this.report("problem", `${name}: ${event.error.message}`);
      default:
        event satisfies never;
    }
  }

  gotChannelEvent(event: ChannelEvent, tracker: TrackerAddress): void {
    const { finder, snapshotter, answered } = this.#readers();
    switch (event.type) {
      case "state-changed":
        if (event.state.state === "connected") answered(tracker);
        return snapshotter.catalogueChanged();
      case "catalogue-changed":
        return snapshotter.catalogueChanged();
      case "available": {
        const { name, holders, infoHash } = event.entry;
        snapshotter.catalogueChanged();
        this.report("available", `${name} can be downloaded (${countText(holders, "holder")})`);
        return finder.foundAgain(infoHash);
      }
      case "unavailable": {
        snapshotter.catalogueChanged();
        const why = [event.peer, event.why].filter(Boolean).join(" ");
        return this.report("unavailable", `${event.name} can not be downloaded${why ? `: ${why}` : ""}`);
      }
      case "notice":
        return this.report("notice", `${trackerText(tracker)} says: ${event.text}`);
      case "peers-known":
      case "reachable":
        return snapshotter.changed();
      case "problem":
        return this.report("problem", `${trackerText(tracker)}: ${event.text}`);
      default:
        event satisfies never;
    }
  }

  #completed(transfer: Transfer, event: Extract<TransferEvent, { type: "completed" }>): void {
    const { book, snapshotter, queueChanged } = this.#readers();
    const { infoHash, metainfo } = transfer;
    const summary = transferSummary(metainfo.name, event);
    const entry = book.of(transfer);
    if (entry) {
      entry.summary = summary;
      // Trackers count who has all of it.
      if (transfer.isComplete) entry.announcer?.completed();
    }
    queueChanged();
    snapshotter.catalogueChanged();
    this.report("finished", summary);
    const { bytes } = transfer.selection;
    const { path } = transfer.storage;
    this.emit({ event: "done", infoHash, name: displayText(metainfo.name), bytes, path, seconds: event.seconds });
    this.tellSeeding(transfer);
    snapshotter.flush();
  }
}

function lostText(name: string, lost: number): string {
  const pieces = lost === 1 ? "1 piece of it is" : `${lost} pieces of it are`;
  return `${name} has changed: ${pieces} not what it was and no longer given to others.`;
}
