// PCP and NAT-PMP: the datagrams by which a router is asked to forward a port of ours (RFC 6887, RFC 6886). One port, one family: who speaks
// only one of them answers the other with its own version.
import { addressBytes, isIPv4 } from "../tracker/endpoint.ts";

/** The UDP port of the router. */
export const ROUTER_PORT = 5_351;

/** RFC 6887, 7: no message is longer. */
const MAX_BYTES = 1_100;

/** By the first byte of a datagram. */
export const NAT_PMP = 0;
export const PCP = 2;
export type PcpVersion = typeof NAT_PMP | typeof PCP;

/** A port of ours, and for whom it is wanted outside: the same number. */
export interface WantedPort {
  readonly protocol: "TCP" | "UDP";
  /** 1 to 65535. */
  readonly port: number;
}

export interface MapRequest extends WantedPort {
  /** Our IPv4 address, as the router sees it. */
  readonly client: string;
  /** 0: it is to be forwarded no longer. */
  readonly lifetimeSeconds: number;
  /** 12 bytes, by which PCP knows that it is ours. */
  readonly nonce: Uint8Array;
}

export type MapAnswer =
  | { readonly type: "mapped"; readonly version: PcpVersion; readonly port: number; readonly lifetimeSeconds: number }
  /** `result`: of the RFC of that version, 1 in both for a version that the router does not speak. */
  | { readonly type: "refused"; readonly version: PcpVersion; readonly result: number };

/** RFC 6886, 3.3 and RFC 6887, 11.1: the operation, and the protocol within it. */
const NAT_PMP_OPERATIONS = { UDP: 1, TCP: 2 } as const;
const PCP_MAP = 1;
const PROTOCOLS = { TCP: 6, UDP: 17 } as const;
const ANSWER = 0x80;

/** 12 bytes (RFC 6886, 3.3) or 60 (RFC 6887, 7.1 and 11.1). */
export function encodeMapRequest(version: PcpVersion, request: MapRequest): Uint8Array {
  const { protocol, port, client, lifetimeSeconds, nonce } = request;
  if (version === NAT_PMP) {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    bytes[1] = NAT_PMP_OPERATIONS[protocol];
    view.setUint16(4, port);
    // RFC 6886, 3.4: who ends it names no port.
    view.setUint16(6, lifetimeSeconds === 0 ? 0 : port);
    view.setUint32(8, lifetimeSeconds);
    return bytes;
  }
  if (!isIPv4(client) || nonce.length !== 12) throw new RangeError("a client is an IPv4 address, and a nonce 12 bytes");
  const bytes = new Uint8Array(60);
  const view = new DataView(bytes.buffer);
  bytes.set([PCP, PCP_MAP]);
  view.setUint32(4, lifetimeSeconds);
  // ::ffff:0:0/96 is IPv4; its unspecified address is any outside.
  bytes.set([0xff, 0xff, ...addressBytes(client)!], 18);
  bytes.set(nonce, 24);
  bytes[36] = PROTOCOLS[protocol];
  view.setUint16(40, port);
  view.setUint16(42, port);
  bytes.set([0xff, 0xff], 54);
  return bytes;
}

/** What the router says to `request`, asked in `version`; undefined for what is no answer to it. */
export function parseMapAnswer(bytes: Uint8Array, version: PcpVersion, request: MapRequest): MapAnswer | undefined {
  if (bytes.length < 8 || bytes.length > MAX_BYTES || (bytes[1]! & ANSWER) === 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (bytes[0]) {
    case NAT_PMP: {
      const result = view.getUint16(2);
      if (result !== 0) return { type: "refused", version: NAT_PMP, result };
      const isOurs = version === NAT_PMP && bytes[1] === (ANSWER | NAT_PMP_OPERATIONS[request.protocol]);
      if (!isOurs || bytes.length < 16 || view.getUint16(8) !== request.port) return undefined;
      return { type: "mapped", version: NAT_PMP, port: view.getUint16(10), lifetimeSeconds: view.getUint32(12) };
    }
    case PCP: {
      const result = bytes[3]!;
      if (result !== 0) return { type: "refused", version: PCP, result };
      const isOurs = version === PCP && bytes[1] === (ANSWER | PCP_MAP) && bytes.length >= 60;
      if (!isOurs || !request.nonce.every((byte, at) => bytes[24 + at] === byte)) return undefined;
      if (bytes[36] !== PROTOCOLS[request.protocol] || view.getUint16(40) !== request.port) return undefined;
      return { type: "mapped", version: PCP, port: view.getUint16(42), lifetimeSeconds: view.getUint32(4) };
    }
    default:
      return undefined;
  }
}
