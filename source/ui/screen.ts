// The whole screen as ready lines: everything the components show, and nothing they would have to compute.
import type { Snapshot } from "../control/contract.ts";
import { left, toAscii, wrapped } from "./format/columns.ts";
import { type LineWindow, lineWindow } from "./format/line-window.ts";
import { PANE_NAMES, SMALLEST_COLUMNS, SMALLEST_ROWS, type Layout, type PaneName } from "./layout.ts";
import { drawAdding } from "./panes/adding.ts";
import { drawAvailable } from "./panes/available.ts";
import { drawBroadcasts } from "./panes/broadcasts.ts";
import { drawDetails } from "./panes/details.ts";
import { drawHelp } from "./panes/help.ts";
import { drawHints, drawMessage } from "./panes/hints.ts";
import { drawCandidates, drawQuestion, drawSortMenu, type Overlay } from "./panes/overlay.ts";
import { drawPromptNote, promptRoom } from "./panes/prompt-note.ts";
import { drawStatusLine, type StatusLine } from "./panes/status-line.ts";
import { drawTransfers } from "./panes/transfers.ts";
import { alertLines, layoutOf, messageLines, takenRows } from "./room.ts";
import type { Theme } from "./theme.ts";
import type { Message, PromptKind, ViewState } from "./view-state.ts";

export interface Screen {
  readonly status: StatusLine;
  readonly alert: readonly string[];
  readonly main: MainArea;
  /** Above the line being typed, or in place of the hints. */
  readonly message: readonly string[];
  readonly hints: string | null;
  readonly prompt: PromptLine | null;
  readonly overlay: Overlay | null;
}

export type MainArea =
  | { readonly type: "one"; readonly lines: readonly string[] }
  | {
      readonly type: "panes";
      readonly wide: boolean;
      /** Columns of Available, when it stands beside Broadcasts. */
      readonly leftWidth: number;
      readonly panes: Readonly<Record<PaneName, readonly string[]>>;
    };

export interface PromptLine {
  readonly label: string;
  readonly line: LineWindow;
  /** It has no cursor then. */
  readonly waiting: boolean;
  /** Below it: what it takes, or what is wrong in it, and where. */
  readonly note: string;
}

const PANES = { available: drawAvailable, transfers: drawTransfers, broadcasts: drawBroadcasts };

const LABELS: Readonly<Record<PromptKind, string>> = {
  command: ":",
  filter: "/",
  search: "/",
  add: "Add: ",
  share: "Share: ",
  folder: "Into the folder: ",
  tracker: "Tracker: ",
};

/** Draws `state`: what a terminal of its size shows, line by line. */
export function drawScreen(state: ViewState, theme: Theme): Screen {
  const { columns, rows, snapshot, prompt, message } = state;
  const drawn = {
    status: still(drawStatusLine(snapshot, columns, theme), state, theme),
    alert: drawMessage(alertLines(state), "warning", columns, theme),
    main: drawMain(state, layoutOf(state), theme),
    message: message === null ? [] : drawMessage(messageLines(state), levelOf(message, snapshot), columns, theme),
    hints: message === null && prompt === null ? drawHints(state, columns, theme) : null,
    overlay: drawOverlay(state, { width: columns, height: rows }, theme),
    note: prompt === null ? "" : drawPromptNote(state, prompt, LABELS[prompt.kind], columns, theme),
  };
  const { note, ...screen } = state.settings.ascii ? inAscii(drawn) : drawn;
  if (prompt === null) return { ...screen, prompt };
  const label = LABELS[prompt.kind];
  const line = lineWindow(prompt, promptRoom(label, columns));
  return { ...screen, prompt: { label, line, waiting: prompt.waiting, note } };
}

/** The engine takes a download that cannot go on, as when its disk is full, and says so in the same sentence. */
function levelOf({ level, infoHash }: Message, { transfers }: Snapshot): Message["level"] {
  const failed = transfers.some((row) => row.infoHash === infoHash && row.state === "error");
  return failed ? "warning" : level;
}

/** Over a slow link nothing turns: a spinner alone would be twelve frames a second. */
function still(status: StatusLine, { settings }: ViewState, { glyphs }: Theme): StatusLine {
  return settings.lowBandwidth && status.glyph === null ? { ...status, glyph: glyphs.wait } : status;
}

/** The same value with all its texts in ASCII: names come from everywhere. */
function inAscii<T>(value: T): T {
  if (typeof value === "string") return toAscii(value) as T;
  if (Array.isArray(value)) return value.map(inAscii) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, inAscii(part)])) as T;
}

function drawMain(state: ViewState, layout: Layout, theme: Theme): MainArea {
  if (layout.arrangement === "small") {
    const small = `sta needs ${SMALLEST_COLUMNS}x${SMALLEST_ROWS}, this is ${state.columns}x${state.rows}.`;
    // A question is answered here too.
    const texts = state.question?.lines ?? [small];
    const lines = texts.flatMap((text) => wrapped(text, state.columns, 3, theme.glyphs.ellipsis));
    return {
      type: "one",
      lines: Array.from({ length: layout.main.height }, (_, row) => left(lines[row] ?? "", state.columns)),
    };
  }
  if (state.help !== null)
    return { type: "one", lines: drawHelp(state.help, state.settings.ascii, layout.main, theme) };
  if (state.adding !== null) return { type: "one", lines: drawAdding(state.adding, layout.main, theme) };
  const { details } = state;
  const transfer = state.snapshot.transfers.find(({ infoHash }) => infoHash === details?.infoHash);
  if (details !== null && transfer !== undefined) {
    return { type: "one", lines: drawDetails(state, transfer, details, layout.main, theme) };
  }
  if (layout.arrangement === "single") return { type: "one", lines: PANES[state.pane](state, layout.main, theme) };
  const [available, transfers, broadcasts] = PANE_NAMES.map((pane) => PANES[pane](state, layout.panes[pane], theme));
  return {
    type: "panes",
    wide: layout.arrangement === "wide",
    leftWidth: layout.panes.available.width,
    panes: { available: available!, transfers: transfers!, broadcasts: broadcasts! },
  };
}

function drawOverlay(state: ViewState, screen: { width: number; height: number }, theme: Theme): Overlay | null {
  if (layoutOf(state).arrangement === "small") return null;
  if (state.question !== null) return drawQuestion(state.question, screen, theme);
  if (state.menu !== null) return drawSortMenu(state.menu, state.orders[state.menu.list], screen, theme);
  const candidates = state.prompt?.candidates ?? [];
  return candidates.length > 0 ? drawCandidates(candidates, screen, takenRows(state) - 1, theme) : null;
}
