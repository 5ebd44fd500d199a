// The tab of peers: who they are, what arrives from each, and why nothing does; below, the selected one in words.
import type { PeerRow, TransferRow } from "../../control/contract.ts";
import { progressBar } from "../format/bars.ts";
import { formatBytes, formatRate } from "../format/bytes.ts";
import { cut, left, right } from "../format/columns.ts";
import { counted, formatCount, formatShare } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import type { Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawTabList } from "./tab-list.ts";

interface Widths {
  readonly address: number;
  readonly flags: number;
  readonly client: number;
  readonly via: number;
  /** The piece and its bar, or why there is none. */
  readonly piece: number;
  readonly rate: number;
  readonly total: number;
}

/** All columns from 112 on; on less room those go first that the words of the selected row tell: how we met and totals, flags and client. */
function widthsOf(width: number): Widths {
  if (width < 72) return { address: width - 37, flags: 0, client: 0, via: 0, piece: 8, rate: 10, total: 0 };
  if (width < 112) return { address: width - 58, flags: 6, client: 9, via: 0, piece: 14, rate: 10, total: 0 };
  // The longest address has 47 columns; what there is more goes to the client and the bar.
  const address = Math.min(47, width - 93);
  const client = Math.min(24, width - 79 - address);
  return { address, flags: 7, client, via: 9, piece: width - 61 - address - client, rate: 10, total: 8 };
}

export function drawPeersTab(state: ViewState, transfer: TransferRow, size: Size, theme: Theme): readonly string[] {
  const widths = widthsOf(size.width - 2);
  const height = size.height - 5;
  const rows = drawTabList(
    state,
    {
      tab: "peers",
      height,
      width: size.width,
      draw: (peer, width, rowTheme) => left(drawPeer(peer, widths, rowTheme), width, theme.glyphs.ellipsis),
      empty: "No peer is connected.",
    },
    theme,
  );
  const selected = state.lists.peers[state.positions.peers.index]?.row;
  const words = selected === undefined ? [] : inWords(selected, transfer);
  return [
    theme.faint(headings(widths)),
    ...rows,
    ...Array.from({ length: Math.max(0, height - rows.length) }, () => ""),
    "",
    ...words.map((text) => ` ${theme.faint(cut(text, size.width - 2, theme.glyphs.ellipsis))}`),
  ];
}

function headings(widths: Widths): string {
  return [
    `  ${left("address", widths.address)} ${left("flags", widths.flags)}${left("client", widths.client)} ${right("has", 5)}`,
    left(widths.via > 0 ? " met by" : "", widths.via),
    ` ${left("arriving", widths.piece)}`,
    right("down", widths.rate) + right("up", widths.rate),
    right(widths.total > 0 ? "got" : "", widths.total) + right(widths.total > 0 ? "gave" : "", widths.total),
  ].join("");
}

function drawPeer(peer: PeerRow, widths: Widths, theme: Theme): string {
  const { ellipsis } = theme.glyphs;
  return [
    `${left(peer.address, widths.address, ellipsis)} ${left(peer.flags, widths.flags)}`,
    `${left(peer.client, widths.client, ellipsis)} ${right(formatShare(peer.progress), 5)}`,
    left(widths.via > 0 ? ` ${peer.via}` : "", widths.via),
    ` ${arriving(peer, widths.piece, theme)}`,
    right(formatRate(peer.downBytesPerSecond), widths.rate) + right(formatRate(peer.upBytesPerSecond), widths.rate),
    right(widths.total > 0 ? formatBytes(peer.downloadedBytes) : "", widths.total),
    right(widths.total > 0 ? formatBytes(peer.uploadedBytes) : "", widths.total),
  ].join("");
}

function arriving(peer: PeerRow, width: number, theme: Theme): string {
  if (peer.piece === null) return left(peer.idle, width, theme.glyphs.ellipsis);
  const number = `#${formatCount(peer.piece)}`;
  const label = left(number, Math.max(7, number.length + 1));
  return left(label + progressBar(peer.pieceFraction, Math.max(0, width - label.length - 1), theme), width);
}

const FLAG_WORDS: Readonly<Record<string, string>> = {
  D: "we download from it",
  d: "it chokes us",
  U: "it downloads from us",
  u: "we choke it",
  S: "it stalls",
  I: "it came to us",
  F: "speaks the fast extension",
  P: "takes gifts",
};

const MET: Readonly<Record<PeerRow["via"], string>> = {
  tracker: "a tracker named it",
  incoming: "it came to us",
  given: "you named it",
  channel: "a channel named it",
  pex: "another peer named it",
  dht: "the DHT named it",
  lan: "it is in our network",
  web: "a web server, which the torrent names",
};

function inWords(peer: PeerRow, transfer: TransferRow): string[] {
  const has = `has ${formatShare(peer.progress)} of ${counted(transfer.pieceCount, "piece")}`;
  const totals = `gave us ${formatBytes(peer.downloadedBytes)}, took ${formatBytes(peer.uploadedBytes)}`;
  const asked = peer.requestedBlocks === 0 ? "" : `, is asked for ${counted(peer.requestedBlocks, "block")}`;
  const idle = peer.idle === "" ? "" : `; nothing moves: ${peer.idle}`;
  const flags = [...peer.flags].filter((flag) => flag in FLAG_WORDS).map((flag) => `${flag} ${FLAG_WORDS[flag]}`);
  return [`${peer.address}, ${peer.client}: ${MET[peer.via]}, ${has}`, `${totals}${asked}${idle}`, flags.join("; ")];
}
