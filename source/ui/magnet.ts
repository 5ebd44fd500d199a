// Magnet links, and how they get to the clipboard of whoever sits before the terminal.

/** `magnet:?xt=urn:btih:...&dn=...` (BEP 9). */
export function magnetLink(infoHash: string, name: string): string {
  return `magnet:?xt=urn:btih:${infoHash}&dn=${encodeURIComponent(name)}`;
}

/** The sequence (OSC 52) by which a terminal copies `text`; it also works over SSH. */
export function clipboardSequence(text: string): string {
  return `\u001b]52;c;${Buffer.from(text).toString("base64")}\u0007`;
}
