// Whole swarms in one process, on virtual time: in-memory links with a delay and a bandwidth, seeded randomness, nothing sleeps.
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import { BLOCK_BYTES } from "../../source/protocol/peer/limits.ts";
import type { PeerMessage } from "../../source/protocol/peer/messages.ts";
import type { PeerKey, SwarmCommand, SwarmEvent, Upload } from "../../source/swarm/events.ts";
import { Swarm } from "../../source/swarm/swarm.ts";
import { babble } from "./babble.ts";

const INFO_HASH = toInfoHash(new Uint8Array(20).fill(1));

/** What a block holds: all that a simulated hash looks at. */
const GOOD = new Uint8Array(BLOCK_BYTES);
const BAD = new Uint8Array(BLOCK_BYTES).fill(1);

/** How a node misbehaves; nothing of it is honest by default. */
export interface Behaviour {
  /** Share of its blocks that are wrong, 0 to 1. */
  readonly spoils?: number;
  /** Sends no block after so many. */
  readonly stallsAfter?: number;
  /** Says it has everything, whatever it has. */
  readonly lies?: boolean;
  /** Between what it has to say it says anything to anybody, so many times a second. */
  readonly babbles?: number;
}

/** A disk that is slow, full for a while, or fails one operation. */
export interface Disk {
  /** What a piece takes to be hashed and written; 1 ms unless said. */
  readonly writeMs?: number;
  /** Writing the n-th piece fails, from 1. */
  readonly failsAt?: number;
  /** Takes nothing from then until then, in seconds of virtual time. */
  readonly full?: { readonly from: number; readonly until: number };
}

/** After a fault the transfer asks for nothing for so long, as `DISK_RETRY_MS` of the engine. */
const DISK_RETRY_MS = 10_000;

/** A dial that nobody answers has failed after so long, as `CONNECT_MS` of the engine. */
const CONNECT_MS = 10_000;

export interface NodeOptions {
  readonly held: "all" | "nothing" | readonly number[];
  /** Bytes a second it can send in all. */
  readonly upBytesPerSecond?: number;
  readonly behaviour?: Behaviour;
  /** Asks for pieces; true by default. */
  readonly download?: boolean;
  /** Serves and gives them; true by default. */
  readonly upload?: boolean;
  readonly disk?: Disk;
  readonly giftRefusal?: () => "unwanted" | "full" | undefined;
  readonly private?: boolean;
}

interface Link {
  readonly to: SimulatedNode;
  /** Under which key the other side knows us. */
  readonly keyThere: PeerKey;
  /** When the last message arrives: messages stay in order. */
  arrivesAt: number;
}

