// ut_pex (BEP 11): peers tell one another whom else they know in a swarm.
import type { BencodeValue } from "../../bencode.ts";
import { concatBytes, encode } from "../../bencode.ts";
import {
  encodeCompact4,
  encodeCompact6,
  type Endpoint,
  isIPv4,
  isIPv6,
  normalizeHost,
  parseCompact4,
  parseCompact6,
} from "../../tracker/endpoint.ts";
import { decodeDictionary } from "./extended-handshake.ts";

/** Peers that one message may add, and as many that it may drop: BEP 11. */
export const MAX_EXCHANGED = 50;

export interface PexMessage {
  /** Connected since the last message. */
  readonly added: readonly Endpoint[];
  /** Not connected any more. */
  readonly dropped: readonly Endpoint[];
}

/** Bencoded dictionary `{added, added.f, added6, added6.f, dropped, dropped6}`: compact lists, and a byte of flags for each that is added. */
export function encodePex({ added, dropped }: PexMessage): Uint8Array {
  const [added4, added6] = [added.filter(isOf4), added.filter(isOf6)];
  return encode({
    added: concatBytes(added4.map(encodeCompact4)),
    "added.f": new Uint8Array(added4.length),
    added6: concatBytes(added6.map(encodeCompact6)),
    "added6.f": new Uint8Array(added6.length),
    dropped: concatBytes(dropped.filter(isOf4).map(encodeCompact4)),
    dropped6: concatBytes(dropped.filter(isOf6).map(encodeCompact6)),
  });
}

/** Reads a payload, the first 50 of each kind; lists of the wrong type or length are as if absent. Throws ProtocolError when it is no dictionary. */
export function decodePex(payload: Uint8Array): PexMessage {
  const members = decodeDictionary(payload, "ut_pex");
  const read = (name: string) =>
    [...listOf(members.get(name), 6, parseCompact4), ...listOf(members.get(`${name}6`), 18, parseCompact6)].slice(
      0,
      MAX_EXCHANGED,
    );
  return { added: read("added"), dropped: read("dropped") };
}

function listOf(
  value: BencodeValue | undefined,
  size: number,
  parse: (bytes: Uint8Array) => Endpoint[] | undefined,
): Endpoint[] {
  if (!(value instanceof Uint8Array) || value.length % size !== 0) return [];
  const endpoints = parse(value.subarray(0, MAX_EXCHANGED * size)) ?? [];
  // Under another name an address would be neither known nor banned.
  return endpoints.map(({ host, port }) => ({ host: normalizeHost(host), port }));
}

function isOf4({ host }: Endpoint): boolean {
  return isIPv4(host);
}

function isOf6({ host }: Endpoint): boolean {
  return isIPv6(host);
}
