// How far a download is, in one line that is drawn over itself.
import type { TransferRow } from "../control/contract.ts";
import { bytesText } from "../engine/transfer-summary.ts";
import { countText } from "../protocol/count-text.ts";
import { columnsAtMost } from "../protocol/display-text.ts";

/** In at most `columns`: a line that wraps is not drawn over. The name gives way to what changes. */
export function progressLine(row: TransferRow, columns: number): string {
  const percent = Math.floor((row.wantedHeldBytes / Math.max(1, row.wantedBytes)) * 100);
  const rate = `${bytesText(row.downBytesPerSecond)}/s from ${countText(row.peers.length, "peer")}`;
  const left = row.secondsLeft === null ? "" : `, ${row.secondsLeft} s left`;
  const says = `: ${percent} %, ${row.state === "downloading" ? rate + left : row.reason || row.state}`;
  return begun(begun(row.name, Math.max(12, columns - columnsAtMost(says))) + says, columns);
}

/** As much of the text as fits. */
function begun(text: string, columns: number): string {
  if (columnsAtMost(text) <= columns) return text;
  const letters = Array.from(text);
  while (columnsAtMost(letters.join("")) >= columns) letters.pop();
  return `${letters.join("")}…`;
}
