// sta_push, version 1 (BEP 10 extension of this project): giving a piece to a peer that did not ask for it.
import { type BencodeValue, decodeFirst, encode, concatBytes, latin1 } from "../../bencode.ts";
import { BencodeError, ProtocolError } from "../../errors.ts";
import { BLOCK_BYTES } from "../limits.ts";

/** Why an offer was refused. */
export type RefuseReason = "have" | "busy" | "unwanted" | "full";

export type PushMessage =
  /** giver -> taker: may I give you this one? */
  | { readonly type: "offer"; readonly piece: number }
  /** taker -> giver: send it now. */
  | { readonly type: "ready"; readonly piece: number }
  | { readonly type: "refuse"; readonly piece: number; readonly why: RefuseReason }
  /** giver -> taker: one block, in order, 16 KiB at most. Received `data` is valid until the next message. */
  | { readonly type: "block"; readonly piece: number; readonly begin: number; readonly data: Uint8Array }
  /** taker -> giver: hashed and stored, or thrown away. */
  | { readonly type: "finish"; readonly piece: number; readonly ok: boolean };

const REASONS: readonly RefuseReason[] = ["have", "busy", "unwanted", "full"];

/** Bencoded dictionary `{t, piece, ...}`, for `block` followed by the raw bytes. */
export function encodePush(message: PushMessage): Uint8Array {
  switch (message.type) {
    case "offer":
      return encode({ t: 0, piece: message.piece });
    case "ready":
      return encode({ t: 1, piece: message.piece });
    case "refuse":
      return encode({ t: 2, piece: message.piece, why: message.why });
    case "block":
      return concatBytes([encode({ t: 3, piece: message.piece, begin: message.begin }), message.data]);
    case "finish":
      return encode({ t: 4, piece: message.piece, ok: message.ok ? 1 : 0 });
    default:
      return message satisfies never;
  }
}

/** Reads a payload. Throws ProtocolError. The piece index is not checked against a torrent here. */
export function decodePush(payload: Uint8Array): PushMessage {
  const { members, rest } = readBody(payload);
  const piece = requireIndex(members.get("piece"), "piece");
  const type = members.get("t");
  if (type !== 3 && rest.length > 0)
    throw new ProtocolError("push-trailing", `sta_push: ${rest.length} bytes behind the message`);
  switch (type) {
    case 0:
      return { type: "offer", piece };
    case 1:
      return { type: "ready", piece };
    case 2:
      return { type: "refuse", piece, why: readReason(members.get("why")) };
    case 3:
      if (rest.length === 0 || rest.length > BLOCK_BYTES) {
        throw new ProtocolError("push-block-length", `sta_push: block of ${rest.length} bytes, at most ${BLOCK_BYTES}`);
      }
      return { type: "block", piece, begin: requireIndex(members.get("begin"), "begin"), data: rest };
    case 4:
      return { type: "finish", piece, ok: members.get("ok") === 1 };
    default:
      throw new ProtocolError("push-type", "sta_push: unknown message type");
  }
}

function readBody(payload: Uint8Array): { members: Map<string, BencodeValue>; rest: Uint8Array } {
  try {
    const { value, length } = decodeFirst(payload);
    if (!(value instanceof Map)) throw new ProtocolError("bad-bencode", "sta_push: expected a dictionary");
    return { members: value, rest: payload.subarray(length) };
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new ProtocolError("bad-bencode", `sta_push: ${error.message}`, { cause: error });
  }
}

function requireIndex(value: BencodeValue | undefined, name: string): number {
  if (typeof value !== "number" || value < 0 || value > 0xffff_ffff) {
    throw new ProtocolError("push-number", `sta_push: ${name} is no index`);
  }
  return value;
}

/** An unknown reason counts as `unwanted`: a later version may have more of them. */
function readReason(value: BencodeValue | undefined): RefuseReason {
  const text = value instanceof Uint8Array ? latin1(value) : "";
  return REASONS.find((reason) => reason === text) ?? "unwanted";
}
