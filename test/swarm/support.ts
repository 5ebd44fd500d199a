// One swarm by hand: what its peers say goes in, what it wants done comes out.
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { BLOCK_BYTES, PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import type { PushMessage } from "../../source/protocol/peer/extensions/sta-push.ts";
import type { PeerMessage } from "../../source/protocol/peer/messages.ts";
import type { ConnectedPeer, PeerKey, PeerSource, SwarmCommand, SwarmEvent } from "../../source/swarm/events.ts";
import type { Campaign } from "../../source/swarm/giving.ts";
import { Swarm, type SwarmOptions } from "../../source/swarm/swarm.ts";
import { seededRandom } from "../helpers/simulation.ts";

export interface HandOptions {
  readonly pieceCount?: number;
  readonly blocksPerPiece?: number;
  readonly held?: "all" | readonly number[];
  readonly private?: boolean;
  readonly giftRefusal?: () => "unwanted" | "full" | undefined;
  readonly seed?: number;
  readonly campaign?: Campaign | undefined;
  readonly isRead?: (peer: PeerKey) => boolean;
  readonly begun?: SwarmOptions["begun"];
}

export const INFO_HASH = toInfoHash(new Uint8Array(20).fill(1));

export const peerIdOf = (n: number) => toPeerId(new TextEncoder().encode(`-HAND-${n}`.padEnd(20, ".")));

export function layoutOf(pieceCount: number, blocksPerPiece = 2): PieceLayout {
  const pieceLength = blocksPerPiece * BLOCK_BYTES;
  const length = pieceCount * pieceLength;
  return new PieceLayout({ length, pieceLength, files: [{ path: ["file"], length, offset: 0 }] });
}

/** A peer that speaks everything and came by itself. */
export function connectedOf(peer: PeerKey): ConnectedPeer {
  const address = { host: `10.0.0.${peer}`, port: 50_000 + peer };
  return { peer, peerId: peerIdOf(peer), address, source: "incoming", fast: true, extended: true };
}

export class HandSwarm {
  readonly swarm: Swarm;
  readonly layout: PieceLayout;
  now = 1_000;
  /** All commands since the last `take`. */
  #commands: SwarmCommand[] = [];

  constructor(options: HandOptions = {}) {
    const pieceCount = options.pieceCount ?? 4;
    this.layout = layoutOf(pieceCount, options.blocksPerPiece);
    this.swarm = new Swarm({
      layout: this.layout,
      held: options.held === "all" ? Bitfield.full(pieceCount) : Bitfield.of(pieceCount, options.held ?? []),
      peerId: peerIdOf(0),
      client: "hand",
      listenPort: 6881,
      private: options.private ?? false,
      infoHash: INFO_HASH,
      giftRefusal: options.giftRefusal ?? (() => undefined),
      random: seededRandom(options.seed ?? 1),
      campaign: options.campaign,
      ...(options.isRead && { isRead: options.isRead }),
      ...(options.begun && { begun: options.begun }),
    });
    this.handle({ type: "set-active", download: true, upload: true });
  }

  handle(event: SwarmEvent): readonly SwarmCommand[] {
    const commands = this.swarm.handle(event, this.now);
    this.#commands.push(...commands);
    return commands;
  }

  /** What was wanted since the last call. */
  take(): SwarmCommand[] {
    return this.#commands.splice(0);
  }

  /** Connects a peer that speaks everything and holds `pieces`. */
  join(key: PeerKey, pieces: "all" | readonly number[] = [], source: PeerSource = "incoming"): void {
    this.handle({ type: "peer-connected", ...connectedOf(key), source });
    this.speakPush(key, true);
    if (pieces === "all") this.say(key, { type: "have-all" });
    else for (const index of pieces) this.say(key, { type: "have", index });
  }

  say(key: PeerKey, message: PeerMessage): readonly SwarmCommand[] {
    return this.handle({ type: "message", peer: key, message });
  }

  speakPush(key: PeerKey, speaks: boolean, port?: number): readonly SwarmCommand[] {
    const extensions = new Map(speaks ? [["sta_push", 1]] : []);
    return this.say(key, {
      type: "extended-handshake",
      handshake: { extensions, client: "hand", ...(port !== undefined && { port }) },
    });
  }

  push(key: PeerKey, message: PushMessage): readonly SwarmCommand[] {
    return this.say(key, { type: "sta-push", message });
  }

  /** Blocks that a peer was asked for since the last `take`, as `index:block`. */
  requested(key: PeerKey): string[] {
    return this.take().flatMap((command) =>
      command.type === "send" && command.peer === key && command.message.type === "request"
        ? [`${command.message.index}:${command.message.begin / BLOCK_BYTES}`]
        : [],
    );
  }

  deliver(key: PeerKey, index: number, block: number): readonly SwarmCommand[] {
    const data = new Uint8Array(this.layout.blockLengthAt(index, block));
    return this.say(key, { type: "piece", index, begin: block * BLOCK_BYTES, data });
  }

  /** Time passes, a tick each second. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 1_000);
      this.handle({ type: "tick" });
    }
  }
}

/** The gift messages among commands to `key`. */
export function pushesTo(key: PeerKey, commands: readonly SwarmCommand[]): PushMessage[] {
  return commands.flatMap((command) =>
    command.type === "send" && command.peer === key && command.message.type === "sta-push"
      ? [command.message.message]
      : [],
  );
}

/** Who was let go, and whether it was banned: hand-made peers are told apart by their address. */
export function disconnects(commands: readonly SwarmCommand[]): { peer: PeerKey; reason: string; ban: boolean }[] {
  const banned = commands.flatMap((command) => (command.type === "ban" ? [command.address.host] : []));
  return commands.flatMap((command) =>
    command.type === "disconnect"
      ? [{ peer: command.peer, reason: command.reason, ban: banned.includes(connectedOf(command.peer).address.host) }]
      : [],
  );
}
