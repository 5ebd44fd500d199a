// TrackerLinks: the channels to all sta-trackers, side by side, and one catalogue out of theirs.
import type { TrackerStatus } from "../control/contract.ts";
import { type ChannelEvent, SwarmChannel } from "../discovery/swarm-channel.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import { parseMetainfo } from "../metainfo/parse.ts";
import type { CatalogueEntry, ChannelPeer } from "../protocol/channel/messages.ts";
import { displayText } from "../protocol/display-text.ts";
import { TrackerError } from "../protocol/errors.ts";
import { type InfoHashHex, type PeerId, toHex } from "../protocol/ids.ts";
import { normalizeHost } from "../protocol/tracker/endpoint.ts";
import type { Address } from "../swarm/events.ts";
import { addressText } from "./address-text.ts";
import { type TrackerAddress, trackerText } from "./tracker-address.ts";

export interface TrackerLinksOptions {
  readonly peerId: PeerId;
  readonly listenPort: () => number;
  readonly agent: string;
  readonly token: string | undefined;
  /** Where the channels leave from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  readonly onEvent: (event: ChannelEvent, tracker: TrackerAddress) => void;
}

interface Link {
  readonly address: TrackerAddress;
  readonly channel: SwarmChannel;
  /** Peers the tracker knows, ours included. */
  peers: number;
  /** Whether it could dial us; undefined while it is not connected, or has not said. */
  reachable: boolean | undefined;
}

export class TrackerLinks {
  readonly #options: TrackerLinksOptions;
  readonly #links = new Map<string, Link>();
  /** What every channel is told, also those that come later. */
  readonly #published = new Map<InfoHashHex, Uint8Array>();
  readonly #held = new Map<InfoHashHex, Uint8Array>();

  constructor(options: TrackerLinksOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#links.size;
  }

