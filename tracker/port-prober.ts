// Tells clients whether their port can be dialled, by dialling it: at their own address only, nothing is sent, and closed at once.
import { type Socket, connect } from "node:net";
import type { Asker } from "./asker.ts";
import {
  MAX_PROBES,
  MAX_PROBES_KEPT,
  MAX_PROBES_WAITING,
  PROBES_PER_SECOND,
  PROBE_BURST,
  PROBE_KEPT_MS,
  PROBE_MS,
} from "./limits.ts";
import { type PeerKey, peerKey } from "./peer-key.ts";
import { RequestRates } from "./request-rates.ts";

/** Errors that speak of the other end. Whatever else keeps us from dialling says nothing about it. */
const NOT_REACHED: ReadonlySet<string | undefined> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ETIMEDOUT",
]);

interface Probe {
  readonly host: string;
  readonly port: number;
  readonly key: PeerKey;
  readonly told: (ok: boolean) => void;
}

export interface PortProberOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Opens a connection. */
  readonly dial?: (to: { readonly host: string; readonly port: number }) => Socket;
  readonly probeMs?: number;
}

export class PortProber {
  readonly #options: PortProberOptions;
  readonly #rates = new RequestRates(PROBES_PER_SECOND, PROBE_BURST);
  /** What was found lately, oldest first. */
  readonly #known = new Map<PeerKey, { readonly ok: boolean; readonly at: number }>();
  readonly #waiting = new Map<PeerKey, Probe>();
  readonly #dialling = new Set<Socket>();

  constructor(options: PortProberOptions) {
    this.#options = options;
  }

  /** Dials `port` (1 to 65535) of `asker`, when that is due. `told` hears of it later, at once when it is known, or never. */
  probe(asker: Asker, port: number, told: (ok: boolean) => void): void {
    const { host, address, isProxy } = asker;
    const now = this.#options.now();
    const key = peerKey(address, port);
    const known = this.#known.get(key);
    if (known && now - known.at < PROBE_KEPT_MS) return told(known.ok);
    // An address of the link is none without its interface, and a proxy's is not the client's.
    if (host.startsWith("fe80:") || isProxy) return;
    if (this.#waiting.size >= MAX_PROBES_WAITING || !this.#rates.allows(asker, now)) return;
    this.#waiting.set(key, { host, port, key, told });
    this.#dialNext();
  }

  /** To be called now and then: forgets what is old. */
  forget(): void {
    const now = this.#options.now();
    this.#rates.forget(now);
    for (const [key, { at }] of this.#known) if (now - at >= PROBE_KEPT_MS) this.#known.delete(key);
  }

  close(): void {
    this.#waiting.clear();
    for (const socket of this.#dialling) socket.destroy();
  }

  #dialNext(): void {
    for (const [key, probe] of this.#waiting) {
      if (this.#dialling.size >= MAX_PROBES) return;
      this.#waiting.delete(key);
      this.#dial(probe);
    }
  }

  #dial({ host, port, key, told }: Probe): void {
    const { dial = connect, probeMs = PROBE_MS } = this.#options;
    const socket = dial({ host, port });
    let ok: boolean | undefined;
    const ended = (reached: boolean | undefined) => {
      ok = reached;
      socket.destroy();
    };
    const deadline = setTimeout(() => ended(false), probeMs);
    this.#dialling.add(socket);
    socket
      .on("connect", () => ended(true))
      .on("error", (error: NodeJS.ErrnoException) => ended(NOT_REACHED.has(error.code) ? false : undefined))
      .on("close", () => {
        clearTimeout(deadline);
        this.#dialling.delete(socket);
        if (ok !== undefined) {
          this.#learn(key, ok);
          told(ok);
        }
        this.#dialNext();
      });
  }

  #learn(key: PeerKey, ok: boolean): void {
    this.#known.delete(key);
    this.#known.set(key, { ok, at: this.#options.now() });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_PROBES_KEPT) return;
      this.#known.delete(oldest);
    }
  }
}
