// The tab of pieces: a map of them over several lines, below each line how many peers hold its rarest pieces.
import type { TransferRow } from "../../control/contract.ts";
import { pieceBar, sliceOfCell } from "../format/bars.ts";
import { formatBytes } from "../format/bytes.ts";
import { columnsOf, cut, left } from "../format/columns.ts";
import { counted, formatCount } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import type { Theme } from "../theme.ts";
import { isMissingSomewhere } from "./transfers.ts";

/** A piece of a small torrent is so wide at most. */
const WIDEST_CELL = 4;
/** Said of the map, and its legend: two lines each, an empty one between. */
const ROWS_AROUND = 6;

export function drawPiecesTab(row: TransferRow, size: Size, theme: Theme): readonly string[] {
  const { ellipsis } = theme.glyphs;
  const inner = size.width - 2;
  const numberWidth = Math.max(5, formatCount(row.pieceCount).length) + 1;
  const width = inner - numberWidth;
  const lines = Math.max(
    1,
    Math.min(Math.ceil(row.pieceMap.length / width), Math.floor((size.height - ROWS_AROUND) / 2)),
  );
  const cells = Math.min(row.pieceMap.length, lines * width);
  const cellWidth = lines > 1 ? 1 : Math.max(1, Math.min(WIDEST_CELL, Math.floor(width / Math.max(1, cells))));
  const drawn = Array.from({ length: lines }, (_, line) => {
    const from = line * width;
    const shown = Math.min(width, cells - from);
    const begin = Math.floor((from * row.pieceMap.length) / cells);
    const end = Math.floor(((from + shown) * row.pieceMap.length) / cells);
    const first = Math.floor((begin * row.pieceCount) / row.pieceMap.length);
    const number = left(formatCount(first), numberWidth);
    const range = (map: string): readonly string[] =>
      Array.from({ length: shown }, (_cell, cell) => sliceOfCell(map, from + cell, cells));
    const rarest = range(row.availabilityMap).map(lowest);
    const lacking = range(row.pieceMap).map((states, cell) => rarest[cell] === "0" && /[^hg]/.test(states));
    return [
      ` ${theme.faint(number)}${pieceBar(row.pieceMap.slice(begin, end), shown * cellWidth, theme)}`,
      ` ${" ".repeat(numberWidth)}${paintedDigits(rarest, lacking, cellWidth, theme)}`,
    ];
  }).flat();
  return [
    ...saidOf(row).map((text) => ` ${cut(text, inner, ellipsis)}`),
    "",
    ...drawn,
    "",
    ...legend(inner, theme).map((text) => ` ${text}`),
  ];
}

function saidOf(row: TransferRow): string[] {
  const arriving = row.peers.filter(({ piece }) => piece !== null).length;
  const counts = [
    `${formatCount(row.heldPieces)} of ${counted(row.pieceCount, "piece")} held`,
    arriving === 0 ? "" : `${formatCount(arriving)} arriving`,
    `${formatBytes(row.pieceLength)} each`,
    row.pieceCount > row.pieceMap.length && row.pieceMap.length > 0
      ? `${formatCount(Math.round(row.pieceCount / row.pieceMap.length))} to a cell`
      : "",
  ];
  return [counts.filter((text) => text !== "").join(", "), copiesOf(row)];
}

function copiesOf(row: TransferRow): string {
  if (row.peers.length === 0) return "Nobody is connected.";
  const peers = `${counted(row.peers.length, "connected peer")} hold${row.peers.length === 1 ? "s" : ""}`;
  const copies = `${peers} ${row.availability.toFixed(2)} copies of it`;
  return isMissingSomewhere(row) ? `Not all of it is there: ${copies}.` : `${copies}.`;
}

/** Pieces that we lack, and nobody connected holds, stand out. */
function paintedDigits(digits: readonly string[], lacking: readonly boolean[], width: number, theme: Theme): string {
  const signs = lacking.map((isLacking) => (isLacking ? "!" : " ")).join("");
  return signs.replace(/!+| +/g, (run, begin: number) => {
    const shown = digits.slice(begin, begin + run.length).map((digit) => digit.repeat(width));
    return (run[0] === "!" ? theme.bad : theme.faint)(shown.join(""));
  });
}

function legend(width: number, theme: Theme): string[] {
  const { glyphs } = theme;
  const signs = [
    [theme.good(glyphs.held), "held"],
    [theme.given(glyphs.gave), "given away"],
    [theme.good(glyphs.some[Math.floor(glyphs.some.length / 2)]!), "some held"],
    [theme.busy(glyphs.arriving), "arriving"],
    [theme.faint(glyphs.missing), "missing"],
  ].map(([glyph, text]) => `${glyph} ${text}`);
  const first = signs.join("   ");
  const second = "0-9 below a piece: connected peers that hold it (9: or more)";
  return columnsOf(first) <= width
    ? [first, cut(second, width, glyphs.ellipsis)]
    : [cut(second, width, glyphs.ellipsis)];
}

function lowest(digits: string): string {
  return [...digits].reduce((least, digit) => (digit < least ? digit : least), digits[0] ?? " ");
}
