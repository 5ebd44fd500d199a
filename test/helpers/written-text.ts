// What a viewer wrote to a terminal, without what commands it: a control that is left came from a stranger.

/** Styles, moves and erasures, the modes that the viewer sets, and a link for the clipboard. */
const OURS =
  // oxlint-disable-next-line no-control-regex -- the sequences that the viewer and Ink write
  /\u001b\[(?:\d+(?:;\d+)*)?[mABCDEGHJK]|\u001b\[\?(?:1049|2004|25|7|2026)[hl]|\u001b\]52;c;[\w+/=]*\u0007/g;

/** `bytes` without our sequences, ends of lines, and U+200C, which keeps letters apart that terminals measure differently when joined. */
export function writtenText(bytes: string): string {
  return bytes.replace(OURS, "").replaceAll(/[\r\n\u200C]/g, "");
}

/** Controls, and whatever hides in a text. */
export const HIDDEN = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}].{0,20}/u;
