import { expect, test } from "vitest";
import { sendWhenTrackersAnswer, trackerProblem, untilSnapshot } from "../../source/commands/follow.ts";
import type { DisplayText, Reply, Snapshot } from "../../source/control/contract.ts";
import { emptySnapshot } from "../helpers/scripted-client.ts";
import { ScriptedEngine } from "../control/support.ts";

const NOT_FOUND: Reply = { ok: false, code: "not-found", text: "nothing" as DisplayText };
const DONE: Reply = { ok: true, text: "done" as DisplayText };

function withTracker(state: Snapshot["trackers"][number]["state"], problem: string | null = null): Snapshot {
  const empty = emptySnapshot();
  return { ...empty, trackers: [{ ...empty.trackers[0]!, state, problem: problem as DisplayText | null }] };
}

test("a value that is there already is taken at once", async () => {
  const engine = new ScriptedEngine(emptySnapshot());
  expect(await untilSnapshot(engine, ({ engine: { pid } }) => pid)).toBe(4711);
});

test("a value is waited for until a signal ends it", async () => {
  const engine = new ScriptedEngine(emptySnapshot());
  const abort = new AbortController();
  const waiting = untilSnapshot(engine, ({ trackers }) => (trackers.length === 0 ? true : undefined), abort.signal);
  engine.change((before) => ({ ...before, transfers: [] }));
  abort.abort();
  expect(await waiting).toBeUndefined();
  expect(await untilSnapshot(engine, () => 1, abort.signal)).toBeUndefined();
});

test("an answer that depends on the catalogue is asked for again when a tracker comes", async () => {
  const engine = new ScriptedEngine(withTracker("connecting"));
  let asked = 0;
  const reply = sendWhenTrackersAnswer(engine, async () => (++asked === 1 ? NOT_FOUND : DONE));
  await Promise.resolve();
  engine.show(withTracker("connected"));
  expect(await reply).toBe(DONE);
  expect(asked).toBe(2);
});

test("an engine that goes while a tracker is awaited is told of at once", { timeout: 4000 }, async () => {
  const engine = new ScriptedEngine(withTracker("connecting"));
  const gone: Reply = { ok: false, code: "engine-gone", text: "gone" as DisplayText };
  const replies = [NOT_FOUND, gone];
  const reply = sendWhenTrackersAnswer(engine, async () => replies.shift()!);
  await Promise.resolve();
  engine.change((before) => ({ ...before, engine: { ...before.engine, state: "gone" } }));
  expect(await reply).toBe(gone);
});

test.for([
  ["connected", ""],
  ["waiting", " The tracker 10.0.0.5:5000 is not there."],
  ["refused", " The tracker 10.0.0.5:5000 is not there."],
] as const)("with a tracker that is %s, no is no", async ([state, why]) => {
  const engine = new ScriptedEngine(withTracker(state));
  let asked = 0;
  const reply = await sendWhenTrackersAnswer(engine, async () => (asked++, NOT_FOUND));
  expect(reply).toEqual({ ...NOT_FOUND, text: NOT_FOUND.text + why });
  expect(asked).toBe(1);
});

test("other refusals are not asked again", async () => {
  const engine = new ScriptedEngine(withTracker("connecting"));
  const refusal: Reply = { ok: false, code: "file-problem", text: "full" as DisplayText };
  expect(await sendWhenTrackersAnswer(engine, async () => refusal)).toBe(refusal);
});

test("trackers that are not there are named with why", () => {
  expect(trackerProblem(withTracker("connected"))).toBeUndefined();
  expect(trackerProblem(withTracker("waiting", "nobody listens"))).toContain(
    "10.0.0.5:5000 is not there: nobody listens",
  );
});
