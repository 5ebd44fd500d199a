// Line: text that is being typed and its cursor, and what the keys of readline do to it. Pure.

export interface Line {
  readonly value: string;
  /** It stands before this UTF-16 unit; at the end behind the last. Never within a letter. */
  readonly cursor: number;
}

/** `text` without controls, the cursor behind it. */
export function lineOf(text: string): Line {
  const value = plain(text);
  return { value, cursor: value.length };
}

/** `text`, without controls, is typed where the cursor stands. */
export function inserted({ value, cursor }: Line, text: string): Line {
  const typed = plain(text);
  return { value: value.slice(0, cursor) + typed + value.slice(cursor), cursor: cursor + typed.length };
}

export type LineEdit =
  | "char-back"
  | "char-forward"
  | "word-back"
  | "word-forward"
  | "line-start"
  | "line-end"
  | "erase-back"
  | "erase-forward"
  | Erasure;

/** Of more than a letter: what is erased so can be put back. */
export type Erasure = "erase-word" | "erase-word-back" | "erase-word-forward" | "erase-to-start" | "erase-to-end";

/**
 * What `edit` makes of `line`. Words are runs of letters and digits, but to `erase-word` what stands between spaces, as in bash.
 */
export function edited(line: Line, edit: LineEdit): Line {
  const { value, cursor } = line;
  switch (edit) {
    case "char-back":
      return { value, cursor: before(line) };
    case "char-forward":
      return { value, cursor: behind(line) };
    case "word-back":
      return { value, cursor: wordBack(line) };
    case "word-forward":
      return { value, cursor: wordForward(line) };
    case "line-start":
      return { value, cursor: 0 };
    case "line-end":
      return { value, cursor: value.length };
    case "erase-back":
      return without(line, before(line), cursor);
    case "erase-forward":
      return without(line, cursor, behind(line));
    case "erase-word":
      return without(line, lastOf(/\S+/g, line), cursor);
    case "erase-word-back":
      return without(line, wordBack(line), cursor);
    case "erase-word-forward":
      return without(line, cursor, wordForward(line));
    case "erase-to-start":
      return without(line, 0, cursor);
    case "erase-to-end":
      return without(line, cursor, value.length);
    default:
      return edit satisfies never;
  }
}

function plain(text: string): string {
  return text.replace(/\p{C}/gu, "");
}

function without({ value }: Line, from: number, to: number): Line {
  return { value: value.slice(0, from) + value.slice(to), cursor: from };
}

/** Where the letter before the cursor begins, with all its marks. */
function before({ value, cursor }: Line): number {
  return segmenter.segment(value).containing(cursor - 1)?.index ?? 0;
}

/** Where the letter behind the cursor ends. */
function behind({ value, cursor }: Line): number {
  const letter = segmenter.segment(value).containing(cursor);
  return letter ? letter.index + letter.segment.length : value.length;
}

/** Where the word before the cursor begins. */
function wordBack(line: Line): number {
  return lastOf(/[\p{L}\p{M}\p{N}]+/gu, line);
}

/** Where the last match before the cursor begins; the start of the line when there is none. */
function lastOf(words: RegExp, { value, cursor }: Line): number {
  return Array.from(value.slice(0, cursor).matchAll(words)).at(-1)?.index ?? 0;
}

/** Where the word behind the cursor ends. */
function wordForward({ value, cursor }: Line): number {
  const [word] = value.slice(cursor).match(/[^\p{L}\p{M}\p{N}]*[\p{L}\p{M}\p{N}]*/u)!;
  return cursor + word.length;
}

const segmenter = new Intl.Segmenter();
