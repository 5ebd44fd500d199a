// Before a torrent is added: where it goes, how much room it takes, which files are wanted.
import { addingHeight, tooMuch, type Adding } from "../adding.ts";
import { formatBytes, formatPart } from "../format/bytes.ts";
import { columnsOf, cut, cutBefore, left, right } from "../format/columns.ts";
import { counted, formatCount } from "../format/numbers.ts";
import type { TreeRow } from "../file-tree.ts";
import type { Size } from "../layout.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import { drawFrame } from "./frame.ts";
import { treeName } from "./tree-name.ts";

export function drawAdding(adding: Adding, size: Size, theme: Theme): string[] {
  const { torrent, files, rows: all, top, index, search } = adding;
  const inner = size.width - 2;
  const height = addingHeight(size);
  const rows = all.slice(top, top + height).map((row, offset) => {
    const marked = top + offset === index;
    const text = drawRow(adding, row, inner, marked ? withoutStyles(theme) : theme, marked);
    return marked ? theme.selected(text) : text;
  });
  const none = ` No file has these words. Esc shows all again.`;
  return drawFrame(
    {
      title: `Add ${torrent.name}`,
      note:
        search === ""
          ? counted(files.length, "file")
          : `/${search} ${formatCount(all.length)} of ${formatCount(files.length)}`,
      noteFirst: search !== "",
      rows: [...head(adding, inner, theme), ...(rows.length > 0 ? rows : [cut(none, inner, theme.glyphs.ellipsis)])],
      focused: true,
      window: { first: top, shown: height, all: all.length, selected: index },
    },
    size,
    theme,
  );
}

function head(adding: Adding, inner: number, theme: Theme): string[] {
  const { torrent, off, sequential } = adding;
  const { ellipsis } = theme.glyphs;
  const { files, bytes } = adding.wanted;
  const excess = tooMuch(adding);
  const free = torrent.freeBytes === null ? "free space unknown" : `${formatBytes(torrent.freeBytes)} free`;
  const which =
    off.size === 0 ? (files === 1 ? "" : "all, ") : `${formatCount(files)} of ${formatCount(torrent.files.length)}, `;
  const size = off.size === 0 ? formatBytes(bytes) : formatPart(bytes, torrent.length);
  const fits =
    excess > 0
      ? theme.bad(`${theme.glyphs.problem} does not fit: ${formatBytes(excess)} too much`)
      : files === 0
        ? theme.bad(`${theme.glyphs.problem} nothing is chosen`)
        : torrent.freeBytes === null
          ? ""
          : theme.good(`${theme.glyphs.have} fits`);
  const pieces = `pieces of ${formatBytes(torrent.pieceLength)}${torrent.private ? ", private" : ""}`;
  const lines = [
    [`Into   ${torrent.folder}`, torrent.isNewFolder ? `new folder, ${free}` : free],
    [`Files  ${which}${size}`, fits],
    [`Order  ${sequential ? "one piece after the other" : "the rarest piece first"}`, pieces],
  ] as const;
  return [
    ...lines.map(([before, after]) => {
      const room = inner - 2 - columnsOf(after);
      return ` ${left(before, room, ellipsis)}${after} `;
    }),
    "",
  ];
}

/** Columns of sizes; of a folder that is wanted in part there are two. */
const SIZES = 20;

function drawRow(adding: Adding, row: TreeRow, inner: number, theme: Theme, marked: boolean): string {
  const { glyphs } = theme;
  const wanted = adding.wantedBelow.get(row.key) ?? { files: adding.off.has(row.index) ? 0 : 1, bytes: row.length };
  const whole = wanted.files === row.files.length;
  const box = whole ? theme.good("[x]") : wanted.files > 0 ? theme.busy("[-]") : "[ ]";
  const size = whole || wanted.files === 0 ? formatBytes(row.length) : formatPart(wanted.bytes, row.length);
  const width = inner - 7 - SIZES;
  const name = left(cutBefore(treeName(row, glyphs), width, glyphs.ellipsis), width);
  const text = `${name}${right(size, SIZES)} `;
  return `${marked ? glyphs.cursor : " "} ${box} ${wanted.files > 0 ? text : theme.faint(text)}`;
}
