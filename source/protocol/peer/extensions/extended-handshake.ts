// The extended handshake (BEP 10): which extensions a peer speaks and under which numbers.
import { type BencodeDictionary, type BencodeValue, decode, encode, fromUtf8 } from "../../bencode.ts";
import { BencodeError, ProtocolError } from "../../errors.ts";

export interface ExtendedHandshake {
  /** `m`: the number a peer wants to see for each extension; 0 switches it off. */
  readonly extensions: ReadonlyMap<string, number>;
  /** `v`: client name and version; foreign text. */
  readonly client?: string;
  /** `p`: the TCP port it listens on. */
  readonly port?: number;
  /** `reqq`: requests it will queue. */
  readonly requestQueue?: number;
  /** `metadata_size`: bytes of the info dictionary, told by who has it (BEP 9). */
  readonly metadataBytes?: number;
  /** `upload_only`: it wants nothing more (BEP 21); undefined: not said. */
  readonly uploadOnly?: boolean;
}

const MAX_EXTENSIONS = 64;

/** Bencoded payload of message `extended` with number 0. */
export function encodeExtendedHandshake(handshake: ExtendedHandshake): Uint8Array {
  return encode({
    m: handshake.extensions,
    metadata_size: handshake.metadataBytes,
    p: handshake.port,
    reqq: handshake.requestQueue,
    upload_only: handshake.uploadOnly === undefined ? undefined : Number(handshake.uploadOnly),
    v: handshake.client,
  });
}

/** Reads the payload; members of the wrong type are as if absent. Throws ProtocolError when it is no dictionary. */
export function decodeExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const members = decodeDictionary(payload, "extended handshake");
  const client = members.get("v");
  const text = client instanceof Uint8Array ? fromUtf8(client.subarray(0, 256)) : undefined;
  const port = integerIn(members.get("p"), 1, 65_535);
  const requestQueue = integerIn(members.get("reqq"), 1, 1_000_000);
  const metadataBytes = integerIn(members.get("metadata_size"), 1, Number.MAX_SAFE_INTEGER);
  const uploadOnly = integerIn(members.get("upload_only"), 0, 255);
  return {
    extensions: readExtensions(members.get("m")),
    ...(text !== undefined && { client: text }),
    ...(port !== undefined && { port }),
    ...(requestQueue !== undefined && { requestQueue }),
    ...(metadataBytes !== undefined && { metadataBytes }),
    ...(uploadOnly !== undefined && { uploadOnly: uploadOnly !== 0 }),
  };
}

/** The dictionary that fills `payload`. Throws ProtocolError. */
export function decodeDictionary(payload: Uint8Array, what: string): BencodeDictionary {
  let value: BencodeValue;
  try {
    value = decode(payload);
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new ProtocolError("bad-bencode", `${what}: ${error.message}`, { cause: error });
  }
  if (!(value instanceof Map)) throw new ProtocolError("bad-bencode", `${what}: expected a dictionary`);
  return value;
}

function readExtensions(value: BencodeValue | undefined): ReadonlyMap<string, number> {
  const extensions = new Map<string, number>();
  if (!(value instanceof Map)) return extensions;
  for (const [name, number] of value) {
    if (extensions.size >= MAX_EXTENSIONS) break;
    const id = integerIn(number, 0, 255);
    if (id !== undefined) extensions.set(name, id);
  }
  return extensions;
}

function integerIn(value: BencodeValue | undefined, min: number, max: number): number | undefined {
  return typeof value === "number" && value >= min && value <= max ? value : undefined;
}
