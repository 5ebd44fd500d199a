// The footer: what the keyboard does here, as far as it fits.
import { columnsOf, left } from "../format/columns.ts";
import { KEYMAP, keyLabel, type Binding } from "../keymap.ts";
import type { Theme } from "../theme.ts";
import { offeredTransfer } from "../transfer-actions.ts";
import { contextOf, type Message, type ViewState } from "../view-state.ts";

/** Hints of the current context in `width` columns; the last two (help and leaving, as a rule) always stay. */
export function drawHints(state: ViewState, width: number, theme: Theme): string {
  const context = contextOf(state);
  const hints = KEYMAP.filter(
    ({ hint, hintIn, contexts }) => hint !== undefined && (hintIn ?? contexts).includes(context),
  ).map((binding) => hintOf(binding, state, width));
  let shown = hints;
  while (shown.length > 2 && widthOf(shown) > width) shown = [...shown.slice(0, -3), ...shown.slice(-2)];
  const text = shown.map(({ key, says }) => `${theme.accent(key)} ${says}`).join("  ");
  return ` ${text}${" ".repeat(Math.max(0, width - 1 - columnsOf(text)))}`;
}

function hintOf({ keys, action, hint }: Binding, state: ViewState, width: number): { key: string; says: string } {
  const { quitLabel } = state.settings;
  const leave = width < 100 ? quitLabel.replace(/ \(.*\)$/, "") : quitLabel;
  const opens = action === "enter" && contextOf(state) === "available" && offeredTransfer(state) !== undefined;
  const says = action === "leave" ? leave : opens ? "details" : hint!;
  return { key: keyLabel(keys[0]!, state.settings.ascii), says };
}

function widthOf(hints: readonly { key: string; says: string }[]): number {
  return 1 + hints.reduce((sum, { key, says }) => sum + columnsOf(key) + columnsOf(says) + 3, 0);
}

/** The lines of a message in `width` columns, its sign before the first. */
export function drawMessage(lines: readonly string[], level: Message["level"], width: number, theme: Theme): string[] {
  const { glyphs } = theme;
  const sign = level === "warning" ? glyphs.problem : glyphs.have;
  const paint = level === "warning" ? theme.bad : theme.good;
  return lines.map((line, index) => paint(left(` ${index === 0 ? sign : " "} ${line}`, width, glyphs.ellipsis)));
}