/** Yields [0, 1) from a seed: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class SimulatedNode {
  readonly name: string;
  readonly swarm: Swarm;
  readonly address: { readonly host: string; readonly port: number };
  readonly links = new Map<PeerKey, Link>();
  readonly #simulation: Simulation;
  readonly #options: NodeOptions;
  /** Good and bad blocks of the pieces that are arriving. */
  readonly #blocks = new Map<number, Map<number, boolean>>();
  #lastKey = 0;
  #sendsUntil = 0;
  #sentBlocks = 0;
  /** Peers that wait for blocks. */
  readonly #waiting = new Set<PeerKey>();
  readonly #gifts = new Map<PeerKey, Upload[]>();
  #uploadsAt = 0;
  #tickAt = Number.POSITIVE_INFINITY;
  #writes = 0;
  #retryAt = 0;
  receivedBytes = 0;
  /** How often each piece failed its hash. */
  readonly badPiecesOf = new Map<number, number>();
  /** Pieces that could not be stored. */
  diskFaults = 0;
  /** When it began to dial, in virtual ms. */
  readonly dials: number[] = [];
  completedAt: number | undefined;
  readonly disconnects: { readonly node: string; readonly reason: string }[] = [];
  /** Names of the nodes it banned, also of some that were gone by then. */
  readonly banned = new Set<string>();
  readonly gifts: { readonly direction: string; readonly index: number }[] = [];
  gone = false;

  constructor(simulation: Simulation, name: string, options: NodeOptions) {
    const { layout, random, nodes } = simulation;
    this.#simulation = simulation;
    this.#options = options;
    this.name = name;
    this.address = { host: `10.0.${nodes.size >> 8}.${nodes.size & 255}`, port: 6881 };
    const id = new TextEncoder().encode(`-SIM-${name}`.padEnd(20, "."));
    this.swarm = new Swarm({
      layout,
      held: heldOf(options.held, layout.pieceCount),
      peerId: toPeerId(id),
      client: name,
      listenPort: 6881,
      private: options.private ?? false,
      infoHash: INFO_HASH,
      giftRefusal: options.giftRefusal ?? (() => undefined),
      random,
    });
  }

  get badPieces(): number {
    return [...this.badPiecesOf.values()].reduce((sum, times) => sum + times, 0);
  }

  get isComplete(): boolean {
    return this.swarm.states.held.isFull;
  }

  start(): void {
    const { download = true, upload = true } = this.#options;
    this.handle({ type: "set-active", download, upload });
    if (this.#options.behaviour?.babbles) this.#babble(1_000 / this.#options.behaviour.babbles);
  }

  handle(event: SwarmEvent): void {
    if (this.gone) return;
    for (const command of this.swarm.handle(event, this.#simulation.now)) this.#execute(command);
    this.#scheduleTick();
  }

  #babble(everyMs: number): void {
    const { layout, random } = this.#simulation;
    const keys = [...this.links.keys()];
    const to = keys[Math.floor(random() * keys.length)];
    if (to !== undefined) this.#send(to, babble(layout, random, random() < 0.5 ? GOOD : BAD));
    if (!this.gone) this.#simulation.after(everyMs, () => this.#babble(everyMs));
  }

  /** A connection stands: both sides hear of it. */
  connected(other: SimulatedNode, key: PeerKey, keyThere: PeerKey, incoming: boolean): void {
    this.links.set(key, { to: other, keyThere, arrivesAt: this.#simulation.now });
    const peerId = toPeerId(new TextEncoder().encode(`-SIM-${other.name}`.padEnd(20, ".")));
    const source = incoming ? "incoming" : "tracker";
    this.handle({
      type: "peer-connected",
      peer: key,
      peerId,
      address: other.address,
      source,
      fast: true,
      extended: true,
    });
  }

  nextKey(): PeerKey {
    return ++this.#lastKey;
  }

  /** Goes without a word: its connections end. */
  leave(): void {
    this.gone = true;
    for (const [key] of this.links) this.unlink(key);
  }

  /** Ends a connection; the other side hears of it. */
  unlink(key: PeerKey): void {
    const link = this.links.get(key);
    if (!link) return;
    this.links.delete(key);
    this.#gifts.delete(key);
    link.to.links.delete(link.keyThere);
    this.#simulation.at(this.#simulation.arrivalOf(this.#simulation.now), () =>
      link.to.handle({ type: "peer-left", peer: link.keyThere }),
    );
  }

  #execute(command: SwarmCommand): void {
    switch (command.type) {
      case "send":
        return this.#send(command.peer, this.#spoken(command.message));
      case "store-block": {
        const blocks = this.#blocks.get(command.index) ?? new Map<number, boolean>();
        this.#blocks.set(command.index, blocks.set(command.begin, command.data.buffer === GOOD.buffer));
        return;
      }
      case "verify-piece":
        this.#simulation.after(this.#options.disk?.writeMs ?? 1, () => this.#store(command.index));
        return;
      case "discard-piece":
        this.#blocks.delete(command.index);
        return;
      case "uploads-waiting":
        this.#waiting.add(command.peer);
        this.#simulation.after(0, () => this.#upload());
        return;
      case "give-piece":
        return this.#give(command.peer, command.index);
      case "take-back-piece":
        this.#gifts.set(
          command.peer,
          this.#gifts.get(command.peer)?.filter(({ index }) => index !== command.index) ?? [],
        );
        return;
      case "disconnect": {
        const node = this.links.get(command.peer)?.to.name ?? "?";
        this.disconnects.push({ node, reason: command.reason });
        return this.unlink(command.peer);
      }
      case "ban":
        this.banned.add(this.#simulation.nodeAt(command.address)!.name);
        return;
      case "dial":
        this.dials.push(this.#simulation.now);
        this.#dial(command.address);
        return;
      case "completed":
        this.completedAt = this.#simulation.now;
        return;
      case "gift":
        this.gifts.push({ direction: command.direction, index: command.index });
        return;
      default:
        command satisfies never;
    }
  }

  #spoken(message: PeerMessage): PeerMessage {
    if (message.type === "extended-handshake" && !this.#simulation.exchangesPeers) {
      const extensions = new Map([...message.handshake.extensions].filter(([name]) => name !== "ut_pex"));
      return { ...message, handshake: { ...message.handshake, extensions } };
    }
    const claims = this.#options.behaviour?.lies && ["have-none", "have-all", "bitfield"].includes(message.type);
    return claims ? { type: "have-all" } : message;
  }

  #send(key: PeerKey, message: PeerMessage, leavesAt = this.#simulation.now): void {
    const link = this.links.get(key);
    if (!link) return;
    link.arrivesAt = Math.max(link.arrivesAt, this.#simulation.arrivalOf(leavesAt));
    this.#simulation.at(link.arrivesAt, () => {
      if (!link.to.links.has(link.keyThere)) return;
      if (message.type === "piece") link.to.receivedBytes += message.data.length;
      else if (message.type === "sta-push" && message.message.type === "block") {
        link.to.receivedBytes += message.message.data.length;
      }
      link.to.handle({ type: "message", peer: link.keyThere, message });
    });
  }

  /** One block at a time leaves, the peers that wait for some in turn. */
  #upload(): void {
    const { now } = this.#simulation;
    if (this.#sendsUntil > now) return this.#uploadLater();
    if (this.#sentBlocks >= (this.#options.behaviour?.stallsAfter ?? Number.POSITIVE_INFINITY)) return;
    for (const key of this.#waiting) {
      this.#waiting.delete(key);
      const [upload] = this.swarm.takeUploads(key, BLOCK_BYTES);
      const block = upload ?? this.#gifts.get(key)?.shift();
      if (!block) continue;
      this.#waiting.add(key);
      this.#sentBlocks++;
      this.#occupyUplink(block.length);
      this.#send(key, this.#blockMessage(block, upload === undefined), this.#sendsUntil);
      this.handle({ type: "block-sent", peer: key, bytes: block.length });
      return this.#uploadLater();
    }
  }

  #blockMessage({ index, begin, length }: Upload, isGift: boolean): PeerMessage {
    const data = this.#data(length);
    if (!isGift) return { type: "piece", index, begin, data };
    return { type: "sta-push", message: { type: "block", piece: index, begin, data } };
  }

  #uploadLater(): void {
    if (this.#uploadsAt >= this.#sendsUntil) return;
    this.#uploadsAt = this.#sendsUntil;
    this.#simulation.at(this.#sendsUntil, () => this.#upload());
  }

  #give(key: PeerKey, index: number): void {
    const { layout } = this.#simulation;
    const blocks = this.#gifts.get(key) ?? [];
    for (let block = 0; block < layout.blockCount(index); block++) {
      blocks.push({ index, begin: block * BLOCK_BYTES, length: layout.blockLengthAt(index, block) });
    }
    this.#gifts.set(key, blocks);
    this.#waiting.add(key);
    this.#upload();
  }

  #data(length: number): Uint8Array {
    const spoiled = this.#simulation.random() < (this.#options.behaviour?.spoils ?? 0);
    return (spoiled ? BAD : GOOD).subarray(0, length);
  }

  #occupyUplink(bytes: number): void {
    const rate = this.#options.upBytesPerSecond ?? 10_000_000;
    this.#sendsUntil = Math.max(this.#sendsUntil, this.#simulation.now) + (bytes / rate) * 1_000;
  }

  #dial(address: { readonly host: string; readonly port: number }): void {
    const { now } = this.#simulation;
    const arrivesAt = this.#simulation.arrivalOf(now);
    if (arrivesAt - now < CONNECT_MS) this.#simulation.at(arrivesAt, () => this.#simulation.dialled(this, address));
    else this.#simulation.after(CONNECT_MS, () => this.handle({ type: "dial-failed", address }));
  }

  /** Writes a piece, or fails to: then it does what a transfer does. */
  #store(index: number): void {
    const { failsAt, full } = this.#options.disk ?? {};
    const { now } = this.#simulation;
    const isFull = full !== undefined && now >= full.from * 1_000 && now < full.until * 1_000;
    if (++this.#writes !== failsAt && !isFull) return this.#verify(index);
    this.diskFaults++;
    this.#blocks.delete(index);
    this.handle({ type: "piece-not-stored", index });
    this.handle({ type: "set-active", download: false, upload: this.#options.upload ?? true });
    const retryAt = now + DISK_RETRY_MS;
    this.#retryAt = retryAt;
    this.#simulation.at(retryAt, () => {
      if (this.#retryAt === retryAt) this.start();
    });
  }

  #verify(index: number): void {
    const blocks = this.#blocks.get(index);
    this.#blocks.delete(index);
    const ok = blocks?.size === this.#simulation.layout.blockCount(index) && [...blocks.values()].every(Boolean);
    if (!ok) this.badPiecesOf.set(index, (this.badPiecesOf.get(index) ?? 0) + 1);
    const digestOf = (block: number) => String(blocks?.get(block * BLOCK_BYTES));
    this.handle({ type: "piece-verified", index, ok, digestOf });
  }

  #scheduleTick(): void {
    const at = Math.max(this.swarm.nextTick() ?? Number.POSITIVE_INFINITY, this.#simulation.now);
    if (at >= this.#tickAt) return;
    this.#tickAt = at;
    this.#simulation.at(at, () => {
      if (this.#tickAt !== at) return;
      this.#tickAt = Number.POSITIVE_INFINITY;
      this.handle({ type: "tick" });
    });
  }
}

