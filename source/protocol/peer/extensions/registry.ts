// The BEP 10 extensions we speak: one row each.
import type { PeerMessage } from "../messages.ts";
import { decodePush, encodePush } from "./sta-push.ts";

type ExtensionMessage = Extract<PeerMessage, { type: "sta-push" }>;

interface Extension {
  /** Its name in `m`. */
  readonly name: string;
  /** The number we ask peers to use for it: 1 to 255, ours to choose. */
  readonly localId: number;
  readonly type: ExtensionMessage["type"];
  readonly encode: (message: ExtensionMessage) => Uint8Array;
  /** Throws ProtocolError. */
  readonly decode: (payload: Uint8Array) => ExtensionMessage;
}

export const EXTENSIONS: readonly Extension[] = [
  {
    name: "sta_push",
    localId: 1,
    type: "sta-push",
    encode: ({ message }) => encodePush(message),
    decode: (payload) => ({ type: "sta-push", message: decodePush(payload) }),
  },
];

/** `m` of our extended handshake. */
export function localExtensions(): ReadonlyMap<string, number> {
  return new Map(EXTENSIONS.map(({ name, localId }) => [name, localId]));
}
