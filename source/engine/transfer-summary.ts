// The line that a finished download leaves.
import { bytesText } from "../protocol/bytes-text.ts";
import { displayText, type DisplayText } from "../protocol/display-text.ts";
import { countText } from "../protocol/count-text.ts";

export { bytesText };

/** `video.mkv: 12.1 MB in 1.6 s, 7.5 MB/s from 2 peers`. */
export function transferSummary(
  name: string,
  { bytes, seconds, peers }: { readonly bytes: number; readonly seconds: number; readonly peers: number },
): DisplayText {
  // Of so short a time a rate says nothing of the line.
  const pace = seconds < 0.1 ? "less than 0.1 s," : `${seconds.toFixed(1)} s, ${bytesText(bytes / seconds)}/s`;
  return displayText(`${name}: ${bytesText(bytes)} in ${pace} from ${countText(peers, "peer")}`);
}