export class Simulation {
  readonly layout: PieceLayout;
  readonly random: () => number;
  /** One way. */
  readonly delayMs: number;
  /** Do peers tell one another whom they know (BEP 11)? Else who is connected to whom is as a test says. */
  readonly exchangesPeers: boolean;
  readonly nodes = new Map<string, SimulatedNode>();
  readonly #byHost = new Map<string, SimulatedNode>();
  now = 1_000;
  /** The network is gone until then. */
  #goneUntil = 0;
  readonly #queue: { readonly at: number; readonly order: number; readonly action: () => void }[] = [];
  #order = 0;

  constructor(options: {
    seed: number;
    pieceCount: number;
    pieceLength?: number;
    delayMs?: number;
    lastPieceLength?: number;
    exchangesPeers?: boolean;
  }) {
    const pieceLength = options.pieceLength ?? 4 * BLOCK_BYTES;
    const length = (options.pieceCount - 1) * pieceLength + (options.lastPieceLength ?? pieceLength);
    this.layout = new PieceLayout({ length, pieceLength, files: [{ path: ["file"], length, offset: 0 }] });
    this.random = seededRandom(options.seed);
    this.delayMs = options.delayMs ?? 10;
    this.exchangesPeers = options.exchangesPeers ?? false;
  }

  add(name: string, options: NodeOptions): SimulatedNode {
    const node = new SimulatedNode(this, name, options);
    this.nodes.set(name, node);
    this.#byHost.set(node.address.host, node);
    node.start();
    return node;
  }

