// The BEP 10 extensions we speak: one row each.
import type { PeerMessage } from "../messages.ts";
import { decodePush, encodePush } from "./sta-push.ts";
import { decodeMetadata, encodeMetadata } from "./ut-metadata.ts";
import { decodePex, encodePex } from "./ut-pex.ts";

export type ExtensionMessage = Extract<PeerMessage, { type: "sta-push" | "ut-metadata" | "ut-pex" }>;

interface Extension<Type extends ExtensionMessage["type"]> {
  /** Its name in `m`. */
  readonly name: string;
  /** The number we ask peers to use for it: 1 to 255, ours to choose. */
  readonly localId: number;
  readonly encode: (message: Extract<ExtensionMessage, { type: Type }>["message"]) => Uint8Array;
  /** Undefined for what is skipped. Throws ProtocolError. */
  readonly decode: (payload: Uint8Array) => Extract<ExtensionMessage, { type: Type }>["message"] | undefined;
}

const EXTENSIONS: { readonly [Type in ExtensionMessage["type"]]: Extension<Type> } = {
  "sta-push": { name: "sta_push", localId: 1, encode: encodePush, decode: decodePush },
  "ut-metadata": { name: "ut_metadata", localId: 2, encode: encodeMetadata, decode: decodeMetadata },
  "ut-pex": { name: "ut_pex", localId: 3, encode: encodePex, decode: decodePex },
};

/** The name in `m` of what a message is of, and its payload. */
export function encodeExtension({ type, message }: ExtensionMessage): { name: string; payload: Uint8Array } {
  const { name, encode } = EXTENSIONS[type] as Extension<typeof type>;
  return { name, payload: encode(message as never) };
}

/** The message that came under one of our numbers; undefined for what is skipped. Throws ProtocolError. */
export function decodeExtension(localId: number, payload: Uint8Array): ExtensionMessage | undefined {
  for (const type of Object.keys(EXTENSIONS) as ExtensionMessage["type"][]) {
    if (EXTENSIONS[type].localId !== localId) continue;
    const message = EXTENSIONS[type].decode(payload);
    return message && ({ type, message } as ExtensionMessage);
  }
  return undefined;
}

/** `m` of our extended handshake. */
export function localExtensions(exchangesPeers: boolean): ReadonlyMap<string, number> {
  const spoken = Object.values(EXTENSIONS).filter(({ name }) => exchangesPeers || name !== "ut_pex");
  return new Map(spoken.map(({ name, localId }) => [name, localId]));
}
