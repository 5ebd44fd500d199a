// A monkey at the keyboard: keys, pastes, sizes, snapshots and answers at random. Whatever comes, a frame can be drawn, fits the terminal
// and says nothing of a row that is not there. A failure names the seed and the last events. STA_LONG=1: more seeds, longer.
import { expect, test } from "vitest";
import type { Command, Reply, Snapshot } from "../../source/control/contract.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { columnsOf } from "../../source/ui/format/columns.ts";
import { initialState } from "../../source/ui/initial-state.ts";
import { KEYMAP } from "../../source/ui/keymap.ts";
import { PANE_NAMES } from "../../source/ui/layout.ts";
import { layoutOf, takenRows } from "../../source/ui/room.ts";
import { drawScreen, type MainArea, type Screen } from "../../source/ui/screen.ts";
import { createTheme } from "../../source/ui/theme.ts";
import { update } from "../../source/ui/update.ts";
import { contextOf, openList, type ViewEvent, type ViewState } from "../../source/ui/view-state.ts";
import { emptySnapshot, inspectedTorrent, sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";
import { seededRandom } from "../helpers/simulation.ts";
import { HOSTILE_NAMES, hostileSnapshot } from "./hostile-names.ts";

const [SEEDS, STEPS] = process.env["STA_LONG"] ? [40, 1_500] : [8, 250];
const KEYS = [...new Set(KEYMAP.flatMap(({ keys }) => keys)), "ü", "%", "f5", "ctrl-y"].filter(
  // What leaves ends the run.
  (key) => key !== "ctrl-c",
);
const TEXTS = [
  "",
  "size>1G & (",
  "mkv",
  '"',
  ":",
  "limit-up 1M",
  "ratio x",
  "/nowhere/x.torrent",
  "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567",
  "10.0.0.5:5000",
  "two\nlines",
  ...HOSTILE_NAMES,
];

function run(seed: number, ascii: boolean): void {
  const random = seededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const theme = createTheme("terminal", ascii);
  const settings = { ascii, lowBandwidth: false, places: { home: "/home/ann", folder: "/work" }, quitLabel: "leave" };
  let state = initialState(emptySnapshot(), 80, 24, settings);
  let asked: { command: Command; generation: number | null }[] = [];
  const events: ViewEvent[] = [];
  const some = <Row>(rows: readonly Row[]): readonly Row[] => rows.filter(() => random() < 0.7);

  const snapshot = (): Snapshot => {
    const from = pick([sampleSnapshot(), hostileSnapshot(), emptySnapshot()]);
    const transfers = some(from.transfers).map((row) => ({ ...row, peers: some(row.peers), log: some(row.log) }));
    const many = random() < 0.1 ? Array.from({ length: 200 }, (_, i) => transferRow(`file ${i}`)) : [];
    return {
      ...from,
      catalogue: some(from.catalogue),
      transfers: [...transfers, ...many],
      broadcasts: some(from.broadcasts),
      trackers: some(from.trackers),
      engine: { ...from.engine, state: pick(["running", "running", "gone"]) },
    };
  };
  const answer = ({ method }: Command): Reply => {
    const text = displayText(`${method}: ${pick(TEXTS)}.`);
    if (random() < 0.3) return { ok: false, code: "failed", text };
    const { infoHash = "0".repeat(40), files = [] } = state.snapshot.transfers[0] ?? {};
    const paths = [displayText("/work/a"), displayText("/work/b/")];
    return { ok: true, text, infoHash, paths, files, ...(random() < 0.9 && { torrent: inspectedTorrent() }) };
  };
  const next = (): ViewEvent => {
    const chance = random();
    if (chance < 0.72) return { type: "key", key: pick(KEYS) };
    if (chance < 0.78) return { type: "snapshot", snapshot: snapshot() };
    if (chance < 0.82) return { type: "typed", text: displayText(pick(TEXTS)) };
    if (chance < 0.85) return { type: "pasted", text: pick(TEXTS) };
    if (chance < 0.88)
      return { type: "resized", columns: Math.floor(1 + random() * 200), rows: Math.floor(1 + random() * 60) };
    if (chance < 0.9) return { type: "message-expired", id: state.message?.id ?? 0 };
    const waiting = asked.shift();
    if (!waiting) return { type: "key", key: "escape" };
    const { command, generation } = waiting;
    return { type: "replied", command, generation, reply: answer(command) };
  };

  for (let step = 0; step < STEPS; step++) {
    const event = next();
    events.push(event);
    try {
      const change = update(state, event);
      state = change.state;
      for (const effect of change.effects) if (effect.type === "send") asked.push(effect);
      asked = asked.slice(-20);
      requireFit(state, drawScreen(state, theme));
    } catch (error) {
      const last = events.slice(-12).map((one) => JSON.stringify(one).slice(0, 200));
      throw new Error(`seed ${seed}, step ${step}:\n${last.join("\n")}`, { cause: error });
    }
  }
}

function requireFit(state: ViewState, screen: Screen): void {
  const { columns } = state;
  const { arrangement, main, panes } = layoutOf(state);
  for (const line of [...linesOf(screen.main), ...(screen.overlay?.lines ?? [])])
    expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
  if (arrangement === "small") return;
  const { alert, message, hints, prompt, overlay } = screen;
  for (const line of [...alert, ...message, hints ?? "", prompt?.note ?? ""])
    expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
  expect(1 + alert.length + message.length + (hints === null ? 0 : 1) + (prompt === null ? 0 : 2)).toBe(
    takenRows(state),
  );
  expect(main.height + takenRows(state)).toBe(state.rows);
  if (screen.main.type === "one") expect(screen.main.lines).toHaveLength(main.height);
  if (screen.main.type === "panes")
    for (const pane of PANE_NAMES) expect(screen.main.panes[pane], pane).toHaveLength(panes[pane].height);
  expect((overlay?.top ?? 0) + (overlay?.lines.length ?? 0)).toBeLessThanOrEqual(state.rows);
  const list = openList(state);
  if (list === null) return;
  const { index, key } = state.positions[list];
  const shown = state.lists[list];
  expect(index).toBeLessThan(Math.max(1, shown.length));
  expect(key).toBe(shown[index]?.key ?? null);
  expect(contextOf(state)).toBeDefined();
}

function linesOf(main: MainArea): readonly string[] {
  return main.type === "one" ? main.lines : Object.values(main.panes).flat();
}

test.each(Array.from({ length: SEEDS }, (_, seed) => [seed + 1]))(
  "whatever a monkey types, a frame fits (%i)",
  (seed) => {
    run(seed, seed % 4 === 0);
  },
);
