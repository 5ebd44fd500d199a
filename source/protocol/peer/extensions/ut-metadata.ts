// ut_metadata (BEP 9): the info dictionary of a torrent, 16 KiB at a time, for peers that know only its hash.
import { type BencodeValue, concatBytes, decodeFirst, encode } from "../../bencode.ts";
import { BencodeError, ProtocolError } from "../../errors.ts";

/** Bytes of each part but the last. */
export const METADATA_PART_BYTES = 16_384;

export type MetadataMessage =
  | { readonly type: "request"; readonly part: number }
  /** Received `data` is valid until the next message. */
  | { readonly type: "data"; readonly part: number; readonly totalBytes: number; readonly data: Uint8Array }
  | { readonly type: "reject"; readonly part: number };

/** Bencoded dictionary `{msg_type, piece, total_size}`, for `data` followed by the raw bytes. */
export function encodeMetadata(message: MetadataMessage): Uint8Array {
  switch (message.type) {
    case "request":
      return encode({ msg_type: 0, piece: message.part });
    case "data":
      return concatBytes([encode({ msg_type: 1, piece: message.part, total_size: message.totalBytes }), message.data]);
    case "reject":
      return encode({ msg_type: 2, piece: message.part });
    default:
      return message satisfies never;
  }
}

/** Reads a payload; undefined for a type that a later version may have. Throws ProtocolError. */
export function decodeMetadata(payload: Uint8Array): MetadataMessage | undefined {
  const { members, rest } = readBody(payload);
  const part = requireNumber(members.get("piece"), "piece");
  switch (members.get("msg_type")) {
    case 0:
      return { type: "request", part };
    case 1:
      if (rest.length === 0 || rest.length > METADATA_PART_BYTES) {
        throw new ProtocolError("metadata-length", `ut_metadata: ${rest.length} bytes, at most ${METADATA_PART_BYTES}`);
      }
      return { type: "data", part, totalBytes: requireNumber(members.get("total_size"), "total_size"), data: rest };
    case 2:
      return { type: "reject", part };
    default:
      return undefined;
  }
}

function readBody(payload: Uint8Array): { members: Map<string, BencodeValue>; rest: Uint8Array } {
  try {
    const { value, length } = decodeFirst(payload);
    if (!(value instanceof Map)) throw new ProtocolError("bad-bencode", "ut_metadata: expected a dictionary");
    return { members: value, rest: payload.subarray(length) };
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new ProtocolError("bad-bencode", `ut_metadata: ${error.message}`, { cause: error });
  }
}

function requireNumber(value: BencodeValue | undefined, name: string): number {
  if (typeof value !== "number" || value < 0)
    throw new ProtocolError("metadata-number", `ut_metadata: ${name} is none`);
  return value;
}
