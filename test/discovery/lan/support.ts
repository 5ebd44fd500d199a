// A network for engines that find each other in it: addresses, and sockets without a system below them.
import type { NetworkInterfaceInfo } from "node:os";
import type { LanSockets } from "../../../source/discovery/lan/sockets.ts";
import { isIPv6, isLoopback } from "../../../source/protocol/tracker/endpoint.ts";

/** As the system tells of an address, written as ADDRESS/BITS. */
export function at(cidr: string): NetworkInterfaceInfo {
  const address = cidr.slice(0, cidr.indexOf("/"));
  const one = { address, cidr, netmask: "", mac: "", internal: isLoopback(address) };
  return isIPv6(address) ? { ...one, family: "IPv6", scopeid: 0 } : { ...one, family: "IPv4" };
}

type Got = Parameters<LanSockets["hear"]>[1];

/** Everybody in it hears everybody, himself too. */
export class FakeNetwork {
  readonly #ears = new Set<Got>();
  /** What was said, as text, with who said it. */
  readonly said: { readonly from: string; readonly text: string }[] = [];
  /** Networks that were joined, each time. */
  readonly joined: string[] = [];
  /** What does not work, by what it is that fails. */
  readonly broken: { hear?: string; join?: string; say?: string } = {};

  get ears(): number {
    return this.#ears.size;
  }

  readonly sockets: LanSockets = {
    hear: (_family, got) => {
      if (this.broken.hear) return Promise.reject(failure(this.broken.hear));
      this.#ears.add(got);
      return Promise.resolve({
        join: ({ name }) => {
          if (this.broken.join) throw failure(this.broken.join);
          this.joined.push(name);
        },
        close: () => Promise.resolve(void this.#ears.delete(got)),
      });
    },
    say: ({ address }, datagrams) => {
      if (this.broken.say) return Promise.reject(failure(this.broken.say));
      for (const bytes of datagrams) this.deliver(bytes, address);
      return Promise.resolve();
    },
  };

  /** A datagram that comes from there. */
  deliver(bytes: Uint8Array, from: string): void {
    this.said.push({ from, text: new TextDecoder().decode(bytes) });
    for (const got of this.#ears) got(bytes, { host: from, port: 40_000 });
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}
