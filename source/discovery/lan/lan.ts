// Lan: peers in the networks of this machine, found by multicast (BEP 14). Begins when something is looked for, and not before.
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { type InfoHash, type InfoHashHex, toHex } from "../../protocol/ids.ts";
import { encodeLanAnnounce, parseLanAnnounce } from "../../protocol/local-discovery.ts";
import type { Endpoint } from "../../protocol/tracker/endpoint.ts";
import { FloodGuard } from "../dht/flood-guard.ts";
import { Announces } from "./announces.ts";
import { LOOK_MS } from "./limits.ts";
import { lanFamilyOf, type LanNetwork, networksOf } from "./networks.ts";
import { type LanEar, lanSockets, type LanSockets } from "./sockets.ts";

export interface LanOptions {
  /** Address that peers are taken on: only its network counts; undefined: all. */
  readonly host: string | undefined;
  /** The TCP port that takes peers. */
  readonly port: () => number;
  /** Something a person may want to know, once. */
  readonly tell: (text: string) => void;
  readonly interfaces?: typeof networkInterfaces;
  readonly sockets?: LanSockets;
}

/** A torrent whose peers are looked for, and told of us. */
export interface WantedOnLan {
  readonly infoHash: InfoHash;
  readonly onPeer: (peer: Endpoint) => void;
  /** It was told, or could not be. */
  readonly onTold?: (result: LanResult) => void;
}

export interface LanResult {
  readonly state: LanFigures["state"];
  /** When it is told again, monotonic. */
  readonly nextAt: number;
}

/** How it does. */
export interface LanFigures {
  /** `idle`: nothing is looked for. `alone`: there is no network that it is for. `failed`: it works in none. */
  readonly state: "idle" | "starting" | "working" | "alone" | "failed";
  /** In which it works, by the names of their interfaces. */
  readonly networks: string[];
  readonly torrents: number;
  /** Announces of torrents that are here. */
  readonly heard: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Datagrams that were not read: too many, of elsewhere, or unreadable. */
  readonly dropped: number;
}

interface Attended {
  readonly network: LanNetwork;
  /** Why nothing is heard, or said, there. */
  deaf: string | undefined;
  mute: string | undefined;
}

export class Lan {
  readonly #options: LanOptions;
  readonly #sockets: LanSockets;
  readonly #cookie = randomBytes(4).toString("hex");
  readonly #wanted = new Map<InfoHashHex, Set<WantedOnLan>>();
  readonly #announces = new Announces();
  readonly #guard = new FloodGuard(performance.now());
  /** Undefined until it was looked for them. */
  #networks: readonly Attended[] | undefined;
  #ear: LanEar | undefined;
  #lookAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** What is due is being done. */
  #working: Promise<void> | undefined;
  #hasTold = false;
  #isClosed = false;
  #heard = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  #dropped = 0;

  constructor(options: LanOptions) {
    this.#options = options;
    this.#sockets = options.sockets ?? lanSockets;
  }