  /** `from` hears of the others, as from a tracker: of `most` of them, at random. */
  introduce(from: SimulatedNode, most = Number.POSITIVE_INFINITY): void {
    const others = [...this.nodes.values()].filter((node) => node !== from && !node.gone);
    const addresses: { readonly host: string; readonly port: number }[] = [];
    while (others.length > 0 && addresses.length < most) {
      const at = most < others.length ? Math.floor(this.random() * others.length) : 0;
      addresses.push(...others.splice(at, 1).map(({ address }) => address));
    }
    from.handle({ type: "candidates", addresses, source: "tracker" });
  }

  nodeAt({ host }: { readonly host: string }): SimulatedNode | undefined {
    return this.#byHost.get(host);
  }

  dialled(from: SimulatedNode, address: { readonly host: string }): void {
    const to = this.nodeAt(address);
    if (!to || to.gone || from.gone) {
      from.handle({ type: "dial-failed", address: { host: address.host, port: 6881 } });
      return;
    }
    const key = from.nextKey();
    const keyThere = to.nextKey();
    to.connected(from, keyThere, key, true);
    from.connected(to, key, keyThere, false);
  }

  /** The network is gone for so long: what is sent meanwhile arrives when it is back, if its connection still stands. */
  loseNetwork(seconds: number): void {
    this.#goneUntil = this.now + seconds * 1_000;
  }

  /** When something that leaves at `at` arrives. */
  arrivalOf(at: number): number {
    return (at < this.#goneUntil ? this.#goneUntil : at) + this.delayMs;
  }

  after(ms: number, action: () => void): void {
    this.at(this.now + ms, action);
  }

  /** A binary heap by time, then by order of arrival. */
  at(at: number, action: () => void): void {
    const queue = this.#queue;
    queue.push({ at: Math.max(at, this.now), order: this.#order++, action });
    for (let child = queue.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!isBefore(queue[child]!, queue[parent]!)) break;
      [queue[child], queue[parent]] = [queue[parent]!, queue[child]!];
      child = parent;
    }
  }

  /** Lets virtual time pass until `done` or for `seconds` at most; says whether it came to be done. */
  run(seconds: number, done: () => boolean = () => false): boolean {
    const end = this.now + seconds * 1_000;
    while (!done()) {
      const next = this.#queue[0];
      if (!next || next.at > end) {
        this.now = end;
        return done();
      }
      this.#pop();
      this.now = next.at;
      next.action();
    }
    return true;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    if (queue.length === 0) return;
    queue[0] = last;
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < queue.length && isBefore(queue[child]!, queue[least]!)) least = child;
      }
      if (least === parent) return;
      [queue[least], queue[parent]] = [queue[parent]!, queue[least]!];
      parent = least;
    }
  }
}

function isBefore(a: { at: number; order: number }, b: { at: number; order: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function heldOf(held: NodeOptions["held"], pieceCount: number): Bitfield {
  if (held === "all") return Bitfield.full(pieceCount);
  return Bitfield.of(pieceCount, held === "nothing" ? [] : held);
}
