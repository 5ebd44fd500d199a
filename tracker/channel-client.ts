// One channel client: who it is, and who answers what it says.
import { toBase64 } from "../source/protocol/channel/bitfield.ts";
import {
  MAX_ENTRIES_IN_FRAME,
  MAX_FRAME,
  MAX_TORRENT_FRAME,
  MESSAGES_PER_SECOND,
} from "../source/protocol/channel/limits.ts";
import {
  type CatalogueEntry,
  type ClientMessage,
  type TrackerMessage,
  parseClientMessage,
} from "../source/protocol/channel/messages.ts";
import { ProtocolError } from "../source/protocol/errors.ts";
import type { Asker } from "./asker.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { MemberId } from "./changes.ts";
import { type ChannelLine, isGoodbye } from "./channel-line.ts";
import type { Library } from "./library.ts";
import type { Log } from "./log.ts";
import type { Members } from "./members.ts";
import type { PortProber } from "./port-prober.ts";
import { addressOf, peerKey } from "./peer-key.ts";
import { RequestError } from "./request-error.ts";
import type { Swarms } from "./swarms.ts";
import { UnusableRedis } from "./unusable-redis.ts";

/** What every channel client of a tracker shares. */
export interface ChannelRoom {
  readonly swarms: Swarms;
  readonly members: Members;
  readonly library: Library;
  readonly broadcaster: Broadcaster;
  /** Names this run of the tracker: numbers of broadcasts mean nothing in another. */
  readonly epoch: string;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Whether a client may come in with this token. */
  readonly admits: (token: string | undefined) => boolean;
  /** Hears of a client that sends far more than it may. */
  readonly flooded: (asker: Asker) => void;
  /** Undefined when clients are not dialled back. */
  readonly prober: PortProber | undefined;
  readonly log: Log;
}

type Hello = Extract<ClientMessage, { type: "hello" }>;
type Request = Extract<ClientMessage, { type: "publish" | "torrent" | "holders" | "peers" }>;

/** What a short request counts: 64 of them may wait for their answers. */
const REQUEST_SIZE = MAX_TORRENT_FRAME / 64;

/** A frame of the catalogue. */
interface Page {
  readonly entries: CatalogueEntry[];
  readonly more: boolean;
}

export class ChannelClient {
  readonly line: ChannelLine;
  readonly asker: Asker;
  /** Whether its `hello` was welcomed. */
  welcomed = false;
  readonly #room: ChannelRoom;
  /** Undefined for a client that only looks. */
  #member: MemberId | undefined;
  /** Who it is, in log lines. */
  #name = "";
  /** Requests are answered in order, one at a time. */
  #answering: Promise<void> | undefined;
  /** Characters of requests that are not answered yet. */
  #waiting = 0;

  constructor(line: ChannelLine, asker: Asker, room: ChannelRoom) {
    this.line = line;
    this.asker = asker;
    this.#room = room;
  }

  pinged(data: Buffer): void {
    if (this.#listens(data.length)) this.line.pong(data);
  }

  ponged(): void {
    this.#listens(0);
  }

  /** Text, as bytes: nothing is done for a message before it is known to be one that it may send. */
  heard(frame: Buffer): void {
    if (!this.#listens(frame.length)) return;
    try {
      const message = parseClientMessage(String(frame));
      if (!message) return;
      if (message.type === "hello") this.#hello(message);
      else if (this.welcomed) this.#act(message);
      else this.line.reject("hello must come first");
    } catch (error) {
      this.#failed(error, undefined);
    }
  }

  /** The connection is closed, with this code. */
  gone(code: number): void {
    if (!this.welcomed) return;
    const why = this.line.why ?? (isGoodbye(code) ? "left" : "connection lost");
    this.#room.log("info", "client gone", { client: this.#name, why });
    if (this.#member !== undefined) this.#room.members.leave(this.#member, why);
  }

  /** Frames of broadcasts, for those that were welcomed. */
  broadcast(frames: Buffer): void {
    if (this.welcomed) this.line.broadcast(frames);
  }

  /** Whether one more message, of whatever kind, is heard. */
  #listens(bytes: number): boolean {
    const { line, asker } = this;
    if (!line.isOpen) return false;
    if (line.takes(bytes)) return true;
    this.#room.flooded(asker);
    line.reject(`more than ${MESSAGES_PER_SECOND} messages a second`);
    return false;
  }

  #hello(hello: Hello): void {
    const { swarms, members, broadcaster, epoch, admits, log } = this.#room;
    if (this.welcomed) throw new ProtocolError("hello-twice", "hello came twice");
    // What was said before is not for those who come now.
    broadcaster.flush();
    if (!admits(hello.token)) {
      this.#reply({ type: "error", code: "refused", text: "this tracker asks for a token, and this is not it" });
      this.line.reject("wrong token");
      return;
    }
    const { host, address } = this.asker;
    this.welcomed = true;
    this.#name = addressOf({ host, port: hello.port });
    if (hello.port > 0) this.#member = members.arrive(hello.peerId, peerKey(address, hello.port));
    log("info", "client here", { client: this.#name, peerId: hello.peerId, agent: hello.agent });
    const missed = hello.resume !== undefined && hello.epoch === epoch ? broadcaster.since(hello.resume) : undefined;
    const pages = missed ? undefined : pagesOf(swarms);
    const first = pages?.next().value;
    this.#reply({
      type: "welcome",
      seq: missed ? hello.resume! : broadcaster.seq,
      epoch,
      you: { address: host, port: hello.port },
      peers: swarms.members.size,
      ...(first ? { catalogue: first.entries } : {}),
      more: first?.more ?? false,
      limits: { messagesPerSecond: MESSAGES_PER_SECOND, frame: MAX_FRAME },
    });
    for (const frame of missed ?? []) this.broadcast(frame);
    if (pages && first?.more) void this.#sendPages(pages);
    if (hello.port > 0) this.#probe(hello.port);
  }

  #probe(port: number): void {
    this.#room.prober?.probe(this.asker, port, (ok) => this.#reply({ type: "reachable", port, ok }));
  }

