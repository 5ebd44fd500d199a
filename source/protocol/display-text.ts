// displayText: the one way for text of strangers to a terminal.
import { eastAsianWidth } from "get-east-asian-width";

declare const brand: unique symbol;

/** Text that is safe to print: no control characters, no escapes, no bidi or zero-width tricks, at most 512 columns. */
export type DisplayText = string & { readonly [brand]: "DisplayText" };

/** Columns a text may take; enough for any honest name, and a bound for every row that shows it. */
export const MAX_DISPLAY_COLUMNS = 512;

/** Combining marks kept on one character; living scripts stack three at most, more run over the rows around them. */
export const MAX_STACKED_MARKS = 4;

const REPLACEMENT = "\uFFFD";

/**
 * What may not reach a terminal: controls, formats (bidi, joiners), surrogates, private and unassigned code points, line separators,
 * whatever is drawn as nothing (zero width, variation selectors, fillers), and what terminals measure differently
 * (skin tones, regional indicators, enclosing marks).
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Emoji_Modifier}\p{Regional_Indicator}\p{Me}]/u;
const MARK = /\p{M}/u;
/** Drawn on the letter before. */
const STACKED_MARK = /\p{Mn}/u;
const PLAIN = /^[ -~]*$/;

/**
 * Makes foreign text safe for a terminal. Whatever could command it, hide in it or run over its neighbours becomes one
 * visible U+FFFD each; a run of marks beyond the fourth becomes one. What is longer than 512 columns ends in `…`. Thai and Lao AM, which
 * layouts take for a part of the letter before and terminals for a letter, become the two that they are made of.
 */
export function displayText(text: string): DisplayText {
  // A code point takes no column only as one of at most four marks: this many units fill 512 columns, whatever they are.
  const head = text.slice(0, MAX_DISPLAY_COLUMNS * (MAX_STACKED_MARKS + 1) * 2);
  if (PLAIN.test(head)) return cutToColumns(head) as DisplayText;
  const measured = head.replaceAll("\u0E33", "\u0E4D\u0E32").replaceAll("\u0EB3", "\u0ECD\u0EB2");
  let safe = "";
  let marks = MAX_STACKED_MARKS;
  for (const character of measured) {
    if (MARK.test(character) && !UNSAFE.test(character)) {
      // Marks with nothing before them would land on whatever the screen shows there.
      if (marks < MAX_STACKED_MARKS) safe += character;
      else if (marks === MAX_STACKED_MARKS) safe += REPLACEMENT;
      marks++;
    } else {
      safe += UNSAFE.test(character) ? REPLACEMENT : character;
      marks = 0;
    }
  }
  return cutToColumns(safe) as DisplayText;
}

/**
 * Columns that safe text takes on a terminal, at most: marks that move on count one, as do the parts of a Korean letter. `string-width`
 * knows better, but half the time of a short command would go into loading it (33 of 67 ms: the table of emoji and a segmenter).
 */
export function columnsAtMost(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (!STACKED_MARK.test(character)) columns += eastAsianWidth(character.codePointAt(0)!);
  }
  return columns;
}

function cutToColumns(text: string): string {
  if (columnsAtMost(text) <= MAX_DISPLAY_COLUMNS) return text;
  let columns = 0;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    columns += columnsAtMost(segment);
    if (columns >= MAX_DISPLAY_COLUMNS) break;
    kept += segment;
  }
  return `${kept}…`;
}
