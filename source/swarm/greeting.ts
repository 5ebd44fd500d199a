// Greeting: what a peer hears first, right after the handshake.
import type { Bitfield } from "../metainfo/bitfield.ts";
import { localExtensions } from "../protocol/peer/extensions/registry.ts";
import { ADVERTISED_REQUEST_QUEUE } from "../protocol/peer/limits.ts";
import type { PeerMessage } from "../protocol/peer/messages.ts";
import type { ConnectedPeer } from "./events.ts";

export interface Greeter {
  /** `v` of our extended handshake. */
  readonly client: string;
  /** The TCP port that takes peers, for `p` of our extended handshake; undefined: not said. */
  readonly listenPort: number | undefined;
  /** The raw info dictionary, for peers that have only its hash; undefined: not given (a private torrent). */
  readonly info?: Uint8Array | undefined;
  /** Peers of a private torrent are not exchanged (BEP 27). */
  readonly private: boolean;
}

/** Our extended handshake (BEP 10); said again when `uploadOnly` changes: we hold all that we want (BEP 21). */
export function extendedHandshake(
  { client, listenPort, info, private: isPrivate }: Greeter,
  uploadOnly: boolean,
): PeerMessage {
  const handshake = {
    extensions: localExtensions(!isPrivate),
    client,
    requestQueue: ADVERTISED_REQUEST_QUEUE,
    uploadOnly,
    ...(listenPort !== undefined && { port: listenPort }),
    ...(info && { metadataBytes: info.length }),
  };
  return { type: "extended-handshake", handshake };
}

/** The extended handshake (BEP 10), then the pieces we hold (BEP 3, or in one byte by BEP 6); of none, nothing is said. */
export function greeting(
  greeter: Greeter,
  { extended, fast }: Pick<ConnectedPeer, "extended" | "fast">,
  { held, uploadOnly }: { readonly held: Bitfield; readonly uploadOnly: boolean },
): PeerMessage[] {
  const messages: PeerMessage[] = [];
  if (extended) messages.push(extendedHandshake(greeter, uploadOnly));
  if (fast && held.isFull) messages.push({ type: "have-all" });
  else if (fast && held.isEmpty) messages.push({ type: "have-none" });
  else if (!held.isEmpty) messages.push({ type: "bitfield", bytes: held.toBytes() });
  return messages;
}
