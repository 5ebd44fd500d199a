// The tab of what happened to a transfer: at the newest until one scrolls.
import type { LogRow, TransferRow } from "../../control/contract.ts";
import { left } from "../format/columns.ts";
import { formatClock } from "../format/time.ts";
import type { Size } from "../layout.ts";
import type { Theme } from "../theme.ts";
import type { ViewState } from "../view-state.ts";
import { drawTabList } from "./tab-list.ts";

export function drawLogTab(state: ViewState, _transfer: TransferRow, size: Size, theme: Theme): readonly string[] {
  const draw = ({ at, text }: LogRow, width: number, rowTheme: Theme): string =>
    `${rowTheme.faint(formatClock(at))} ${left(text, width - 9, theme.glyphs.ellipsis)}`;
  return drawTabList(
    state,
    {
      tab: "log",
      height: size.height,
      width: size.width,
      draw,
      marked: !state.following.log,
      empty: "Nothing has happened yet.",
    },
    theme,
  );
}
