// Announces and scrapes of ordinary clients, over HTTP or UDP: what they say becomes changes, and they hear of peers.
import { type InfoHash, type InfoHashHex, type PeerId, toHex } from "../source/protocol/ids.ts";
import type { AnnounceEvent, ScrapeEntry } from "../source/protocol/tracker/http-announce.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_NUMWANT } from "./limits.ts";
import type { Family, SwarmPeer } from "./peer-dictionary.ts";
import type { PeerKey } from "./peer-key.ts";
import { notPublished } from "./request-error.ts";
import type { Swarms } from "./swarms.ts";

/** What a tracker needs of an announce: its HTTP and its UDP form have it. */
export interface Announce {
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  readonly left: number;
  readonly event?: AnnounceEvent;
  readonly numwant?: number;
}

export interface AnnounceReply {
  /** Seconds. */
  readonly interval: number;
  readonly complete: number;
  readonly incomplete: number;
  readonly peers: readonly SwarmPeer[];
}

export interface AnnouncesOptions {
  readonly swarms: Swarms;
  readonly ledger: Ledger;
  /** This tracker, among several that are one. */
  readonly name: string;
  /** Serve announces of torrents nobody published, too. */
  readonly open: boolean;
  readonly intervalMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
}

export class Announces {
  /** Since the start. */
  count = 0;
  readonly #options: AnnouncesOptions;

  constructor(options: AnnouncesOptions) {
    this.#options = options;
  }

  /** One announce of the peer at `peer`, whose answer holds peers of `family`. Throws RequestError `not-published`. */
  announce({ event, left, numwant, ...ids }: Announce, peer: PeerKey, family: Family): AnnounceReply {
    const { swarms, open, intervalMs, random } = this.#options;
    this.count++;
    const infoHash = toHex(ids.infoHash);
    if (!open && !swarms.catalogue.has(infoHash)) throw notPublished(infoHash);
    this.#hear(infoHash, peer, ids.peerId, left === 0, event);
    const { complete, incomplete } = swarms.dictionary.counts(infoHash);
    const want = event === "stopped" ? 0 : Math.min(numwant ?? MAX_NUMWANT, MAX_NUMWANT);
    const peers = swarms.dictionary.sample(infoHash, peer, want, random, family);
    return { interval: Math.ceil(intervalMs / 1000), complete, incomplete, peers };
  }

  scrape(infoHash: InfoHash): ScrapeEntry {
    return this.#options.swarms.dictionary.counts(toHex(infoHash));
  }

  /** Forgets those that were not heard of for two and a half intervals. */
  expire(): void {
    const { swarms, ledger, name, intervalMs, now } = this.#options;
    for (const { infoHash, peer } of swarms.dictionary.silent(name, now() - 2.5 * intervalMs)) {
      void ledger.record({ type: "stopped", infoHash, peer: peer.key, why: "stopped announcing" });
    }
  }

  #hear(infoHash: InfoHashHex, peer: PeerKey, peerId: PeerId, seed: boolean, event: AnnounceEvent | undefined): void {
    const { swarms, ledger, name: tracker, now } = this.#options;
    const known = swarms.dictionary.get(infoHash, peer);
    // What a channel client has, it says over the channel.
    if (known?.member === undefined) {
      if (event === "stopped") {
        if (known) void ledger.record({ type: "stopped", infoHash, peer, why: "stopped" });
      } else if (known?.seed === seed && known.tracker === tracker) {
        swarms.dictionary.renew(infoHash, peer, now());
      } else {
        void ledger.record({ type: "announced", tracker, infoHash, peer, peerId: toHex(peerId), seed });
      }
    }
    if (event === "completed") void ledger.record({ type: "completed", infoHash });
  }
}
