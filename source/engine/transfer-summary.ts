// The line that a finished download leaves.
import { displayText, type DisplayText } from "../protocol/display-text.ts";

/** `12.1 MB`: bytes for people, in powers of 1000, three digits that count. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** `video.mkv: 12.1 MB in 1.6 s, 7.5 MB/s from 2 peers`. */
export function transferSummary(
  name: string,
  { bytes, seconds, peers }: { readonly bytes: number; readonly seconds: number; readonly peers: number },
): DisplayText {
  // Of so short a time a rate says nothing of the line.
  const pace = seconds < 0.1 ? "less than 0.1 s," : `${seconds.toFixed(1)} s, ${bytesText(bytes / seconds)}/s`;
  return displayText(`${name}: ${bytesText(bytes)} in ${pace} from ${peers} ${peers === 1 ? "peer" : "peers"}`);
}
