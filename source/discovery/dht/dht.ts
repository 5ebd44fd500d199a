// Dht: our node of the DHT on a UDP socket. Begins when something is looked for, and not before.
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { type Endpoint, isIPv6, isLoopback, isPrivateHost, normalizeHost } from "../../protocol/tracker/endpoint.ts";
import { addressesOf, type Resolve } from "../resolve.ts";
import { POOR_NODES, QUIET_MS } from "./limits.ts";
import { DhtNode } from "./node.ts";
import { encodeState, parseState } from "./saved-state.ts";
import { Searches, type WantedPeers } from "./searches.ts";

export interface DhtOptions {
  /** Address to listen on; undefined: all of IPv4. */
  readonly host: string | undefined;
  /** UDP port that is wanted: that of the TCP listener. Another one when it is taken. */
  readonly port: () => number;
  /** Nodes to begin with; a host may be a name. */
  readonly nodes: readonly Endpoint[];
  /** They are nodes like others, and no routers that everybody asks. */
  readonly areKept: boolean;
  /** Our `v`: a client's two letters, and its version in two bytes. */
  readonly version: Uint8Array;
  /** What an earlier run saved; undefined: nothing. */
  readonly load: () => Promise<Uint8Array | undefined>;
  readonly save: (bytes: Uint8Array) => Promise<void>;
  /** Something a person may want to know, once each. */
  readonly tell: (text: string) => void;
  readonly resolve?: Resolve;
}

/** How our node does. */
export interface DhtFigures {
  /** `idle`: nothing is looked for. `alone`: it runs, and no node answers. `failed`: there is no socket for it. */
  readonly state: "idle" | "starting" | "working" | "alone" | "failed";
  /** UDP; 0 while there is none. */
  readonly port: number;
  /** That answer us. */
  readonly nodes: number;
  readonly torrents: number;
  readonly searches: number;
  /** Torrents and peers kept for others. */
  readonly storedTorrents: number;
  readonly storedPeers: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Datagrams not read or not answered, and those that could not be sent. */
  readonly dropped: number;
  readonly sendErrors: number;
}

/** Without an answer for so long, a person is told. */
const ALONE_MS = 60_000;

export class Dht {
  readonly #options: DhtOptions;
  readonly #searches = new Searches({ random, search: (search, now) => this.#node!.search(search, now) });
  #node: DhtNode | undefined;
  #socket: Socket | undefined;
  #port = 0;
  #starting: Promise<void> | undefined;
  #startedAt = 0;
  #saveAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** Why there is no socket. */
  #failure: string | undefined;
  #hasTold = false;
  #isClosed = false;
  #sentBytes = 0;
  #receivedBytes = 0;
  #sendErrors = 0;

  constructor(options: DhtOptions) {
    this.#options = options;
  }

  /** Our UDP port; 0 until we have one. */
  get port(): number {
    return this.#port;
  }

  /** Looks for the peers of a torrent from now on; returns the way to stop. `nodes`: those that its file names to begin with. */
  want(wanted: WantedPeers, nodes: readonly Endpoint[] = []): () => void {
    if (this.#isClosed) return () => undefined;
    const stop = this.#searches.add(wanted, performance.now());
    this.#starting ??= this.#start();
    if (nodes.length > 0) void this.#starting.then(() => this.#meet(nodes));
    this.#wake();
    return stop;
  }

  /** A peer says that it has a node there. */
  heardOf(endpoint: Endpoint): void {
    this.#node?.heardOf(endpoint, performance.now());
    this.#wake();
  }

  /** What is wrong with it, as a sentence; undefined while nothing is, and where nobody is known to begin with. */
  get problem(): string | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#state !== "alone" || this.#options.nodes.length === 0 || this.#searches.size === 0) return undefined;
    return `No node of the DHT answers: peers are found through trackers and other peers alone. A firewall may keep UDP port ${this.#port} shut.`;
  }

  /** The machine may have slept: nobody may know of us any more. */
  woke(): void {
    this.#searches.again(performance.now());
    this.#wake();
  }

  figures(): DhtFigures {
    const { hashes = 0, peers = 0 } = this.#node?.stored ?? {};
    return {
      state: this.#state,
      port: this.#port,
      nodes: this.#node?.size ?? 0,
      torrents: this.#searches.size,
      searches: this.#searches.running,
      storedTorrents: hashes,
      storedPeers: peers,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      dropped: this.#node?.dropped ?? 0,
      sendErrors: this.#sendErrors,
    };
  }

