// The tab of files: which there are, how far each is, and how much it is wanted.
import type { FilePriority, FileRow, TransferRow } from "../../control/contract.ts";
import { progressBar } from "../format/bars.ts";
import { formatBytes } from "../format/bytes.ts";
import { cutBefore, left, right } from "../format/columns.ts";
import { counted, formatShare } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import type { Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawTabList } from "./tab-list.ts";

const SIZE = 10;
const DONE = 7;
const WANTED = 9;

const WORDS: Readonly<Record<FilePriority, string>> = { high: "first", normal: "", off: "off" };

export function drawFilesTab(state: ViewState, transfer: TransferRow, size: Size, theme: Theme): readonly string[] {
  const barWidth = size.width >= 100 ? 16 : 8;
  const pathWidth = size.width - 2 - WANTED - SIZE - DONE - barWidth - 3;
  const height = size.height - 1;
  const more = transfer.fileCount - transfer.files.length;
  const note = more > 0 ? ` (and ${counted(more, "more file")}: \`sta files\` shows all)` : "";
  const rows = drawTabList(
    state,
    {
      tab: "files",
      height,
      width: size.width,
      draw: (file, width, rowTheme) => left(drawFile(file, pathWidth, barWidth, rowTheme), width),
      empty: "Its files are not known yet: peers are asked for them.",
    },
    theme,
  );
  const figures = `${right("size", SIZE)}${right("done", DONE)}  ${" ".repeat(barWidth)} wanted`;
  return [theme.faint(`  ${left(`file${note}`, pathWidth, theme.glyphs.ellipsis)}${figures}`), ...rows];
}

function drawFile(file: FileRow, pathWidth: number, barWidth: number, theme: Theme): string {
  const done = file.length === 0 ? 1 : file.heldBytes / file.length;
  const path = left(cutBefore(file.path, pathWidth, theme.glyphs.ellipsis), pathWidth, theme.glyphs.ellipsis);
  const word = left(WORDS[file.priority], WANTED - 1);
  const wanted = file.priority === "high" ? theme.good(word) : theme.faint(word);
  const figures = right(formatBytes(file.length), SIZE) + right(formatShare(done), DONE);
  return `${file.priority === "off" ? theme.faint(path) : path}${figures}  ${progressBar(done, barWidth, theme)} ${wanted}`;
}