  /** Tells of a torrent, and hears of its peers, from now on; returns the way to stop. */
  want(wanted: WantedOnLan): () => void {
    if (this.#isClosed) return () => undefined;
    const hex = toHex(wanted.infoHash);
    const all = this.#wanted.get(hex) ?? new Set();
    this.#wanted.set(hex, all.add(wanted));
    if (all.size === 1) this.#announces.add(wanted.infoHash, performance.now());
    this.#wake();
    return () => {
      if (!all.delete(wanted) || all.size > 0) return;
      this.#wanted.delete(hex);
      this.#announces.remove(hex);
    };
  }

  /** The machine may have slept, and be elsewhere now. */
  woke(): void {
    this.#lookAt = Number.NEGATIVE_INFINITY;
    this.#announces.again(performance.now());
    this.#wake();
  }

  figures(): LanFigures {
    return {
      state: this.#state,
      networks: this.#works.map(({ network }) => network.name),
      torrents: this.#wanted.size,
      heard: this.#heard,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      dropped: this.#dropped,
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#working;
    await this.#ear?.close();
  }

  get #works(): readonly Attended[] {
    return (this.#networks ?? []).filter(({ deaf, mute }) => (deaf ?? mute) === undefined);
  }

  get #state(): LanFigures["state"] {
    if (this.#wanted.size === 0) return "idle";
    if (!this.#networks) return "starting";
    if (this.#networks.length === 0) return "alone";
    return this.#works.length > 0 ? "working" : "failed";
  }

  /** Sets the timer for what is due next. */
  #wake(): void {
    clearTimeout(this.#timer);
    const announceAt = this.#announces.nextTick();
    if (this.#isClosed || this.#working || announceAt === undefined) return;
    const waitMs = Math.min(announceAt, Math.max(this.#lookAt, performance.now())) - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#working = this.#work().finally(() => {
          this.#working = undefined;
          this.#wake();
        });
      },
      Math.max(1, Math.ceil(waitMs)),
    ).unref();
  }

  async #work(): Promise<void> {
    const now = performance.now();
    if (now >= this.#lookAt) await this.#look(now);
    const burst = this.#announces.take(now, this.#networks!.length > 0);
    if (burst.length === 0 || this.#isClosed) return;
    await this.#say(burst);
    for (const infoHash of burst.flat()) {
      const nextAt = this.#announces.dueAt(toHex(infoHash));
      if (nextAt === undefined) continue;
      for (const { onTold } of this.#wanted.get(toHex(infoHash)) ?? []) onTold?.({ state: this.#state, nextAt });
    }
  }

  /** Which networks there are: one that is new hears of everything. */
  async #look(now: number): Promise<void> {
    this.#lookAt = now + LOOK_MS;
    this.#guard.tick(now);
    const before = this.#networks;
    const known = ({ name, address }: LanNetwork) =>
      before?.find(({ network }) => network.name === name && network.address === address);
    const networks = networksOf(this.#interfaces(), this.#options.host);
    if (before && !networks.every(known)) this.#announces.hurry(now);
    this.#networks = networks.map((network) => ({ network, deaf: undefined, mute: known(network)?.mute }));
    for (const attended of this.#networks) await this.#attend(attended);
    this.#tell();
  }

  /** Some systems tell programs of none. */
  #interfaces(): ReturnType<typeof networkInterfaces> {
    try {
      return (this.#options.interfaces ?? networkInterfaces)();
    } catch {
      return {};
    }
  }

  async #attend(attended: Attended): Promise<void> {
    const { host } = this.#options;
    try {
      this.#ear ??= await this.#sockets.hear(lanFamilyOf(host), (bytes, from) => this.#got(bytes, from));
      this.#ear.join(attended.network);
    } catch (error) {
      attended.deaf = codeOf(error);
    }
  }

  async #say(burst: readonly (readonly InfoHash[])[]): Promise<void> {
    const port = this.#options.port();
    for (const attended of this.#networks ?? []) {
      const { network } = attended;
      const datagrams = burst.map((infoHashes) =>
        encodeLanAnnounce({ port, infoHashes, cookie: this.#cookie }, network.family),
      );
      try {
        await this.#sockets.say(network, datagrams);
        attended.mute = undefined;
        for (const { length } of datagrams) this.#sentBytes += length;
      } catch (error) {
        attended.mute = codeOf(error);
      }
    }
    this.#tell();
  }

  #got(bytes: Uint8Array, from: Endpoint): void {
    this.#receivedBytes += bytes.length;
    const isHere = this.#networks?.some(({ network }) => network.has(from.host));
    const announce = isHere && this.#guard.mayRead(from, performance.now()) ? parseLanAnnounce(bytes) : undefined;
    if (!announce) return void this.#dropped++;
    if (announce.cookie === this.#cookie) return;
    for (const infoHash of announce.infoHashes) {
      for (const { onPeer } of this.#wanted.get(toHex(infoHash)) ?? []) {
        this.#heard++;
        onPeer({ host: from.host, port: announce.port });
      }
    }
  }

  /** Once: it is tried again all the while. */
  #tell(): void {
    if (this.#hasTold || this.#state !== "failed") return;
    this.#hasTold = true;
    const where = this.#networks!.map(({ network, deaf, mute }) => `${network.name}: ${deaf ?? mute}`).join(", ");
    this.#options.tell(
      `Peers of the own network are not found by multicast (${where}): --peer names one, --no-lan tries no more.`,
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