  /** Is one of them away, and tried again after a while? */
  get isWaiting(): boolean {
    return Array.from(this.#links.values()).some(({ channel }) => channel.state.retryAt !== null);
  }

  /** Says something to each, so that a connection that is dead shows it. */
  ping(): void {
    for (const { channel } of this.#links.values()) channel.ping();
  }

  /** Who could not dial us may now. */
  doubtReach(): void {
    for (const link of this.#links.values()) if (link.reachable === false) link.reachable = undefined;
  }

  /** HTTP announce URLs of all trackers, for metainfo that we make. */
  announceUrls(): string[] {
    return Array.from(this.#links.values(), ({ address }) => {
      const { secure = false } = address;
      return `${secure ? "https" : "http"}://${addressText(address)}/announce`;
    });
  }

  /** An announce URL as we ask it: with our token, when it is of a tracker of ours and names none. */
  withToken(url: string): string {
    const { token } = this.#options;
    if (token === undefined || url.includes("?") || !this.announceUrls().includes(url)) return url;
    return `${url}?token=${encodeURIComponent(token)}`;
  }

  /** Connects to one more tracker; false when it is there already. */
  add(address: TrackerAddress): boolean {
    const key = trackerText(address);
    if (this.#links.has(key)) return false;
    const { peerId, listenPort, agent, token, localAddress } = this.#options;
    const channel = new SwarmChannel({
      host: address.host,
      port: address.port,
      secure: address.secure ?? false,
      peerId,
      listenPort,
      agent,
      localAddress,
      ...(token !== undefined && { token }),
      random: Math.random,
      onEvent: (event) => {
        if (event.type === "peers-known") link.peers = event.count;
        if (event.type === "reachable") link.reachable = event.port === listenPort() ? event.ok : undefined;
        if (event.type === "state-changed") link.reachable = undefined;
        this.#options.onEvent(event, address);
      },
    });
    const link: Link = { address, channel, peers: 0, reachable: undefined };
    this.#links.set(key, link);
    channel.start();
    for (const torrent of this.#published.values()) void this.#publishTo(channel, torrent);
    for (const [infoHash, bitfield] of this.#held) channel.have(infoHash, bitfield);
    return true;
  }

  /** Lets a tracker go, with its catalogue; false when it is not there. Resolves when the channel is closed. */
  async remove(address: TrackerAddress): Promise<boolean> {
    const key = trackerText(address);
    const link = this.#links.get(key);
    if (!link) return false;
    this.#links.delete(key);
    await link.channel.close();
    return true;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#links.values(), ({ channel }) => channel.close()));
  }

  /** All entries of all catalogues, with the tracker each is from. */
  *entries(): Iterable<{ entry: CatalogueEntry; tracker: string }> {
    for (const [tracker, { channel }] of this.#links) for (const entry of channel.catalogue()) yield { entry, tracker };
  }

  /**
   * Publishes on every tracker, now and whenever it is back. Resolves when those that are connected have it, with a sentence
   * for each that did not take it; those that are away are none of them.
   */
  async publish(infoHash: InfoHashHex, torrent: Uint8Array): Promise<readonly string[]> {
    this.#published.set(infoHash, torrent);
    const answers = Array.from(this.#links.values(), ({ channel }) => this.#publishTo(channel, torrent));
    return (await Promise.all(answers)).filter((refusal) => refusal !== undefined);
  }

  /** Says what we hold, to every tracker, now and whenever it is back. */
  have(infoHash: InfoHashHex, bitfield: Uint8Array): void {
    this.#held.set(infoHash, bitfield);
    for (const { channel } of this.#links.values()) channel.have(infoHash, bitfield);
  }

  gained(infoHash: InfoHashHex, index: number): void {
    const held = this.#held.get(infoHash);
    if (!held) return;
    held[index >>> 3]! |= 0x80 >> (index & 7);
    for (const { channel } of this.#links.values()) channel.update(infoHash, [index], []);
  }

  /** We hold nothing of it any more. */
  forget(infoHash: InfoHashHex): void {
    const wasPublished = this.#published.delete(infoHash);
    if (!this.#held.delete(infoHash) && !wasPublished) return;
    for (const { channel } of this.#links.values()) channel.forget(infoHash);
  }

  /**
   * The metainfo of a torrent, from the first tracker that has it: a tracker's word that it is this one's is no more than a hint. Throws
   * the last tracker's TrackerError, MetainfoError.
   */
  async torrent(infoHash: InfoHashHex): Promise<Metainfo> {
    return this.#first(async (channel) => {
      const metainfo = parseMetainfo(await channel.torrent(infoHash));
      if (toHex(metainfo.infoHash) === infoHash) return metainfo;
      throw new TrackerError("malformed", `The tracker handed out another torrent (${toHex(metainfo.infoHash)}).`);
    });
  }

  /** Holders of a torrent on all trackers; trackers that do not answer have none. */
  async holders(infoHash: InfoHashHex): Promise<Address[]> {
    return this.#gather((channel) => channel.holders(infoHash));
  }

  /** All sta peers that are connected to our trackers, ourselves not. */
  async peers(): Promise<Address[]> {
    return this.#gather((channel) => channel.peers());
  }

  statuses(now: number): TrackerStatus[] {
    return Array.from(this.#links, ([address, { channel, peers, reachable }]) => {
      const { state, problem, retryAt } = channel.state;
      return {
        address: displayText(address),
        state,
        problem: problem === null ? null : displayText(problem),
        retryInSeconds: retryAt === null ? null : Math.max(0, Math.ceil((retryAt - now) / 1_000)),
        peers,
        files: channel.catalogue().length,
        ...(reachable !== undefined && { reachable }),
      };
    });
  }

  /** Why the tracker did not take it; undefined when it did, or is away. */
  async #publishTo(channel: SwarmChannel, torrent: Uint8Array): Promise<string | undefined> {
    try {
      await channel.publish(torrent);
      return undefined;
    } catch (error) {
      if (!(error instanceof TrackerError)) throw error;
      if (error.code === "unreachable") return undefined;
      return `The tracker ${channel.address} did not take it: ${error.message}`;
    }
  }

  async #first<T>(ask: (channel: SwarmChannel) => Promise<T>): Promise<T> {
    let failure = new TrackerError("unreachable", "no tracker is set");
    for (const { channel } of this.#links.values()) {
      try {
        return await ask(channel);
      } catch (error) {
        if (!(error instanceof TrackerError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #gather(ask: (channel: SwarmChannel) => Promise<readonly ChannelPeer[]>): Promise<Address[]> {
    const answers = await Promise.allSettled(Array.from(this.#links.values(), ({ channel }) => ask(channel)));
    const peers = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    return peers.map(({ address, port }) => ({ host: normalizeHost(address), port }));
  }
}
