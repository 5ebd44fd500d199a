// A terminal's screen as an SVG picture: text as text, lines and blocks as shapes, so that they meet whatever the font.
import type { IBufferCell, Terminal } from "@xterm/headless";
import stringWidth from "string-width";

const CELL_WIDTH = 8.4;
const CELL_HEIGHT = 18;
const FONT_SIZE = 14;
const MARGIN = 14;
const BACKGROUND = "#11151c";
const FOREGROUND = "#d5dae3";
/** The sixteen colours, normal and bright. */
const PALETTE =
  "#11151c #f47067 #6bc46d #daaa3f #539bf5 #b083f0 #39c5cf #adbac7 #545d68 #ff938a #8ddb8c #eac55f #6cb6ff #dcbdfb #56d4dd #cdd9e5".split(
    " ",
  );

/** One of the 256 colours of xterm: the palette, a cube of six steps a side, and greys. */
function colourOf(index: number): string {
  if (index < 16) return PALETTE[index]!;
  const steps = (value: number): number => (value === 0 ? 0 : 55 + 40 * value);
  const cube = index - 16;
  const parts =
    index < 232
      ? [steps(Math.floor(cube / 36)), steps(Math.floor(cube / 6) % 6), steps(cube % 6)]
      : [8 + 10 * (index - 232), 8 + 10 * (index - 232), 8 + 10 * (index - 232)];
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

interface Style {
  readonly colour: string;
  readonly background: string | null;
  readonly bold: boolean;
  readonly opacity: number;
}

interface Run extends Style {
  text: string;
  readonly column: number;
  columns: number;
}

/** The screen of `terminal` as an SVG document. */
export function terminalSvg(terminal: Terminal, title: string): string {
  const width = round(terminal.cols * CELL_WIDTH + 2 * MARGIN);
  const height = round(terminal.rows * CELL_HEIGHT + 2 * MARGIN);
  const rows = Array.from({ length: terminal.rows }, (_, row) => drawRow(terminal, row)).flat();
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" xml:space="preserve">
${rows.join("\n")}
</g>
</svg>
`;
}

function drawRow(terminal: Terminal, row: number): string[] {
  const y = MARGIN + row * CELL_HEIGHT;
  return runsOf(terminal, row).flatMap((run) => {
    const x = MARGIN + run.column * CELL_WIDTH;
    const backdrop =
      run.background === null ? [] : [rectangle(x, y, run.columns * CELL_WIDTH, CELL_HEIGHT, run.background, 1)];
    return [...backdrop, ...drawRun(run, x, y)];
  });
}

/** Cells of one style next to each other, shapes and texts apart; spaces without a background are left out. */
function runsOf(terminal: Terminal, row: number): Run[] {
  const line = terminal.buffer.active.getLine(row);
  const runs: Run[] = [];
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line?.getCell(column);
    if (cell === undefined || cell.getWidth() === 0) continue;
    const text = cell.getChars() || " ";
    const style = styleOf(cell);
    const last = runs.at(-1);
    if (
      last !== undefined &&
      sameStyle(last, style) &&
      isShape(last.text) === isShape(text) &&
      last.column + last.columns === column
    ) {
      last.text += text;
      last.columns += cell.getWidth();
    } else runs.push({ ...style, text, column, columns: cell.getWidth() });
  }
  return runs.filter(({ text, background }) => background !== null || text.trim() !== "");
}

function styleOf(cell: IBufferCell): Style {
  const foreground = cell.isFgPalette() ? colourOf(cell.getFgColor()) : FOREGROUND;
  const background = cell.isBgPalette() ? colourOf(cell.getBgColor()) : null;
  const inverse = cell.isInverse() !== 0;
  return {
    colour: inverse ? (background ?? BACKGROUND) : foreground,
    background: inverse ? foreground : background,
    bold: cell.isBold() !== 0,
    opacity: cell.isDim() ? 0.5 : 1,
  };
}

function sameStyle(a: Style, b: Style): boolean {
  return a.colour === b.colour && a.background === b.background && a.bold === b.bold && a.opacity === b.opacity;
}

function drawRun(run: Run, x: number, y: number): string[] {
  if (run.text.trim() === "") return [];
  return isShape(run.text) ? shapesOf(run, x, y) : wordsOf(run, x, y);
}

/** Words that stand apart are texts of their own: each begins in its column, whatever the font makes of those before it. */
function wordsOf(run: Run, x: number, y: number): string[] {
  const weight = run.bold ? ' font-weight="bold"' : "";
  return [...run.text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: words, index }) => {
    const left = x + stringWidth(run.text.slice(0, index)) * CELL_WIDTH;
    const length = round(stringWidth(words) * CELL_WIDTH);
    const at = `x="${round(left)}" y="${round(y + CELL_HEIGHT * 0.74)}" textLength="${length}"`;
    return `<text ${at} lengthAdjust="spacingAndGlyphs" fill="${run.colour}"${faint(run)}${weight}>${escaped(words)}</text>`;
  });
}

/** For each line of a frame which way it goes: up, right, down, left; 1 is light, 2 heavy. */
const LINES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  "─": [0, 1, 0, 1],
  "│": [1, 0, 1, 0],
  "╭": [0, 1, 1, 0],
  "╮": [0, 0, 1, 1],
  "╰": [1, 1, 0, 0],
  "╯": [1, 0, 0, 1],
  "━": [0, 2, 0, 2],
  "┃": [2, 0, 2, 0],
  "┏": [0, 2, 2, 0],
  "┓": [0, 0, 2, 2],
  "┗": [2, 2, 0, 0],
  "┛": [2, 0, 0, 2],
};
const LOWER_BLOCKS = "▁▂▃▄▅▆▇█";
const SHADES: Readonly<Record<string, number>> = { "░": 0.3, "▒": 0.55, "▓": 0.8 };

function isShape(text: string): boolean {
  const [first = ""] = text;
  return first in LINES || first in SHADES || LOWER_BLOCKS.includes(first) || first === "▌";
}

function shapesOf(run: Run, x: number, y: number): string[] {
  // Neighbours that are alike are one shape; lines that go up or down are not joined sideways.
  return [...run.text.matchAll(/([^│┃╭╮╰╯┏┓┗┛])\1*|./gu)].map(({ 0: alike, index }) =>
    shapeOf(alike[0]!, run, x + index * CELL_WIDTH, y, alike.length),
  );
}

function shapeOf(character: string, run: Run, x: number, y: number, cells: number): string {
  const width = cells * CELL_WIDTH;
  const shade = SHADES[character];
  // A little air between rows makes bars readable.
  if (shade !== undefined) return rectangle(x, y + 3, width, CELL_HEIGHT - 6, run.colour, shade * run.opacity);
  if (character === "█") return rectangle(x, y + 3, width, CELL_HEIGHT - 6, run.colour, run.opacity);
  if (character === "▌") return rectangle(x, y, CELL_WIDTH / 2, CELL_HEIGHT, run.colour, run.opacity);
  const eighths = LOWER_BLOCKS.indexOf(character) + 1;
  if (eighths > 0) {
    const height = ((CELL_HEIGHT - 6) * eighths) / 8;
    return rectangle(x, y + CELL_HEIGHT - 3 - height, width, height, run.colour, run.opacity);
  }
  const [up, right, down, left] = LINES[character]!;
  const [middleX, middleY] = [x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2];
  const begin =
    up > 0
      ? `${round(middleX)} ${round(y)}`
      : left > 0
        ? `${round(x)} ${round(middleY)}`
        : `${round(x + CELL_WIDTH)} ${round(middleY)}`;
  const end =
    down > 0
      ? `${round(middleX)} ${round(y + CELL_HEIGHT)}`
      : right > 0
        ? `${round(x + width)} ${round(middleY)}`
        : `${round(x)} ${round(middleY)}`;
  const weight = Math.max(up, right, down, left) === 2 ? 2.2 : 1.2;
  return `<path d="M${begin} Q${round(middleX)} ${round(middleY)} ${end}" fill="none" stroke="${run.colour}" stroke-width="${weight}"${faint(run)}/>`;
}

function rectangle(x: number, y: number, width: number, height: number, fill: string, opacity: number): string {
  const faintness = opacity === 1 ? "" : ` opacity="${round(opacity)}"`;
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"${faintness}/>`;
}

function faint({ opacity }: Style): string {
  return opacity === 1 ? "" : ` opacity="${opacity}"`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
