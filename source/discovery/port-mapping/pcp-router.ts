// PcpRouter: a router that is asked by PCP, or by NAT-PMP if it speaks no more than that.
import { createSocket } from "node:dgram";
import {
  encodeMapRequest,
  type MapAnswer,
  type MapRequest,
  NAT_PMP,
  parseMapAnswer,
  PCP,
  type PcpVersion,
  ROUTER_PORT,
} from "../../protocol/port-mapping/pcp.ts";
import type { Gateway } from "./gateway.ts";
import { LIFETIME_SECONDS, RESEND_MS } from "./limits.ts";
import { type Mapping, type Router, RouterError, type WantedPort } from "./router.ts";

export interface PcpRouterOptions extends Gateway {
  /** 12 random bytes: the same for a port as long as it is ours. */
  readonly nonce: Uint8Array;
  /** UDP port of the router; its own unless said. */
  readonly port?: number;
  readonly resendMs?: readonly number[];
}

type Granted = Extract<MapAnswer, { type: "mapped" }>;

const WAYS = { [PCP]: "PCP", [NAT_PMP]: "NAT-PMP" } as const;

export class PcpRouter implements Router {
  readonly #options: PcpRouterOptions;

  constructor(options: PcpRouterOptions) {
    this.#options = options;
  }

  async map(wanted: WantedPort, signal: AbortSignal): Promise<Mapping> {
    let refusal: Exclude<MapAnswer, Granted> | undefined;
    // Who speaks one of them alone says so, or nothing. And PCP leaves to nobody else what was forwarded to us before we were killed.
    for (const version of [PCP, NAT_PMP] as const) {
      const answer = await this.#ask(version, wanted, LIFETIME_SECONDS, signal);
      if (answer?.version !== version) continue;
      if (answer.type === "refused") refusal ??= answer;
      else return this.#granted(answer, wanted, signal);
    }
    if (!refusal) throw new RouterError("silent", "does not answer");
    throw new RouterError(
      "refused",
      `does not want to forward it (${WAYS[refusal.version]}, result ${refusal.result})`,
    );
  }

  /** Another number than that is given back. */
  async #granted(
    { version, port, lifetimeSeconds }: Granted,
    wanted: WantedPort,
    signal: AbortSignal,
  ): Promise<Mapping> {
    const end = async (ending: AbortSignal) => void (await this.#ask(version, wanted, 0, ending));
    if (port === wanted.port) return { wanted, way: WAYS[version], lifetimeSeconds, end };
    await end(signal);
    throw new RouterError("refused", `has given port ${wanted.port} to another machine, and offers ${port} (--port)`);
  }

  /** Undefined when nobody answers: there is no route, our address is gone, nobody listens, or it takes too long. */
  async #ask(
    version: PcpVersion,
    wanted: WantedPort,
    lifetimeSeconds: number,
    signal: AbortSignal,
  ): Promise<MapAnswer | undefined> {
    const { host, localAddress: client, nonce, port = ROUTER_PORT, resendMs = RESEND_MS } = this.#options;
    const request: MapRequest = { ...wanted, client, lifetimeSeconds, nonce };
    const datagram = encodeMapRequest(version, request);
    const { promise: answer, resolve: end } = Promise.withResolvers<MapAnswer | undefined>();
    const silent = () => end(undefined);
    const socket = createSocket("udp4").on("error", silent);
    socket.on("message", (bytes) => {
      const heard = parseMapAnswer(bytes, version, request);
      if (heard) end(heard);
    });
    let timer: NodeJS.Timeout | undefined;
    const send = ([waitMs, ...later]: readonly number[]): void => {
      if (waitMs === undefined || signal.aborted) return silent();
      socket.send(datagram, () => undefined);
      timer = setTimeout(send, waitMs, later);
    };
    signal.addEventListener("abort", silent, { once: true });
    socket.bind(0, client);
    // Nobody else is heard then.
    socket.connect(port, host, (error?: Error) => (error ? silent() : send(resendMs)));
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", silent);
      socket.close();
    }
  }
}
