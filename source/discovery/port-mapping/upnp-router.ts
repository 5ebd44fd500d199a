// UpnpRouter: a router that is found by multicast and asked over HTTP. Only devices of private addresses are heard, and only they are asked.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import {
  CONFLICT,
  encodeAdd,
  encodeDelete,
  encodeSearch,
  type ForwardingCall,
  type ForwardingService,
  ONLY_FOR_EVER,
  parseDescription,
  parseFault,
  parseSearchAnswer,
  SSDP_GROUP,
} from "../../protocol/port-mapping/upnp.ts";
import { type Endpoint, isPrivateHost } from "../../protocol/tracker/endpoint.ts";
import type { Gateway } from "./gateway.ts";
import { HTTP_MS, LIFETIME_SECONDS, MAX_DEVICES, MAX_HTTP_BYTES, SEARCH_MS } from "./limits.ts";
import { type Mapping, type Router, RouterError, type WantedPort } from "./router.ts";

export interface UpnpRouterOptions extends Gateway {
  /** Where devices hear; the group of all unless said. */
  readonly group?: Endpoint;
  readonly searchMs?: readonly number[];
}

export class UpnpRouter implements Router {
  readonly #options: UpnpRouterOptions;
  #services: Promise<readonly ForwardingService[]> | undefined;

  constructor(options: UpnpRouterOptions) {
    this.#options = options;
  }

  async map(wanted: WantedPort, signal: AbortSignal): Promise<Mapping> {
    this.#services ??= this.#find(signal);
    let refusal = new RouterError("silent", "does not answer");
    for (const service of await this.#services) {
      try {
        return await this.#mapBy(service, wanted, signal);
      } catch (error) {
        if (!(error instanceof RouterError)) throw error;
        if (error.code === "refused") refusal = error;
      }
    }
    throw refusal;
  }

  async #mapBy(service: ForwardingService, wanted: WantedPort, signal: AbortSignal): Promise<Mapping> {
    const add = (seconds: number) =>
      this.#call(service, encodeAdd(service.type, wanted, this.#options.localAddress, seconds), signal);
    const fault = await add(LIFETIME_SECONDS);
    // As it was before leases: it is ended when we stop.
    const last = fault === ONLY_FOR_EVER ? await add(0) : fault;
    if (last === CONFLICT)
      throw new RouterError("refused", `has given port ${wanted.port} to another machine: take another one (--port)`);
    if (last !== undefined) throw new RouterError("refused", `does not want to forward it (UPnP, error ${last})`);
    const end = async (ending: AbortSignal) =>
      void (await this.#call(service, encodeDelete(service.type, wanted), ending));
    return { wanted, way: "UPnP", lifetimeSeconds: LIFETIME_SECONDS, end };
  }

  /** What forwards ports, at the gateway first: others of the network may answer too. */
  async #find(signal: AbortSignal): Promise<readonly ForwardingService[]> {
    const { host } = this.#options;
    const places = (await this.#search(signal)).toSorted(
      (a, b) => Number(b.hostname === host) - Number(a.hostname === host),
    );
    const found = await Promise.all(
      places.slice(0, MAX_DEVICES).map(async (place) => {
        const answer = await this.#exchange(place, undefined, signal).catch(() => undefined);
        return answer?.status === 200 ? parseDescription(answer.text, place) : [];
      }),
    );
    return found.flat();
  }

  /** Where the descriptions of devices are. */
  async #search(signal: AbortSignal): Promise<readonly URL[]> {
    const { localAddress, group = SSDP_GROUP, searchMs = SEARCH_MS } = this.#options;
    const places = new Map<string, URL>();
    const socket = createSocket("udp4").on("error", () => undefined);
    socket.on("message", (bytes, { address }) => {
      if (!isPrivateHost(address) || places.size >= MAX_DEVICES) return;
      const place = parseSearchAnswer(bytes, address);
      if (place && !places.has(address)) places.set(address, place);
    });
    try {
      socket.bind(0, localAddress);
      await once(socket, "listening", { signal });
      // Without it the system chooses a network, which may be any.
      socket.setMulticastInterface(localAddress);
      socket.setMulticastTTL(2);
      for (const waitMs of searchMs) {
        socket.send(encodeSearch(), group.port, group.host, () => undefined);
        await delay(waitMs, undefined, { signal });
      }
    } catch {
      // No multicast here, our address is gone, or it takes too long: nobody answers.
    } finally {
      socket.close();
    }
    return [...places.values()];
  }

  /** The fault that it answers with; undefined: it has done it. */
  async #call({ control }: ForwardingService, call: ForwardingCall, signal: AbortSignal): Promise<number | undefined> {
    const { status, text } = await this.#exchange(control, call, signal);
    return status === 200 ? undefined : (parseFault(text) ?? status);
  }

  /** Rejects with RouterError. */
  #exchange(
    place: URL,
    call: ForwardingCall | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(HTTP_MS)]);
    // Spelled so: there are devices that know no other case.
    const headers = call && { "Content-Type": 'text/xml; charset="utf-8"', SOAPAction: call.action };
    return new Promise((resolve, reject) => {
      const failed = (cause: Error) => reject(new RouterError("silent", "breaks off", { cause }));
      const { localAddress } = this.#options;
      const options = { method: call ? "POST" : "GET", localAddress, agent: false, signal: deadline };
      request(place, { ...options, ...(headers && { headers }) }, (response) => {
        const parts: Buffer[] = [];
        let length = 0;
        response.on("error", failed).on("data", (part: Buffer) => {
          length += part.length;
          if (length > MAX_HTTP_BYTES) response.destroy(new Error(`${place.host} sent too much`));
          parts.push(part);
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString("latin1") }),
        );
      })
        .on("error", failed)
        .end(call?.body);
    });
  }
}
