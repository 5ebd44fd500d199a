// PortMapping: our ports are forwarded by the router of this machine, for as long as they are wanted. Begins with the first that is, and not
// before.
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { lanFamilyOf } from "../lan/networks.ts";
import { findGateway, type Gateway, isRouter } from "./gateway.ts";
import { GOODBYE_MS, LEAST_RENEWAL_MS, MOST_RENEWAL_MS, RETRY_MS } from "./limits.ts";
import { PcpRouter } from "./pcp-router.ts";
import { type Mapping, type Router, RouterError, type WantedPort } from "./router.ts";
import { UpnpRouter } from "./upnp-router.ts";

export interface PortMappingOptions {
  /** Address that peers are taken on; undefined: all. */
  readonly host: string | undefined;
  /** Something a person may want to know, once each. */
  readonly tell: (kind: "notice" | "problem", text: string) => void;
  /** What it has come to has changed. */
  readonly changed: () => void;
  readonly gateway?: (host: string | undefined) => Promise<Gateway | undefined>;
  /** All that can be asked at that gateway, in this order. */
  readonly routers?: (gateway: Gateway) => readonly Router[];
}

/** How it does. */
export interface PortMappingFigures {
  /** `idle`: nothing is wanted. `needless`: no router stands before us. `failed`: TCP is not forwarded, `problem` says why. */
  readonly state: "idle" | "asking" | "working" | "needless" | "failed";
  /** Its address; null while none is known. */
  readonly router: string | null;
  /** What it speaks; null while it forwards nothing. */
  readonly way: Mapping["way"] | null;
  /** That are forwarded. */
  readonly ports: WantedPort[];
  /** A clause. */
  readonly problem: string | null;
}

const NOTHING: PortMappingFigures = { state: "idle", router: null, way: null, ports: [], problem: null };

export class PortMapping {
  readonly #options: PortMappingOptions;
  /** By which PCP knows that what it forwards is ours. */
  readonly #nonce = randomBytes(12);
  readonly #closing = new AbortController();
  /** By protocol and port. */
  readonly #mappings = new Map<string, Mapping>();
  #wanted: readonly WantedPort[] = [];
  #figures = NOTHING;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #told: string | undefined;

  constructor(options: PortMappingOptions) {
    this.#options = options;
  }

