// A peer that says anything: messages that a torrent allows, in no order and with no sense.
import type { PieceLayout } from "../../source/metainfo/piece-layout.ts";
import { BLOCK_BYTES } from "../../source/protocol/peer/limits.ts";
import type { PeerMessage } from "../../source/protocol/peer/messages.ts";

/** One message, any kind as likely as any other; `data` is what blocks hold, at least 16 KiB. */
export function babble(layout: PieceLayout, random: () => number, data: Uint8Array): PeerMessage {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const index = Math.floor(random() * layout.pieceCount);
  const block = Math.floor(random() * layout.blockCount(index));
  const range = { index, begin: block * BLOCK_BYTES, length: layout.blockLengthAt(index, block) };
  const bytes = data.subarray(0, range.length);
  const bits = new Uint8Array(Math.ceil(layout.pieceCount / 8)).map(() => Math.floor(random() * 256));
  bits[bits.length - 1]! &= 0xff << ((8 - (layout.pieceCount % 8)) % 8);
  const extensions = new Map(
    ["sta_push", "ut_pex", "ut_metadata"].filter(() => random() < 0.7).map((name, number) => [name, number + 1]),
  );
  const address = { host: `10.9.${Math.floor(random() * 256)}.1`, port: 1 + Math.floor(random() * 65_535) };
  return pick<() => PeerMessage>([
    () => ({ type: pick(["keep-alive", "choke", "unchoke", "interested", "not-interested"]) }),
    () => ({ type: pick(["choke", "unchoke"]) }),
    () => ({ type: "have", index }),
    () => ({ type: "bitfield", bytes: bits }),
    () => ({ type: pick(["have-all", "have-none"]) }),
    () => ({ type: "request", ...range }),
    () => ({ type: "cancel", ...range }),
    () => ({ type: "reject", ...range }),
    () => ({ type: "piece", index, begin: range.begin, data: bytes }),
    () => ({ type: pick(["suggest", "allowed-fast"]), index }),
    () => ({ type: "extended-handshake", handshake: { extensions, uploadOnly: random() < 0.5 } }),
    () => ({ type: "ut-pex", message: { added: [address], dropped: [] } }),
    () => ({ type: "ut-metadata", message: { type: pick(["request", "reject"]), part: pick([0, 1, 1_000_000]) } }),
    () => ({ type: "sta-push", message: { type: pick(["offer", "ready"]), piece: index } }),
    () => ({ type: "sta-push", message: { type: "refuse", piece: index, why: pick(["have", "busy", "full"]) } }),
    // Who sends one unasked is cut at once: rarely.
    () =>
      random() < 0.05
        ? { type: "sta-push", message: { type: "block", piece: index, begin: range.begin, data: bytes } }
        : { type: "keep-alive" },
    () => ({ type: "sta-push", message: { type: "finish", piece: index, ok: random() < 0.5 } }),
  ])();
}
