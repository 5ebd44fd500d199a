// Before a torrent is added: where it goes, how much room it takes, which files are wanted.
import { addingHeight, chosen, type Adding } from "../adding.ts";
import { formatBytes, formatPart } from "../format/bytes.ts";
import { columnsOf, cut, left, right } from "../format/columns.ts";
import { counted, formatCount } from "../format/numbers.ts";
import type { Size } from "../layout.ts";
import { withoutStyles, type Theme } from "../theme.ts";
import { drawFrame } from "./frame.ts";

export function drawAdding(adding: Adding, size: Size, theme: Theme): string[] {
  const { torrent, shown, top, index, search } = adding;
  const inner = size.width - 2;
  const height = addingHeight(size);
  const rows = shown.slice(top, top + height).map((file, offset) => {
    const marked = top + offset === index;
    const row = drawFile(adding, file, inner, marked ? withoutStyles(theme) : theme, marked);
    return marked ? theme.selected(row) : row;
  });
  const all = torrent.files.length;
  const none = ` No file has these words: / searches again.`;
  return drawFrame(
    {
      title: `Add ${torrent.name}`,
      note: search === "" ? counted(all, "file") : `/${search} ${formatCount(shown.length)} of ${formatCount(all)}`,
      rows: [...head(adding, inner, theme), ...(rows.length > 0 ? rows : [cut(none, inner, theme.glyphs.ellipsis)])],
      focused: true,
      window: { first: top, shown: height, all: shown.length },
    },
    size,
    theme,
  );
}

function head(adding: Adding, inner: number, theme: Theme): string[] {
  const { torrent, off, sequential } = adding;
  const { ellipsis } = theme.glyphs;
  const { files, bytes, tooMuch } = chosen(adding);
  const free = torrent.freeBytes === null ? "free space unknown" : `${formatBytes(torrent.freeBytes)} free`;
  const which = off.size === 0 ? (files === 1 ? "" : "all, ") : `${formatCount(files)} of ${torrent.files.length}, `;
  const size = off.size === 0 ? formatBytes(bytes) : formatPart(bytes, torrent.length);
  const fits =
    tooMuch > 0
      ? theme.bad(`${theme.glyphs.problem} does not fit: ${formatBytes(tooMuch)} too much`)
      : files === 0
        ? theme.bad(`${theme.glyphs.problem} nothing is chosen`)
        : torrent.freeBytes === null
          ? ""
          : theme.good(`${theme.glyphs.have} fits`);
  const pieces = `pieces of ${formatBytes(torrent.pieceLength)}${torrent.private ? ", private" : ""}`;
  const lines = [
    [`Into   ${torrent.folder}`, free],
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

function drawFile({ torrent, off }: Adding, file: number, inner: number, theme: Theme, marked: boolean): string {
  const { path, length } = torrent.files[file]!;
  const wanted = !off.has(file);
  const box = wanted ? theme.good("[x]") : "[ ]";
  const name = left(path, inner - 18, theme.glyphs.ellipsis);
  const text = `${name}${right(formatBytes(length), 11)} `;
  return `${marked ? theme.glyphs.cursor : " "} ${box} ${wanted ? text : theme.faint(text)}`;
}
