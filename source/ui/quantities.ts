// Quantities as people type them.

/** `500k`, `1.5MB`, `2MiB/s` as bytes (or bytes a second); null when it is none. */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?(?:\/s)?$/i.exec(text);
  if (match === null) return null;
  const power = ["", "k", "m", "g"].indexOf(match[2]!.toLowerCase());
  return Math.round(Number(match[1]) * (match[3] === "" ? 1000 : 1024) ** power);
}

/** `90`, `90s`, `30m`, `2h`, `1d` as seconds; null when it is none. */
export function parseSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/i.exec(text);
  if (match === null) return null;
  const factor = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2]!.toLowerCase()]!;
  return Math.round(Number(match[1]) * factor);
}
