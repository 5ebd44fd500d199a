// What the doctor finds of trackers: whether they answer, and whether peers can dial the engine.
import { expect, test } from "vitest";
import { startTracker } from "../tracker/support.ts";
import { type TestEngine, startEngine, until } from "./support.ts";

/** What its one tracker found, once it has said so. */
function reachable({ engine }: TestEngine): Promise<boolean> {
  return new Promise((resolve) => {
    const look = () => {
      const found = engine.getSnapshot().trackers[0]?.reachable;
      if (found !== undefined) resolve(found);
    };
    engine.subscribe(look);
    look();
  });
}

/** What doctor finds, but for a machine that is busy with other tests. */
function findings({ engine }: TestEngine): string[] {
  return engine.doctor().findings.filter((text) => !text.includes("was late by"));
}

test("an engine that takes peers is reachable, and has nothing to complain of", async () => {
  const tracker = await startTracker({ probe: true });
  const one = await startEngine({ trackers: [{ host: "127.0.0.1", port: tracker.port }] });
  expect(await reachable(one)).toBe(true);
  expect(findings(one)).toEqual([]);
});

test("one that cannot be dialled where it comes from says so, and what helps", async () => {
  const tracker = await startTracker({ probe: true });
  const one = await startEngine({ host: "127.0.0.9", trackers: [{ host: "127.0.0.1", port: tracker.port }] });
  expect(await reachable(one)).toBe(false);
  expect(findings(one)).toEqual([
    expect.stringMatching(/^The tracker 127\.0\.0\.1:\d+ cannot dial TCP port \d+ here: /),
  ]);
});

test("a tracker that does not answer is among what the doctor finds", async () => {
  const one = await startEngine({ trackers: [{ host: "127.0.0.1", port: 9 }] });
  await until(one, ({ trackers }) => trackers[0]?.problem != null);
  expect(findings(one)).toEqual(["The tracker 127.0.0.1:9 is of no use now: no tracker answers at 127.0.0.1:9."]);
});