  async #sendPages(pages: Iterable<Page>): Promise<void> {
    for (const page of pages) {
      await this.#replyLong({ type: "catalogue", ...page });
      await this.line.turn();
    }
  }

  #act(message: Exclude<ClientMessage, { type: "hello" }>): void {
    const { members } = this.#room;
    switch (message.type) {
      case "have":
        members.have(this.#holder, message.infoHash, message.pieces);
        return;
      case "update":
        members.update(this.#holder, message.infoHash, message.gained, message.lost);
        return;
      case "publish":
      case "torrent":
      case "holders":
      case "peers":
        this.#queue(message);
        return;
      default:
        message satisfies never;
    }
  }

  /** The member that speaks. Throws RequestError for one that only looks. */
  get #holder(): MemberId {
    if (this.#member !== undefined) return this.#member;
    throw new RequestError("refused", "a client that said port 0 only looks: it publishes and holds nothing");
  }

  /** A client that asks faster than it takes answers is not read until it has taken them. */
  #queue(request: Request): void {
    const size = request.type === "publish" ? request.torrent.length : REQUEST_SIZE;
    this.#wait(size);
    const before = this.#answering?.then(() => this.line.turn()) ?? Promise.resolve();
    const answering = before.then(async () => {
      await this.#answer(request);
      this.#wait(-size);
      if (this.#answering === answering) this.#answering = undefined;
    });
    this.#answering = answering;
  }

  #wait(size: number): void {
    this.#waiting += size;
    this.line.hold(this.#waiting > MAX_TORRENT_FRAME);
  }

  async #answer(message: Request): Promise<void> {
    const { members, library } = this.#room;
    const re = message.id;
    if (!this.line.isOpen) return;
    try {
      switch (message.type) {
        case "publish": {
          void this.#holder;
          this.#reply({ type: "published", re, ...(await library.publish(message.torrent)) });
          return;
        }
        case "torrent":
          await this.#replyLong({ type: "torrent", re, torrent: toBase64(await library.torrent(message)) });
          return;
        case "holders": {
          const peers = members.holders(this.#member, message.infoHash, message.piece);
          await this.#replyLong({ type: "holders", re, peers: [...peers] });
          return;
        }
        case "peers":
          await this.#replyLong({ type: "peers", re, peers: [...members.peers(this.#member)] });
          return;
        default:
          message satisfies never;
      }
    } catch (error) {
      this.#failed(error, re);
    }
  }

  /** A wrong request is answered, a broken rule ends the connection, a failing store is said; anything else is our own mistake. */
  #failed(error: unknown, re: number | undefined): void {
    const to = re === undefined ? {} : { re };
    if (error instanceof RequestError) {
      const about = error.infoHash === undefined ? {} : { infoHash: error.infoHash };
      this.#reply({ type: "error", ...to, code: error.code, text: error.message.slice(0, 1024), ...about });
    } else if (error instanceof ProtocolError) {
      this.line.reject(error.message);
    } else if (error instanceof UnusableRedis || (error instanceof Error && "syscall" in error)) {
      this.#room.log("error", "the kept torrents cannot be used", { error: error.message });
      this.#reply({
        type: "error",
        ...to,
        code: "full",
        text: "the tracker cannot use the torrents that it keeps now",
      });
    } else {
      throw error;
    }
  }

  #reply(message: TrackerMessage): void {
    this.#room.broadcaster.flush();
    this.line.send(message);
  }

  #replyLong(message: TrackerMessage): Promise<void> {
    this.#room.broadcaster.flush();
    return this.line.sendBulk(message);
  }
}

/** The catalogue in frames. Each is read from it when its turn comes, so it is never older than the broadcasts before it. */
function* pagesOf({ catalogue }: Swarms): Generator<Page, undefined> {
  const infoHashes = [...catalogue.infoHashes()];
  for (let i = 0; i === 0 || i < infoHashes.length; i += MAX_ENTRIES_IN_FRAME) {
    const page = infoHashes.slice(i, i + MAX_ENTRIES_IN_FRAME);
    yield {
      entries: page.flatMap((infoHash) => catalogue.entry(infoHash) ?? []),
      more: i + page.length < infoHashes.length,
    };
  }
}
