// PeerFinder: how transfers and trackers hear of each other: who holds what, and what we hold.
import { AnnouncePace } from "../discovery/announce-pace.ts";
import { Announcer, type AnnounceReport } from "../discovery/announcer.ts";
import type { Dht } from "../discovery/dht/dht.ts";
import { ENOUGH_PEERS } from "../discovery/dht/limits.ts";
import type { SearchResult, WantedPeers } from "../discovery/dht/searches.ts";
import type { Lan, LanResult } from "../discovery/lan/lan.ts";
import { Bitfield } from "../metainfo/bitfield.ts";
import type { InfoHashHex, PeerId } from "../protocol/ids.ts";
import { MAX_PEERS } from "../swarm/limits.ts";
import { addressText } from "./address-text.ts";
import type { TrackerLinks } from "./tracker-links.ts";
import type { Entry, PeerSearch, TransferBook } from "./transfer-book.ts";
import type { Transfer } from "./transfer.ts";
import { WebSeeds } from "./web-seeds.ts";

export interface PeerFinderOptions {
  readonly peerId: PeerId;
  readonly listenPort: () => number;
  /** Where announces leave from; undefined: from any address. */
  readonly localAddress: string | undefined;
  readonly links: TrackerLinks;
  readonly book: TransferBook;
  readonly dht: Pick<Dht, "want"> | undefined;
  readonly lan: Pick<Lan, "want"> | undefined;
  /** May one more peer of this transfer be connected? */
  readonly hasRoomFor: (transfer: Transfer) => boolean;
  /** What came of an announce is to be shown. */
  readonly changed: () => void;
}

export class PeerFinder {
  readonly #options: PeerFinderOptions;
  readonly #pace = new AnnouncePace();

  constructor(options: PeerFinderOptions) {
    this.#options = options;
  }

  /** Asks the trackers who holds a torrent and hands the answers to its swarm. */
  async findHolders(transfer: Transfer): Promise<void> {
    if (transfer.metainfo.private) return;
    const addresses = await this.#options.links.holders(transfer.infoHash);
    if (addresses.length > 0) transfer.dispatch({ type: "candidates", addresses, source: "channel" });
  }

  /** Asks for all transfers that miss something. */
  findMissing(): void {
    for (const { transfer } of this.#options.book.entries.values()) this.#findIfMissing(transfer);
  }

  /** A tracker says that this can be downloaded. */
  foundAgain(infoHash: InfoHashHex): void {
    const entry = this.#options.book.get(infoHash);
    if (entry) this.#findIfMissing(entry.transfer);
  }

  /**
   * Announces to the trackers that the metainfo names, also to those that we have a channel to: with `--open` they know peers of
   * torrents that nobody published. While it is paused they hear that it left: nobody gets anything from it.
   */
  announce(entry: Entry): void {
    if (entry.transfer.metainfo.announce.length === 0) return;
    const before = entry.announcer;
    const announcer = before && !before.isStopped ? before : this.#announcerOf(entry);
    if (entry.transfer.mode === "paused") {
      entry.announcer ??= announcer;
      void before?.stop();
      return;
    }
    entry.announcer = announcer;
    // That it left is heard before that it came.
    if (before?.isStopped) void before.stop().then(() => announcer.start());
    else announcer.start();
    if (entry.transfer.isFetching) announcer.hurry();
  }

  /** A person waits for peers: everybody is asked sooner than it is due. */
  askAgain(entry: Entry): void {
    entry.announcer?.again();
    for (const search of entry.searches) search.stop();
    entry.searches = [];
    this.#search(entry);
    entry.webSeeds?.again();
    void this.findHolders(entry.transfer);
  }

  /** A transfer was paused or goes on: what is paused is neither looked for nor announced anywhere, nor asked of web servers. */
  modeChanged(transfer: Transfer): void {
    const entry = this.#options.book.of(transfer);
    if (entry) {
      this.announce(entry);
      this.#search(entry);
      const { localAddress, hasRoomFor } = this.#options;
      entry.webSeeds ??= new WebSeeds({ transfer, localAddress, hasRoom: () => hasRoomFor(transfer) });
      entry.webSeeds.wake();
    }
    this.tellHeld(transfer);
  }

  #announcerOf(entry: Entry): Announcer {
    const { links, peerId, listenPort, localAddress, changed } = this.#options;
    const { transfer } = entry;
    const { announce: tiers, infoHash, length } = transfer.metainfo;
    return new Announcer({
      tiers: tiers.map((tier) => tier.map((url) => links.withToken(url))),
      infoHash,
      peerId,
      listenPort,
      localAddress,
      stats: () => ({
        uploaded: transfer.up.totalBytes,
        downloaded: transfer.down.totalBytes,
        left: length - transfer.heldBytes,
      }),
      random: Math.random,
      pace: this.#pace,
      isFetching: () => transfer.isFetching,
      onPeers: (peers) => transfer.dispatch({ type: "candidates", addresses: peers, source: "tracker" }),
      onState: () => {
        entry.row = undefined;
        changed();
      },
    });
  }

