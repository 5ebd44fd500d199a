// WebSeed: a web server that has the files of a torrent, in the place of a peer (BEP 19): what a swarm requests of it is asked for in
// ranges of its files, and the answers are cut into blocks.
import { createHash } from "node:crypto";
import { KeptConnections } from "../discovery/http-request.ts";
import { Bitfield } from "../metainfo/bitfield.ts";
import type { Metainfo } from "../metainfo/metainfo.ts";
import type { FileSegment, PieceLayout } from "../metainfo/piece-layout.ts";
import { webSeedUrl } from "../metainfo/web-seed-url.ts";
import { TrackerError } from "../protocol/errors.ts";
import { type PeerId, toPeerId } from "../protocol/ids.ts";
import type { BlockRange, PeerMessage } from "../protocol/peer/messages.ts";
import type { Address } from "../swarm/events.ts";
import { MAX_WINDOW } from "../swarm/limits.ts";
import { BlockCutter } from "./block-cutter.ts";
import { fetchRange, NotThatFile } from "./fetch-range.ts";
import { WEB_SEED_CONNECTIONS, WEB_SEED_RANGE_BYTES } from "./limits.ts";
import type { PeerSocketHandlers } from "./peer-socket.ts";
import { ReadBrake } from "./read-brake.ts";
import { TokenBucket } from "./token-bucket.ts";
import type { PeerLine } from "./transfer-peers.ts";

export interface WebSeedOptions {
  /** Of `url-list` or `ws`. */
  readonly url: string;
  readonly metainfo: Metainfo;
  readonly layout: PieceLayout;
  /** Files that it turned out not to have, or to have others in their place; one more is added before it closes because of it. */
  readonly absentFiles: Set<number>;
  readonly localAddress: string | undefined;
  /** It closed, with why in words; `gaveBytes`: payload that it gave before. */
  readonly ended: (reason: string, gaveBytes: number) => void;
}

const NOBODY: PeerSocketHandlers = { gotMessage: () => undefined, closed: () => undefined };

export class WebSeed implements PeerLine {
  readonly address: Address;
  /** The same for the same URL. */
  readonly peerId: PeerId;
  readonly brake: ReadBrake;
  readonly waitingBytes = 0;
  /** As in its options. */
  readonly absentFiles: Set<number>;
  readonly #options: WebSeedOptions;
  /** Where each file is found, behind redirects. */
  readonly #places = new Map<number, string>();
  readonly #connections = new KeptConnections(WEB_SEED_CONNECTIONS);
  readonly #ending = new AbortController();
  #handlers = NOBODY;
  /** Requests that are not on their way, in their order. */
  #waiting: BlockRange[] = [];
  /** What is being read. */
  readonly #answers = new Set<{ pause(): unknown; resume(): unknown }>();
  /** Ranges that are asked for. */
  #underWay = 0;
  #isWoken = false;
  #gaveBytes = 0;

  /** Payload that it gave. */
  get gaveBytes(): number {
    return this.#gaveBytes;
  }

