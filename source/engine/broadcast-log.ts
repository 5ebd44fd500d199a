// BroadcastLog: what the trackers and our own transfers said, the last 500 lines.
import type { BroadcastRow } from "../control/contract.ts";
import { displayText } from "../protocol/display-text.ts";
import { MAX_BROADCASTS } from "./limits.ts";

export class BroadcastLog {
  #rows: readonly BroadcastRow[] = [];
  #seq = 0;

  get rows(): readonly BroadcastRow[] {
    return this.#rows;
  }

  /** `text` may be foreign; `at` is wall time. */
  add(kind: BroadcastRow["kind"], text: string, at: number): BroadcastRow {
    const row: BroadcastRow = { seq: ++this.#seq, at, kind, text: displayText(text) };
    this.#rows = [...this.#rows.slice(-(MAX_BROADCASTS - 1)), row];
    return row;
  }
}