  /** Looks for its peers in the DHT and in our networks, if its info hash may be told there. */
  #search(entry: Entry): void {
    const { dht, lan } = this.#options;
    const { transfer, settings } = entry;
    if (!settings.dht || transfer.metainfo.private || transfer.mode === "paused") {
      for (const search of entry.searches) search.stop();
      entry.searches = [];
    } else if (entry.searches.length === 0) {
      entry.searches = [...(dht ? [this.#searchDht(entry, dht)] : []), ...(lan ? [this.#searchLan(entry, lan)] : [])];
    }
  }

  #searchDht(entry: Entry, dht: Pick<Dht, "want">): PeerSearch {
    const { transfer } = entry;
    const { infoHash, nodes } = transfer.metainfo;
    const search: PeerSearch = { report: dhtReport(undefined), stop: () => undefined };
    const wanted: WantedPeers = {
      infoHash,
      port: this.#options.listenPort,
      isHungry: () => transfer.isFetching && transfer.connectedPeers < ENOUGH_PEERS,
      onPeers: (peers) => transfer.dispatch({ type: "candidates", addresses: peers, source: "dht" }),
      onSearched: (result) => {
        search.report = dhtReport(result);
        entry.row = undefined;
        this.#options.changed();
      },
    };
    search.stop = dht.want(wanted, nodes);
    return search;
  }

  #searchLan(entry: Entry, lan: Pick<Lan, "want">): PeerSearch {
    const { transfer } = entry;
    const heard = new Set<string>();
    let last: LanResult | undefined;
    const search: PeerSearch = { report: lanReport(last, 0), stop: () => undefined };
    const changed = () => {
      search.report = lanReport(last, heard.size);
      entry.row = undefined;
      this.#options.changed();
    };
    search.stop = lan.want({
      infoHash: transfer.metainfo.infoHash,
      onPeer: (peer) => {
        transfer.dispatch({ type: "candidates", addresses: [peer], source: "lan" });
        const name = addressText(peer);
        if (heard.has(name) || heard.size >= MAX_PEERS) return;
        heard.add(name);
        changed();
      },
      onTold: (result) => {
        last = result;
        heard.clear();
        changed();
      },
    });
    return search;
  }

  /** Tells the trackers what we hold: nothing of a transfer that is paused, for nobody gets anything from it. */
  tellHeld(transfer: Transfer): void {
    if (transfer.metainfo.private || this.#options.book.of(transfer) === undefined) return;
    const { held } = transfer.swarm.states;
    const given = transfer.mode === "paused" ? Bitfield.empty(held.size) : held;
    this.#options.links.have(transfer.infoHash, given.toBytes());
  }

  #findIfMissing(transfer: Transfer): void {
    if (transfer.mode === "download" && !transfer.isDone) void this.findHolders(transfer);
  }
}

/** As an announce to a tracker is told of; undefined: the first search has not ended, or waits for a node that answers. */
function dhtReport(result: SearchResult | undefined): AnnounceReport {
  const works = result?.works ?? true;
  return {
    tracker: "DHT",
    tier: 0,
    state: result === undefined ? "announcing" : works ? "working" : "failing",
    problem: works ? null : "no node of it answers",
    nextAt: result === undefined ? null : wallTime(result.nextAt),
    seeds: null,
    leechers: result?.found ?? null,
  };
}

/** `heard`: peers since it was told last. Undefined where there is no network that it is for. */
function lanReport(result: LanResult | undefined, heard: number): AnnounceReport | undefined {
  if (result?.state === "alone") return undefined;
  const works = result?.state !== "failed";
  return {
    tracker: "LAN",
    tier: 0,
    state: result === undefined ? "announcing" : works ? "working" : "failing",
    problem: works ? null : "no multicast on this machine",
    nextAt: result === undefined ? null : wallTime(result.nextAt),
    seeds: null,
    leechers: result === undefined ? null : heard,
  };
}

function wallTime(at: number): number {
  return Math.round(Date.now() + at - performance.now());
}
