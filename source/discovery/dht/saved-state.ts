// What is kept of our node from run to run: its id and whom it knows. Bencode, as `dht.dat` of others: `d 2:id 20:... 5:nodes N:... 6:nodes6 N:... e`.
import { decode, encode } from "../../protocol/bencode.ts";
import { compactContacts, type Contact, CONTACT6_BYTES, contactsOf } from "../../protocol/dht/krpc.ts";
import { NODE_ID_BYTES, type NodeId, toNodeId } from "../../protocol/dht/node-id.ts";
import { BencodeError } from "../../protocol/errors.ts";
import { isIPv4, parseCompact6 } from "../../protocol/tracker/endpoint.ts";
import { mayTell } from "./addresses.ts";
import { MAX_SAVED } from "./limits.ts";

export interface SavedState {
  readonly id: NodeId;
  readonly contacts: readonly Contact[];
}

export function encodeState({ id, contacts }: SavedState): Uint8Array {
  const [v4, v6] = [contacts.filter(({ host }) => isIPv4(host)), contacts.filter(({ host }) => !isIPv4(host))];
  return encode({ id, nodes: compactContacts(v4), nodes6: compactContacts(v6) });
}

/** Undefined for what is damaged: one begins anew then. */
export function parseState(bytes: Uint8Array): SavedState | undefined {
  try {
    const root = decode(bytes);
    const id = root instanceof Map ? root.get("id") : undefined;
    if (!(root instanceof Map) || !(id instanceof Uint8Array) || id.length !== NODE_ID_BYTES) return undefined;
    const [nodes, nodes6] = [root.get("nodes"), root.get("nodes6")];
    const contacts = [
      ...(nodes instanceof Uint8Array ? contactsOf(nodes) : []),
      ...(nodes6 instanceof Uint8Array ? contactsOf(nodes6, CONTACT6_BYTES, parseCompact6) : []),
    ];
    return { id: toNodeId(id), contacts: contacts.filter((one) => mayTell(one, one.host)).slice(0, MAX_SAVED) };
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    return undefined;
  }
}
