// Text in columns of the screen: cut, padded, measured as Ink lays it out.
import stringWidth from "string-width";

const PLAIN = /^[ -~]*$/;
/** One column each, whatever stands beside them: what screens are made of, and Latin letters. */
const NARROW =
  /^[ -~\u00C0-\u024F\u2500-\u257F\u2580-\u259F\u2026\u2190-\u2193\u00B7\u2016\u2248\u25B8\u25BE\u25CB\u25CF\u25D0\u2713]*$/;
// oxlint-disable-next-line no-control-regex -- styles begin with Esc
const STYLES = /\u001B\[[0-9;]*m/g;

/** Columns that `text` takes on the screen. Styles (SGR) take none. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  const unstyled = text.includes("\u001B") ? text.replace(STYLES, "") : text;
  return NARROW.test(unstyled) ? unstyled.length : stringWidth(unstyled);
}

/**
 * Letters that a sign joins into one, as in Hindi and Khmer, kept apart by U+200C: layouts give them one column together, most
 * terminals one each. So all agree, and the sign is seen.
 */
function apart(text: string): string {
  if (!/\p{M}\p{L}/u.test(text)) return text;
  return Array.from(segmenter.segment(text), ({ segment }) => segment.replace(/\p{M}(?=\p{L})/gu, "$&\u200C")).join("");
}

/** `text` in at most `columns`, its end replaced by `ellipsis` (one column, or nothing) when it is longer. For text without styles. */
export function cut(joined: string, columns: number, ellipsis = "…"): string {
  const text = apart(joined);
  if (columnsOf(text) <= columns) return text;
  if (columns <= 0) return "";
  if (PLAIN.test(text)) return text.slice(0, columns - ellipsis.length) + ellipsis;
  let used = 0;
  let kept = "";
  for (const { segment } of segmenter.segment(text)) {
    used += stringWidth(segment);
    if (used > columns - ellipsis.length) break;
    kept += segment;
  }
  return kept + ellipsis;
}

/** As `cut`, with the ellipsis before the end, which stays: of a path the name of the file. */
export function cutBefore(joined: string, columns: number, ellipsis = "…"): string {
  const text = apart(joined);
  if (columnsOf(text) <= columns) return text;
  if (columns <= 0) return "";
  if (PLAIN.test(text)) return ellipsis + text.slice(text.length - columns + 1);
  let used = 0;
  let kept = "";
  for (const { segment } of [...segmenter.segment(text)].toReversed()) {
    used += stringWidth(segment);
    if (used > columns - 1) break;
    kept = segment + kept;
  }
  return ellipsis + kept;
}

/** `text` in lines of at most `columns`, broken between words; the last of `most` lines is cut. For text without styles. */
export function wrapped(text: string, columns: number, most: number, ellipsis?: string): string[] {
  const lines: string[] = [];
  for (let rest = apart(text); rest !== "";) {
    const fitting = cut(rest, columns, "");
    const space = fitting.length < rest.length ? rest.lastIndexOf(" ", fitting.length) : -1;
    const isLast = lines.length === most - 1 || fitting.length === rest.length;
    const words = isLast ? cut(rest, columns, ellipsis) : rest.slice(0, Math.max(0, space)).trimEnd();
    const line = words === "" ? fitting : words;
    lines.push(line);
    rest = isLast || line === "" ? "" : rest.slice(line.length).trimStart();
  }
  return lines;
}

/** `text` in exactly `columns`, spaces behind. */
export function left(text: string, columns: number, ellipsis?: string): string {
  const fitting = cut(text, columns, ellipsis);
  return fitting + " ".repeat(Math.max(0, columns - columnsOf(fitting)));
}

/** As `left`, with `mark` behind a text that is cut short for it; an empty mark takes no room. */
export function leftWithMark(text: string, mark: string, columns: number, ellipsis?: string): string {
  if (mark === "") return left(text, columns, ellipsis);
  return left(`${cut(text, columns - columnsOf(mark) - 1, ellipsis)} ${mark}`, columns, ellipsis);
}

/** `text` in exactly `columns`, spaces before. */
export function right(text: string, columns: number, ellipsis?: string): string {
  const fitting = cut(text, columns, ellipsis);
  return " ".repeat(Math.max(0, columns - columnsOf(fitting))) + fitting;
}

/** `text`, which may carry styles and is not too long, in exactly `columns`. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - columnsOf(text)));
}

/** `text` with a `?` in each column that is not ASCII; styles stay. */
export function toAscii(text: string): string {
  return text.replace(NOT_ASCII, (letters) => "?".repeat(stringWidth(letters)));
}

/** Together, as they were laid out: letters that are joined take fewer columns than each alone. */
// oxlint-disable-next-line no-control-regex -- styles begin with Esc
const NOT_ASCII = /[^\u0000-\u007f]+/gu;

const segmenter = new Intl.Segmenter();
