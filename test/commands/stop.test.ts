import { expect, test } from "vitest";
import { run } from "../../source/commands/stop.ts";
import type { DisplayText } from "../../source/control/contract.ts";
import { listen, optionsOf, startScriptedEngine, temporaryHome } from "./support.ts";

test("it waits until the engine has gone", async () => {
  const heard = listen();
  const { home, engine, server } = await startScriptedEngine();
  engine.answer = () => {
    setTimeout(() => void server.close(), 20);
    return { ok: true, text: "stopping" as DisplayText };
  };
  expect(await run([], optionsOf(home))).toBe(0);
  expect(engine.commands).toEqual([{ method: "stop" }]);
  expect(heard.out).toBe("The engine has stopped.\n");
});

test("no engine is no fault", async () => {
  const heard = listen();
  expect(await run([], optionsOf(await temporaryHome()))).toBe(0);
  expect(heard.out).toBe("No engine is running.\n");
});