  /** Saves whom it knows, and goes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#starting;
    clearTimeout(this.#timer);
    await this.#save();
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  get #state(): DhtFigures["state"] {
    if (this.#failure !== undefined) return "failed";
    if (!this.#starting) return "idle";
    if (this.#node && this.#node.size > 0) return "working";
    return performance.now() - this.#startedAt < ALONE_MS || this.#startedAt === 0 ? "starting" : "alone";
  }

  async #start(): Promise<void> {
    const { host, load, version, port } = this.#options;
    const family = host !== undefined && isIPv6(host) && host !== "::" ? 6 : 4;
    const address = host === "::" ? undefined : host;
    try {
      const open = (wanted: number) => bound(family, wanted, address);
      this.#socket = await open(port()).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EADDRINUSE") throw error;
        return open(0);
      });
    } catch (error) {
      this.#failure = `The DHT cannot be used: there is no UDP port for it (${(error as Error).message}).`;
      return this.#tell();
    }
    const saved = await load();
    const state = saved && parseState(saved);
    const now = performance.now();
    this.#port = this.#socket.address().port;
    this.#startedAt = now;
    this.#saveAt = now + QUIET_MS;
    this.#node = new DhtNode({
      id: state?.id,
      contacts: state?.contacts,
      family,
      version,
      random,
      send: (bytes, to) => this.#send(bytes, to),
      needRouters: () => void this.#bootstrap(),
      now,
    });
    this.#socket.on("message", (bytes, { address: from, port: fromPort }) => {
      this.#receivedBytes += bytes.length;
      this.#node!.receive(bytes, { host: normalizeHost(from), port: fromPort }, performance.now());
      this.#wake();
    });
    // What cannot be delivered is told of here on some systems.
    this.#socket.on("error", () => this.#sendErrors++);
    this.#wake();
  }

  /** Looks up the names of those that everybody begins with; who is not found is left out. */
  async #bootstrap(): Promise<void> {
    const { nodes, areKept } = this.#options;
    const found = await this.#lookUp(nodes);
    if (this.#isClosed) return;
    this.#node?.bootstrap(found, areKept, performance.now());
    this.#wake();
  }

  /** A stranger's file names them: asked only while few are known, and never within a network of one's own. */
  async #meet(nodes: readonly Endpoint[]): Promise<void> {
    const { host } = this.#options;
    const isOnLoopback = host !== undefined && isLoopback(host);
    if (!this.#node || this.#node.size >= POOR_NODES) return;
    const found = await this.#lookUp(isOnLoopback ? nodes.filter((node) => isLoopback(node.host)) : nodes);
    if (this.#isClosed) return;
    for (const node of found) if (isOnLoopback || !isPrivateHost(node.host)) this.heardOf(node);
  }

  async #lookUp(nodes: readonly Endpoint[]): Promise<Endpoint[]> {
    const family = this.#socket?.address().family === "IPv6" ? 6 : 4;
    const found = nodes.map(async ({ host, port }) => {
      const addresses = await addressesOf(host, this.#options.resolve).catch(() => []);
      return addresses.filter((one) => one.family === family).map(({ address }) => ({ host: address, port }));
    });
    return (await Promise.all(found)).flat();
  }

  /** Lets the node and the searches do what is due, and sets the timer for what comes next. */
  #wake(): void {
    const node = this.#node;
    if (!node || this.#isClosed) return;
    const now = performance.now();
    if (now >= node.nextTick()) node.tick(now);
    if (node.size > 0) this.#searches.tick(now);
    if (now >= this.#saveAt) {
      this.#saveAt = now + QUIET_MS;
      void this.#save();
    }
    this.#tell();
    const aloneAt = this.#startedAt + ALONE_MS;
    const searchAt = node.size > 0 ? (this.#searches.nextTick() ?? Infinity) : Infinity;
    const waitMs = Math.min(node.nextTick(), searchAt, this.#saveAt, now < aloneAt ? aloneAt : Infinity) - now;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, Math.ceil(waitMs))).unref();
  }

  /** Once: it is tried again all the while. */
  #tell(): void {
    const { problem } = this;
    if (this.#hasTold || problem === undefined) return;
    this.#hasTold = true;
    this.#options.tell(problem);
  }

  #send(bytes: Uint8Array, { host, port }: Endpoint): void {
    if (!this.#socket) return;
    this.#sentBytes += bytes.length;
    this.#socket.send(bytes, port, host, (error) => {
      if (error) this.#sendErrors++;
    });
  }

  async #save(): Promise<void> {
    const contacts = this.#node?.toSave() ?? [];
    if (this.#node && contacts.length > 0) await this.#options.save(encodeState({ id: this.#node.id, contacts }));
  }
}

function bound(family: 4 | 6, port: number, address: string | undefined): Promise<Socket> {
  const socket = createSocket({ type: family === 6 ? "udp6" : "udp4" });
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ port, ...(address !== undefined && { address }) }, () => {
      socket.off("error", failed);
      resolve(socket.unref());
    });
  });
}

function random(): number {
  return randomBytes(4).readUInt32BE() / 2 ** 32;
}
