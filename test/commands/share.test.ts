import { resolve } from "node:path";
import { expect, test } from "vitest";
import { run } from "../../source/commands/share.ts";
import type { DisplayText } from "../../source/control/contract.ts";
import { sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";

const row = transferRow("new.iso", { state: "seeding" });

test("--json says the name of the torrent, also when the answer comes before the snapshot", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  engine.answer = () => {
    setTimeout(() => engine.show({ ...sampleSnapshot(), transfers: [row] }), 20);
    return { ok: true, text: "new.iso: seeding." as DisplayText, infoHash: row.infoHash };
  };
  expect(await run(["some/new.iso"], optionsOf(home, { json: true }))).toBe(0);
  expect(JSON.parse(heard.out)).toEqual({ event: "seeding", infoHash: row.infoHash, name: "new.iso", port: 6881 });
  expect(engine.commands).toEqual([{ method: "share", path: resolve("some/new.iso") }]);
});

test("what cannot be shared is told, exits 1 and keeps nothing else from being shared", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  engine.answer = (command) =>
    command.method === "share" && command.path === resolve("a")
      ? { ok: false, code: "file-problem", text: "There is no file a." as DisplayText }
      : { ok: true, text: "Sharing b." as DisplayText, infoHash: row.infoHash };
  expect(await run(["a", "b"], optionsOf(home))).toBe(1);
  expect(heard).toMatchObject({ err: "sta: There is no file a.\n", out: "Sharing b.\n" });
});

test("where nothing can be shared nobody waits, and an engine that is gone is told of once", async () => {
  const heard = listen();
  const { home, engine } = await startScriptedEngine();
  engine.answer = () => ({ ok: false, code: "engine-gone", text: "The engine is gone." as DisplayText });
  expect(await run(["a", "b"], optionsOf(home))).toBe(1);
  expect(heard.err).toBe("sta: The engine is gone.\n");
});

test("a tracker that is not there is told of", async () => {
  const heard = listen();
  const sample = sampleSnapshot();
  const trackers = [{ ...sample.trackers[0]!, state: "waiting" as const, problem: "nobody listens" as DisplayText }];
  const { home, engine } = await startScriptedEngine({ ...sample, trackers, transfers: [row] });
  engine.answer = () => ({ ok: true, text: "seeding" as DisplayText, infoHash: row.infoHash });
  expect(await run(["a"], optionsOf(home))).toBe(0);
  expect(heard.err).toContain("10.0.0.5:5000 is not there: nobody listens");
});
