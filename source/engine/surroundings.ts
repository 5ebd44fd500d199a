// Surroundings: whom an engine knows without a tracker: the nodes of the DHT, its own networks, and the router before it.
import { Dht } from "../discovery/dht/dht.ts";
import { Lan } from "../discovery/lan/lan.ts";
import { PortMapping } from "../discovery/port-mapping/port-mapping.ts";
import type { EngineOptions } from "./engine-options.ts";
import { openDht } from "./open-dht.ts";

export interface SurroundingsOptions {
  readonly options: Pick<EngineOptions, "version" | "host" | "dht" | "lan" | "portMapping">;
  /** The TCP port that takes peers. */
  readonly port: () => number;
  /** The file of the state folder in which nodes of the DHT are kept. */
  readonly dhtFile: string;
  readonly tell: (kind: "notice" | "problem", text: string) => void;
  /** What the router has come to is another than before; `forwards`: our port. */
  readonly forwardingChanged: (forwards: boolean) => void;
}

export class Surroundings {
  /** Undefined, all three: a person does not want it. */
  readonly dht: Dht | undefined;
  readonly lan: Lan | undefined;
  readonly #portMapping: PortMapping | undefined;
  readonly #port: () => number;

  constructor({ options, port, dhtFile, tell, forwardingChanged }: SurroundingsOptions) {
    const { version, host, dht } = options;
    const tellProblem = (text: string) => tell("problem", text);
    this.#port = port;
    if (dht) this.dht = openDht({ version, host, nodes: dht.nodes, port, path: dhtFile, tell: tellProblem });
    if (options.lan) this.lan = new Lan({ host, port, tell: tellProblem });
    if (options.portMapping) {
      const changed = () => forwardingChanged(this.#portMapping?.figures().state === "working");
      this.#portMapping = new PortMapping({ host, tell, changed });
    }
  }

  /** What is wrong with the DHT, as a sentence. */
  get problem(): string | undefined {
    return this.dht?.problem;
  }

  /** What the router came out with when it was asked to forward our port, as a clause; undefined while there is nothing to say. */
  get forwarding(): string | undefined {
    return this.#portMapping?.outcome;
  }

  /** How each does; null: it is not wanted. */
  figures() {
    return {
      dht: this.dht?.figures() ?? null,
      lan: this.lan?.figures() ?? null,
      portMapping: this.#portMapping?.figures() ?? null,
    };
  }

  /** The router is to forward our ports while anything is at work, and not before. */
  forwardPorts(isAtWork: boolean): void {
    const udp = this.dht?.port ?? 0;
    const dhtPort = udp === 0 ? [] : [{ protocol: "UDP", port: udp } as const];
    this.#portMapping?.want(isAtWork ? [{ protocol: "TCP", port: this.#port() }, ...dhtPort] : []);
  }

  /** The machine slept, and may be elsewhere now. */
  woke(): void {
    this.dht?.woke();
    this.lan?.woke();
    this.#portMapping?.again();
  }

  async close(): Promise<void> {
    await Promise.all([this.dht?.close(), this.lan?.close(), this.#portMapping?.close()]);
  }
}