  /** These are to be forwarded from now on, and no others; TCP first. */
  want(ports: readonly WantedPort[]): void {
    if (isDeepStrictEqual(ports, this.#wanted)) return;
    this.#wanted = ports;
    this.again();
  }

  /** Asks again at once: the machine may be elsewhere now. */
  again(): void {
    clearTimeout(this.#timer);
    this.#isDue = true;
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  figures(): PortMappingFigures {
    return this.#figures;
  }

  /** What the router came out with, as a clause; undefined while there is none, or nothing was asked of it. */
  get outcome(): string | undefined {
    const { state, router, problem } = this.#figures;
    if (state === "working") return `the router ${router} says that it does`;
    return state === "failed" && router !== null ? problem! : undefined;
  }

  /** Has nothing forwarded any longer; no later than in a second. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    const deadline = AbortSignal.timeout(GOODBYE_MS);
    await this.#working;
    await this.#end([...this.#mappings.values()], deadline);
  }

  async #work(): Promise<void> {
    while (this.#isDue && !this.#closing.signal.aborted) {
      this.#isDue = false;
      await this.#round(this.#wanted);
    }
    if (this.#closing.signal.aborted || this.#wanted.length === 0) return;
    this.#timer = setTimeout(() => this.again(), this.#renewalMs).unref();
  }

  get #renewalMs(): number {
    if (this.#figures.state !== "working") return RETRY_MS;
    const lifetimes = Array.from(this.#mappings.values(), ({ lifetimeSeconds }) => lifetimeSeconds);
    return Math.min(MOST_RENEWAL_MS, Math.max(LEAST_RENEWAL_MS, (Math.min(...lifetimes) / 2) * 1_000));
  }

  async #round(wanted: readonly WantedPort[]): Promise<void> {
    const isWanted = (mapping: Mapping) => wanted.some((port) => keyOf(port) === keyOf(mapping.wanted));
    const deadline = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(GOODBYE_MS)]);
    const others = [...this.#mappings.values()].filter((mapping) => !isWanted(mapping));
    await this.#end(others, deadline);
    const [first] = wanted;
    if (!first) return this.#become(NOTHING);
    const { host, gateway: find = findGateway } = this.#options;
    // Who is reached by IPv6 is reached as he is.
    if (lanFamilyOf(host) === 6) return this.#become({ ...NOTHING, state: "needless" });
    if (this.#figures.state === "idle") this.#become({ ...NOTHING, state: "asking" });
    const gateway = await find(host);
    if (!gateway || !isRouter(gateway)) {
      this.#mappings.clear();
      const failed = { ...NOTHING, state: "failed", problem: "this machine knows no router" } as const;
      return this.#become(gateway ? { ...NOTHING, state: "needless" } : failed);
    }
    const { host: router } = gateway;
    const error = await this.#mapAll(this.#routersAt(gateway), wanted);
    const problem = error ? `the router ${router} ${error.message}` : null;
    const mappings = [...this.#mappings.values()];
    const way = this.#mappings.get(keyOf(first))?.way ?? null;
    this.#become({ state: way ? "working" : "failed", router, way, ports: mappings.map((one) => one.wanted), problem });
  }

  /** Why some of them are not forwarded; undefined: all are. Who is silent once is not waited for again. */
  async #mapAll(routers: readonly Router[], wanted: readonly WantedPort[]): Promise<RouterError | undefined> {
    const silent = new Set<Router>();
    let problem: RouterError | undefined;
    for (const port of wanted) {
      let mapping: Mapping | undefined;
      for (const router of routers) {
        if (mapping || silent.has(router)) continue;
        mapping = await router.map(port, this.#closing.signal).catch((error: unknown) => {
          if (!(error instanceof RouterError)) throw error;
          if (error.code === "silent") silent.add(router);
          // What one says tells more than that another is silent.
          if (problem?.code !== "refused") problem = error;
          return undefined;
        });
      }
      if (mapping) this.#mappings.set(keyOf(port), mapping);
      // What was forwarded before is ended by who closes.
      else if (!this.#closing.signal.aborted) this.#mappings.delete(keyOf(port));
    }
    return wanted.every((port) => this.#mappings.has(keyOf(port))) ? undefined : problem;
  }

  #routersAt(gateway: Gateway): readonly Router[] {
    const { routers } = this.#options;
    return routers
      ? routers(gateway)
      : [new PcpRouter({ ...gateway, nonce: this.#nonce }), new UpnpRouter({ ...gateway })];
  }

  async #end(mappings: readonly Mapping[], signal: AbortSignal): Promise<void> {
    await Promise.all(
      mappings.map(async (mapping) => {
        this.#mappings.delete(keyOf(mapping.wanted));
        await mapping.end(signal).catch((error: unknown) => {
          // It ends by itself, later.
          if (!(error instanceof RouterError)) throw error;
        });
      }),
    );
  }

  #become(figures: PortMappingFigures): void {
    // What is asked for next will be more than this.
    if (this.#isDue || this.#closing.signal.aborted || isDeepStrictEqual(figures, this.#figures)) return;
    this.#figures = figures;
    const text = this.#text();
    if (text !== undefined && text !== this.#told) {
      this.#told = text;
      this.#options.tell(figures.state === "working" ? "notice" : "problem", text);
    }
    this.#options.changed();
  }

  #text(): string | undefined {
    const { state, router, way, ports, problem } = this.#figures;
    const because = problem === null ? "" : `: ${problem}`;
    if (state === "failed")
      return `Port ${this.#wanted[0]?.port} is not forwarded to this machine${because}. Forward it by hand, or peers that cannot be dialled stay away; --no-port-mapping asks no more.`;
    if (state !== "working") return undefined;
    const forwarded = ports.map(({ protocol, port }) => `${protocol} port ${port}`).join(" and ");
    return `The router ${router} forwards ${forwarded} to this machine (${way})${because && `, but not all${because}`}.`;
  }
}

function keyOf({ protocol, port }: WantedPort): string {
  return `${protocol} ${port}`;
}
