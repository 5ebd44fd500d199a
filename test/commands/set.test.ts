import { expect, test } from "vitest";
import { run } from "../../source/commands/set.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { fileRow } from "../helpers/scripted-client.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";

const TO_SET = [
  ["2,4", ["off", "normal", "normal"]],
  ["all", ["normal", "normal", "normal"]],
] as const;

test.each(TO_SET)("--files %s is of the files that there are, whatever their numbers", async (files, priorities) => {
  listen();
  const { home, engine } = await startScriptedEngine();
  const rows = [0, 2, 4].map((index) => fileRow(index, `file ${index}`, 1, 0));
  engine.answer = () => ({ ok: true, text: displayText("Done."), files: rows });
  expect(await run(["video.mkv"], optionsOf(home, { files }))).toBe(0);
  const changed = rows.map(({ index }, at) => ({ index, priority: priorities[at] }));
  expect(engine.commands).toMatchObject([{ method: "files" }, { method: "set-files", files: changed }]);
});

test("what is not of files asks for none", async () => {
  listen();
  const { home, engine } = await startScriptedEngine();
  expect(await run(["video.mkv"], optionsOf(home, { filesFirst: "1" }))).toBe(0);
  expect(engine.commands).toMatchObject([{ method: "set-files", files: [{ index: 1, priority: "high" }] }]);
});
