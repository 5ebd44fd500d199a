// What channel clients say and ask: checked here, then a change for everybody, or an answer from what there is.
import { bitfieldFromBase64, fullBitfield, toBase64 } from "../source/protocol/channel/bitfield.ts";
import type { CatalogueEntry, ChannelPeer } from "../source/protocol/channel/messages.ts";
import type { InfoHashHex, PeerIdHex } from "../source/protocol/ids.ts";
import type { MemberId } from "./changes.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_HAVES_PER_CLIENT, MAX_REPLY_BITFIELDS, MAX_REPLY_PEERS } from "./limits.ts";
import { type PeerKey, endpointOf } from "./peer-key.ts";
import { RequestError, notPublished } from "./request-error.ts";
import type { Holder, Swarms } from "./swarms.ts";

export type HolderReply = ChannelPeer & { readonly pieces: string };

export interface MembersOptions {
  readonly swarms: Swarms;
  readonly ledger: Ledger;
  /** This tracker, among several that are one. */
  readonly name: string;
  readonly random: () => number;
}

/** Its methods throw RequestError, or ProtocolError for a client that breaks the rules. */
export class Members {
  readonly #options: MembersOptions;
  #arrivals = 0;

  constructor(options: MembersOptions) {
    this.#options = options;
  }

  /** A client that was welcomed: it speaks for the peer at `peer`, its socket's address with the port of its `hello`. */
  arrive(peerId: PeerIdHex, peer: PeerKey): MemberId {
    const { ledger, name } = this.#options;
    const member = `${name}.${++this.#arrivals}`;
    void ledger.record({ type: "arrived", member, tracker: name, peerId, peer });
    return member;
  }

  leave(member: MemberId, why: string): void {
    void this.#options.ledger.record({ type: "left", member, why });
  }

  /** A client's whole bitfield of one torrent, or null when it has nothing to do with it any longer. */
  have(member: MemberId, infoHash: InfoHashHex, base64: string | null): void {
    const pieces = base64 === null ? null : bitfieldFromBase64(base64, this.#published(infoHash).pieceCount);
    if (pieces) this.#checkShares(member, infoHash);
    void this.#options.ledger.record({ type: "have", member, infoHash, pieces });
  }

  /** Pieces a client gained and lost since it last spoke of the torrent. */
  update(member: MemberId, infoHash: InfoHashHex, gained: readonly number[], lost: readonly number[]): void {
    const { pieceCount } = this.#published(infoHash);
    const beyond = [...gained, ...lost].find((piece) => piece >= pieceCount);
    if (beyond !== undefined) {
      throw new RequestError("refused", `there is no piece ${beyond}, only ${pieceCount}`, infoHash);
    }
    this.#checkShares(member, infoHash);
    void this.#options.ledger.record({ type: "update", member, infoHash, gained, lost });
  }

  /** Who holds a torrent, or one piece of it: never the asker, at random when there are more than fit a frame. */
  holders(asker: MemberId | undefined, infoHash: InfoHashHex, piece: number | undefined): readonly HolderReply[] {
    const { swarms, random } = this.#options;
    const { pieceCount, name } = this.#published(infoHash);
    const replies: HolderReply[] = [];
    let bitfields = 0;
    for (const { peerId, peer, holding } of drawn(swarms.holders(infoHash, piece, asker), random)) {
      const pieces = toBase64(holding === "all" ? fullBitfield(pieceCount) : holding);
      bitfields += pieces.length;
      if (replies.length > 0 && bitfields > MAX_REPLY_BITFIELDS) break;
      replies.push({ ...channelPeer({ peerId, peer }), pieces });
    }
    if (replies.length > 0) return replies;
    const what = piece === undefined ? name : `piece ${piece} of ${name}`;
    throw new RequestError("no-holder", `No peer has the file ${what} now`, infoHash);
  }

  /** Connected clients but the asker, at random when there are more than fit a frame. */
  peers(asker: MemberId | undefined): readonly ChannelPeer[] {
    const { swarms, random } = this.#options;
    const others = [...swarms.members.values()].filter(({ id }) => id !== asker);
    return Array.from(drawn(others, random), channelPeer);
  }

  #checkShares(member: MemberId, infoHash: InfoHashHex): void {
    const shares = this.#options.swarms.members.get(member)?.shares;
    if (shares && shares.size >= MAX_HAVES_PER_CLIENT && !shares.has(infoHash)) {
      throw new RequestError("full", `a client may share ${MAX_HAVES_PER_CLIENT} torrents at once`, infoHash);
    }
  }

  #published(infoHash: InfoHashHex): CatalogueEntry {
    const entry = this.#options.swarms.catalogue.entry(infoHash);
    if (entry) return entry;
    throw notPublished(infoHash);
  }
}

function channelPeer({ peerId, peer }: Pick<Holder, "peerId" | "peer">): ChannelPeer {
  const { host, port } = endpointOf(peer);
  return { peerId, address: host, port };
}

/** Up to MAX_REPLY_PEERS of them, each as likely as any other. */
function* drawn<Item>(items: Iterable<Item>, random: () => number): Generator<Item> {
  const all = [...items];
  for (let i = 0; i < all.length && i < MAX_REPLY_PEERS; i++) {
    const chosen = i + Math.floor(random() * (all.length - i));
    yield all[chosen]!;
    all[chosen] = all[i]!;
  }
}