  constructor(options: WebSeedOptions) {
    this.#options = options;
    this.absentFiles = options.absentFiles;
    const { hostname, port, protocol } = new URL(options.url);
    this.address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (protocol === "https:" ? 443 : 80) };
    this.peerId = toPeerId(new Uint8Array(createHash("sha1").update(options.url).digest()));
    this.brake = new ReadBrake(new TokenBucket(0), {
      pause: () => this.#answers.forEach((answer) => answer.pause()),
      resume: () => this.#answers.forEach((answer) => answer.resume()),
    });
  }

  handOver(handlers: PeerSocketHandlers): void {
    this.#handlers = handlers;
  }

  /** Says what a peer says first: what it is, what it has, and that it may be asked. */
  greet(): void {
    const handshake = { extensions: new Map(), client: "web server", requestQueue: MAX_WINDOW, uploadOnly: true };
    this.#say({ type: "extended-handshake", handshake });
    this.#say({ type: "bitfield", bytes: this.#pieces().toBytes() });
    this.#say({ type: "unchoke" });
  }

  /** Requests are answered, and nothing else. */
  send(message: PeerMessage): void {
    switch (message.type) {
      case "request":
        this.#waiting.push(message);
        return this.#wake();
      case "cancel":
        this.#waiting = this.#waiting.filter(({ index, begin }) => index !== message.index || begin !== message.begin);
        return;
      case "keep-alive":
        return this.#say({ type: "keep-alive" });
      default:
    }
  }

  close(reason: string): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#waiting = [];
    this.brake.release();
    this.#connections.close();
    this.#handlers.closed(reason);
    this.#options.ended(reason, this.#gaveBytes);
  }

  #say(message: PeerMessage): void {
    if (!this.#ending.signal.aborted) this.#handlers.gotMessage(message);
  }

  /** All pieces that lie in files which it has. */
  #pieces(): Bitfield {
    const { layout } = this.#options;
    const pieces = Bitfield.full(layout.pieceCount);
    for (const file of this.absentFiles) {
      const { first, end } = layout.piecesOfFile(file);
      for (let index = first; index < end; index++) pieces.clear(index);
    }
    return pieces;
  }

  /** Asks once all requests of this turn are known: those that follow one another are one range. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    queueMicrotask(() => {
      this.#isWoken = false;
      while (this.#underWay < WEB_SEED_CONNECTIONS && this.#waiting.length > 0) void this.#answer(this.#takeRun());
    });
  }

  /** The oldest request and those behind it that follow one another in the torrent. */
  #takeRun(): BlockRange[] {
    const { layout } = this.#options;
    const startOf = ({ index, begin }: BlockRange) => layout.pieceStart(index) + begin;
    let count = 1;
    let bytes = this.#waiting[0]!.length;
    while (count < this.#waiting.length && bytes < WEB_SEED_RANGE_BYTES) {
      const [before, next] = [this.#waiting[count - 1]!, this.#waiting[count]!];
      if (startOf(next) !== startOf(before) + before.length) break;
      bytes += next.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #answer(run: readonly BlockRange[]): Promise<void> {
    const { layout } = this.#options;
    const { index, begin } = run[0]!;
    const length = run.reduce((sum, block) => sum + block.length, 0);
    this.#underWay++;
    const cutter = new BlockCutter(run, (block, data) => {
      this.#gaveBytes += data.length;
      this.#say({ type: "piece", index: block.index, begin: block.begin, data });
    });
    try {
      for (const segment of layout.segments(layout.pieceStart(index) + begin, length)) {
        if (layout.isPadding(segment.file)) cutter.add(new Uint8Array(segment.length));
        else await this.#fetch(segment, cutter);
      }
    } catch (error) {
      if (error instanceof NotThatFile) this.absentFiles.add(error.file);
      else if (!(error instanceof TrackerError)) throw error;
      this.close(error.message);
    }
    this.#underWay--;
    this.#wake();
  }

  async #fetch(segment: FileSegment, cutter: BlockCutter): Promise<void> {
    const { url, metainfo, localAddress } = this.#options;
    const answer = await fetchRange({
      url: this.#places.get(segment.file) ?? webSeedUrl(url, metainfo, segment.file),
      segment,
      file: metainfo.files[segment.file]!,
      connections: this.#connections,
      signal: this.#ending.signal,
      localAddress,
      got: (bytes) => {
        this.brake.pay(bytes.length);
        cutter.add(bytes);
      },
      // What a low limit allows in seconds would come in bursts.
      mostAtOnce: () => this.brake.limit.burstBytes,
    });
    this.#places.set(segment.file, answer.place);
    this.#answers.add(answer);
    if (this.brake.isPaused) answer.pause();
    try {
      await answer.read();
    } finally {
      this.#answers.delete(answer);
    }
  }
}
