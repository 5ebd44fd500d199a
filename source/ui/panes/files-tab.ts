// The tab of files: which there are, how far each is, and how much it is wanted.
import type { FilePriority, TransferRow } from "../../control/contract.ts";
import { knownFiles } from "../all-files.ts";
import { progressBar } from "../format/bars.ts";
import { formatBytes } from "../format/bytes.ts";
import { cutBefore, left, right } from "../format/columns.ts";
import { formatCount, formatShare } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import type { FileTreeRow } from "../lists.ts";
import type { Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawTabList } from "./tab-list.ts";
import { treeName } from "./tree-name.ts";

const SIZE = 10;
const DONE = 7;
const WANTED = 9;

const WORDS: Readonly<Record<FilePriority, string>> = { high: "first", normal: "", off: "off" };
/** Of a folder whose files are not wanted alike. */
const MIXED = "in part";

export function drawFilesTab(state: ViewState, transfer: TransferRow, size: Size, theme: Theme): readonly string[] {
  const barWidth = size.width >= 100 ? 16 : 8;
  const pathWidth = size.width - 2 - WANTED - SIZE - DONE - barWidth - 3;
  const height = size.height - 1;
  const { length } = knownFiles(transfer, state.allFiles);
  const all =
    transfer.fileCount === length ? "" : ` (${formatCount(length)} of ${formatCount(transfer.fileCount)} listed)`;
  const rows = drawTabList(
    state,
    {
      tab: "files",
      height,
      width: size.width,
      draw: (row, width, rowTheme) => left(drawRow(row, pathWidth, barWidth, rowTheme), width),
      empty: "Its files are not known yet: peers are asked for them.",
    },
    theme,
  );
  const figures = `${right("size", SIZE)}${right("done", DONE)}  ${" ".repeat(barWidth)} wanted`;
  return [theme.faint(`  ${left(`file${all}`, pathWidth, theme.glyphs.ellipsis)}${figures}`), ...rows];
}

function drawRow(row: FileTreeRow, pathWidth: number, barWidth: number, theme: Theme): string {
  const { ellipsis } = theme.glyphs;
  const done = row.length === 0 ? 1 : row.heldBytes / row.length;
  const path = left(cutBefore(treeName(row, theme.glyphs), pathWidth, ellipsis), pathWidth, ellipsis);
  const { priority } = row;
  const word = left(priority === null ? MIXED : WORDS[priority], WANTED - 1);
  const wanted = priority === "high" ? theme.good(word) : theme.faint(word);
  const figures = right(formatBytes(row.length), SIZE) + right(formatShare(done), DONE);
  return `${priority === "off" ? theme.faint(path) : path}${figures}  ${progressBar(done, barWidth, theme)} ${wanted}`;
}
