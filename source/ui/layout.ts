// Where things stand on the screen.

export type PaneName = "available" | "transfers" | "broadcasts";

export const PANE_NAMES: readonly PaneName[] = ["available", "transfers", "broadcasts"];

export function isPane(list: string): list is PaneName {
  return (PANE_NAMES as readonly string[]).includes(list);
}

export const SMALLEST_COLUMNS = 60;
export const SMALLEST_ROWS = 15;

/** From here on Available and Broadcasts stand side by side. */
const WIDE_COLUMNS = 100;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Sizes with their frames. `wide`: Available beside Broadcasts, Transfers below. `tall`: all three one below the other.
 * `single`: one pane has all. `small`: the terminal is too small for anything but to say so.
 */
export interface Layout {
  readonly arrangement: "wide" | "tall" | "single" | "small";
  /** All there is between the status line and the footer. */
  readonly main: Size;
  readonly panes: Readonly<Record<PaneName, Size>>;
}

/** Shares the screen out, `taken` rows of which belong to the status line, alerts and the footer. */
export function layOut(columns: number, rows: number, taken: number, zoomed: boolean): Layout {
  const main = { width: columns, height: Math.max(0, rows - taken) };
  const panes = { available: main, transfers: main, broadcasts: main };
  if (columns < SMALLEST_COLUMNS || rows < SMALLEST_ROWS) return { arrangement: "small", main, panes };
  if (zoomed) return { arrangement: "single", main, panes };
  if (columns >= WIDE_COLUMNS) {
    const upper = Math.max(5, Math.round(main.height * 0.38));
    const leftWidth = Math.round(columns * 0.5);
    return {
      arrangement: "wide",
      main,
      panes: {
        available: { width: leftWidth, height: upper },
        broadcasts: { width: columns - leftWidth, height: upper },
        transfers: { width: columns, height: main.height - upper },
      },
    };
  }
  const upper = Math.max(4, Math.round(main.height * 0.34));
  const lower = Math.max(3, Math.round(main.height * 0.24));
  return {
    arrangement: "tall",
    main,
    panes: {
      available: { width: columns, height: upper },
      transfers: { width: columns, height: main.height - upper - lower },
      broadcasts: { width: columns, height: lower },
    },
  };
}

/** Rows that a list of the pane can show: without its frame, and Available's headings. */
export function listHeight(pane: PaneName, size: Size): number {
  return Math.max(1, size.height - 2 - (pane === "available" ? 1 : 0));
}
