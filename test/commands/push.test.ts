import { expect, test } from "vitest";
import { run } from "../../source/commands/push.ts";
import type { DisplayText } from "../../source/control/contract.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";

test("it asks the running engine for as many pieces as were said", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  expect(await run(["video.mkv"], optionsOf(home, { count: 3, keep: true }))).toBe(0);
  expect(engine.commands).toEqual([{ method: "push", target: "video.mkv", count: 3, keep: true }]);
  expect(heard.out).toBe("push: done.\n");
});

test("it asks the running engine to give no more", async () => {
  const { home, engine } = await startScriptedEngine();
  listen();
  expect(await run(["video.mkv"], optionsOf(home, { stop: true }))).toBe(0);
  expect(engine.commands).toMatchObject([{ method: "push", target: "video.mkv", stop: true }]);
});

test("a refusal is told and exits 1", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  engine.answer = () => ({ ok: false, code: "not-held", text: "There is no piece of it here." as DisplayText });
  expect(await run(["a"], optionsOf(home))).toBe(1);
  expect(heard.err).toBe("sta: There is no piece of it here.\n");
});
