// displayText: the one way for text of strangers to a terminal.

declare const brand: unique symbol;

/** Text that is safe to print: no control characters, no escapes, no bidi or zero-width tricks, at most 512 columns. */
export type DisplayText = string & { readonly [brand]: "DisplayText" };

/**
 * Makes foreign text safe for a terminal. Whatever could command it, hide in it or run over its neighbours
 * becomes one visible replacement each.
 */
export function displayText(text: string): DisplayText {
  return text.slice(0, 512).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "�") as DisplayText;
}
