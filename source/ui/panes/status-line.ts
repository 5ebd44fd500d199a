// The line above all: which trackers, how many peers and files, how fast, how much room.
import type { Snapshot, TrackerStatus } from "../../control/contract.ts";
import { sparkline } from "../format/bars.ts";
import { formatBytes, formatRate } from "../format/bytes.ts";
import { columnsOf, cut, left, right } from "../format/columns.ts";
import { counted } from "../format/numbers.ts";
import { unreachablePort } from "../reachability.ts";
import type { Theme } from "../theme.ts";

export interface StatusLine {
  readonly before: string;
  /** What stands between: a glyph, or null for a spinner of one column, while something is awaited. */
  readonly glyph: string | null;
  readonly after: string;
}

/** The status line in `width` columns. */
export function drawStatusLine(snapshot: Snapshot, width: number, theme: Theme): StatusLine {
  const { engine } = snapshot;
  if (engine.state === "gone") {
    const text = " The engine is gone: q leaves, sta starts it again. This was seen last.";
    return {
      before: theme.bad(" sta "),
      glyph: theme.bad(theme.glyphs.problem),
      after: theme.bad(left(text, width - 6)),
    };
  }
  const room = width - 6;
  const all = trackerText(snapshot);
  const choices = figureChoices(snapshot, theme);
  const fitting = (text: string) => choices.find((choice) => columnsOf(choice) + columnsOf(text) + 3 <= room) ?? "";
  // Figures are worth more than the word before an address.
  const said = fitting(all) === "" ? all.replace(/^tracker /, "") : all;
  const figures = fitting(said);
  const text = ` ${cut(said, room - columnsOf(figures) - 2, theme.glyphs.ellipsis)}`;
  return {
    before: theme.strong(" sta "),
    glyph: glyphOf(snapshot, theme),
    after: text + " ".repeat(Math.max(1, room - columnsOf(text) - columnsOf(figures))) + figures,
  };
}

function glyphOf(snapshot: Snapshot, theme: Theme): string | null {
  const { trackers, transfers } = snapshot;
  if (trackers.some(({ state }) => state === "connecting")) return null;
  if (transfers.some(({ state }) => state === "checking")) return null;
  if (trackers.length === 0) return theme.faint(theme.glyphs.none);
  const works = trackers.every(({ state }) => state === "connected") && unreachablePort(snapshot) === null;
  return works ? theme.good(theme.glyphs.whole) : theme.bad(theme.glyphs.problem);
}

function trackerText(snapshot: Snapshot): string {
  const { engine, trackers, transfers } = snapshot;
  if (engine.state === "stopping") return "the engine is stopping";
  const checking = transfers.filter(({ state }) => state === "checking");
  const away = trackers.filter(({ state }) => state !== "connected");
  if (away.length > 0 && away.length === trackers.length) return trackerProblem(away[0]!);
  const checked = checking.length === 0 ? "" : `, checking ${counted(checking.length, "file")}`;
  if (trackers.length === 0) return `no tracker, ${counted(engine.connectedPeers, "peer")}${checked}`;
  const peers = trackers.reduce((sum, tracker) => sum + tracker.peers, 0);
  const files = trackers.reduce((sum, tracker) => sum + tracker.files, 0);
  const port = unreachablePort(snapshot);
  const all =
    port !== null
      ? `port ${port} not reachable`
      : trackers.length === 1
        ? `tracker ${trackers[0]!.address}`
        : counted(trackers.length, "tracker");
  const where =
    away.length === 0
      ? all
      : `${away[0]!.address} ${AWAY[away[0]!.state]}${away.length > 1 ? ` and ${away.length - 1} more` : ""}`;
  return `${where}  ${counted(peers, "peer")}, ${counted(files, "file")}${checked}`;
}

const AWAY: Readonly<Record<TrackerStatus["state"], string>> = {
  connecting: "connecting",
  connected: "",
  waiting: "away",
  refused: "refused",
};

function trackerProblem({ address, state, problem, retryInSeconds }: TrackerStatus): string {
  if (state === "connecting") return `tracker ${address}: connecting`;
  const what = problem ?? (state === "refused" ? `tracker ${address} refused us` : `tracker ${address} is not there`);
  const sentence = what.includes(address) ? what.replace(/\.$/, "") : `tracker ${address}: ${what.replace(/\.$/, "")}`;
  return retryInSeconds === null || /again in/.test(sentence)
    ? sentence
    : `${sentence}, trying again in ${retryInSeconds} s`;
}

/** From all there is to say down to nothing. Numbers keep their columns, so that nothing moves when they change. */
function figureChoices({ engine }: Snapshot, theme: Theme): string[] {
  const { glyphs } = theme;
  const { downLimitBytesPerSecond: downLimit, upLimitBytesPerSecond: upLimit } = engine;
  const rate = (glyph: string, bytesPerSecond: number): string => `${glyph} ${right(formatRate(bytesPerSecond), 9)}`;
  const of = (limit: number): string => (limit === 0 ? "" : ` of ${formatRate(limit)}`);
  const bareDown = rate(glyphs.down, engine.downBytesPerSecond);
  const bareUp = rate(glyphs.up, engine.upBytesPerSecond);
  const down = bareDown + of(downLimit);
  const up = bareUp + of(upLimit);
  const fewest = downLimit + upLimit === 0 ? [bareDown, ""] : [`${bareDown}  ${bareUp}  limited`];
  const spark = (history: readonly number[], width: number): string =>
    ` ${theme.accent(sparkline(history, width, glyphs))}`;
  const free = engine.freeBytes === null ? "" : `   free ${formatBytes(engine.freeBytes)}`;
  const port = `  port ${engine.port}`;
  const sparked = (width: number): string =>
    `${down}${spark(engine.downHistory, width)}  ${up}${spark(engine.upHistory, width)}`;
  const choices = [
    sparked(8) + free + port,
    sparked(5) + free + port,
    `${down}  ${up}${free}${port}`,
    `${down}  ${up}${free}`,
    `${down}  ${up}`,
    ...fewest,
  ];
  return choices.map((choice) => (choice === "" ? "" : `${choice} `));
}
