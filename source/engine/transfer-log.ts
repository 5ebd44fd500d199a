// TransferLog: what happened to one transfer, the last 100 lines.
import type { LogRow } from "../control/contract.ts";
import { displayText } from "../protocol/display-text.ts";
import { MAX_LOG_LINES } from "./limits.ts";
import { bytesText } from "./transfer-summary.ts";
import type { TransferEvent } from "./transfer.ts";
import { countText } from "../protocol/count-text.ts";

export class TransferLog {
  #rows: readonly LogRow[] = [];
  #seq = 0;

  get rows(): readonly LogRow[] {
    return this.#rows;
  }

  /** `text` may be foreign; `at` is wall time. */
  add(text: string, at: number): void {
    this.#rows = [...this.#rows.slice(1 - MAX_LOG_LINES), { seq: ++this.#seq, at, text: displayText(text) }];
  }
}

/** What a transfer's event is in its log; undefined: not worth a line. */
export function logLine(event: TransferEvent): string | undefined {
  switch (event.type) {
    case "note":
      return event.text;
    case "problem":
      return event.error.message;
    case "pieces-lost":
      if (event.lost === 0) return "checked: all that was held is right";
      return `checked: ${event.lost === 1 ? "1 piece is" : `${event.lost} pieces are`} lost`;
    case "completed":
      return `complete: ${bytesText(event.bytes)} in ${event.seconds.toFixed(1)} s from ${countText(event.peers, "peer")}`;
    case "gift":
      return event.direction === "given"
        ? `${event.peer} took piece ${event.index}`
        : `${event.peer} gave us piece ${event.index}`;
    case "piece-held":
    case "mode-changed":
    case "changed":
      return undefined;
    default:
      return event satisfies never;
  }
}
