// Quantities as people type them: on the command line, in the viewer's lines, in filters. One meaning everywhere, that of what is shown.

/**
 * `500k`, `1.5MB`, `2 MiB/s`, `0` as bytes (or bytes a second), in any case; null when it is none. As in what is shown, k, M, G and T are
 * powers of 1000; Ki, Mi, Gi and Ti are powers of 1024.
 */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?(?:\/s)?$/i.exec(text.trim());
  if (match === null) return null;
  const [, number, letter = "", binary] = match;
  const power = ["", "k", "m", "g", "t"].indexOf(letter.toLowerCase());
  return whole(Number(number) * (binary ? 1_024 : 1_000) ** power);
}

const SECONDS: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90`, `90s`, `30m`, `2h`, `1.5d` as seconds, in any case; null when it is none. */
export function parseSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/i.exec(text.trim());
  return match === null ? null : whole(Number(match[1]) * SECONDS[match[2]!.toLowerCase()]!);
}

/** Null beyond what can be counted. */
function whole(number: number): number | null {
  const rounded = Math.round(number);
  return Number.isSafeInteger(rounded) ? rounded : null;
}
