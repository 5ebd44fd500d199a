// Router: what can be asked to forward a port, whatever it speaks.
import type { WantedPort } from "../../protocol/port-mapping/pcp.ts";

export type { WantedPort };

export interface Mapping {
  readonly wanted: WantedPort;
  /** What the router speaks. */
  readonly way: "PCP" | "NAT-PMP" | "UPnP";
  readonly lifetimeSeconds: number;
  /** Has it forwarded no longer. Rejects with RouterError. */
  end(signal: AbortSignal): Promise<void>;
}

export interface Router {
  /** Has a port forwarded under its own number. Rejects with RouterError. */
  map(wanted: WantedPort, signal: AbortSignal): Promise<Mapping>;
}

/** A router does not forward a port. Reaction: ask it in another way, and again much later. */
export class RouterError extends Error {
  override readonly name = "RouterError";
  /** `silent`: nobody answers. `refused`: it was understood. */
  readonly code: "silent" | "refused";

  /** `message`: what the router does, its name to stand before it. */
  constructor(code: RouterError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
