// How much room there is for what: the footer and alerts take lines from the panes.
import { wrapped } from "./format/columns.ts";
import { isPane, layOut, listHeight, type Layout } from "./layout.ts";
import type { ListName } from "./lists.ts";
import { tabListHeight } from "./tabs.ts";
import { glyphsOf } from "./theme.ts";
import type { ViewState } from "./view-state.ts";

/** Lines that the status line, alerts and footer take: the hints give way to a message, a line being typed has a note below it. */
export function takenRows(state: ViewState): number {
  const prompt = state.prompt === null ? 0 : 2;
  const footer = prompt + messageLines(state).length;
  return 1 + alertLines(state).length + Math.max(1, footer);
}

/** The message, in lines that fit behind its sign. */
export function messageLines(state: ViewState): readonly string[] {
  return state.message === null ? [] : fitting(state.message.text, 3, state);
}

/** The first of the engine's alerts, and how many there are more. */
export function alertLines(state: ViewState): readonly string[] {
  const [first, ...others] = state.snapshot.engine.alerts;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return first === undefined ? [] : fitting(first + more, 2, state);
}

function fitting(text: string, most: number, { columns, rows, settings }: ViewState): readonly string[] {
  return wrapped(text, columns - SIGN, rows < ROOMY_ROWS ? 1 : most, glyphsOf(settings.ascii).ellipsis);
}

/** On fewer rows than these the panes need each of them: an alert and a message have one. */
const ROOMY_ROWS = 20;

/** Columns before a message: its sign, between spaces. */
const SIGN = 3;

/** Where things stand on the screen now. */
export function layoutOf(state: ViewState): Layout {
  return layOut(state.columns, state.rows, takenRows(state), state.zoomed);
}

/** Rows of a list that can be seen at once. */
export function heightOf(state: ViewState, list: ListName): number {
  const layout = layoutOf(state);
  return isPane(list) ? listHeight(list, layout.panes[list]) : tabListHeight(list, layout.main.height);
}
