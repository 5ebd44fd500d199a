import { expect, test } from "vitest";
import { run } from "../../source/commands/completion.ts";
import { COMMANDS } from "../../source/commands/table.ts";
import { UsageError } from "../../source/commands/usage-error.ts";
import { listen, optionsOf, startScriptedEngine, temporaryHome } from "./support.ts";

test.for(["bash", "zsh", "fish"])("%s is given a script that asks sta", async (shell) => {
  const heard = listen();
  expect(await run([shell], optionsOf(await temporaryHome()), COMMANDS)).toBe(0);
  expect(heard.out).toContain(`sta completion ${shell} -- `);
});

test.for(["", "tcsh", "constructor"])("%j is no shell that it knows", async (shell) => {
  await expect(run([shell], optionsOf(await temporaryHome()), COMMANDS)).rejects.toThrow(UsageError);
});

test("names are those of the engine that runs, and words of bash come as they were typed", async () => {
  const { home, engine } = await startScriptedEngine();
  const [first] = engine.getSnapshot().transfers;
  const typed = first!.name.slice(0, 3).replaceAll(" ", "\\ ");
  const heard = listen();
  expect(await run(["bash", "check", typed], optionsOf(home), COMMANDS)).toBe(0);
  expect(heard.out.split("\n")).toContain(first!.name);
});

test("without an engine, commands and options are completed all the same", async () => {
  const heard = listen();
  const options = optionsOf(await temporaryHome());
  await run(["zsh", "pau"], options, COMMANDS);
  await run(["zsh", "check", ""], options, COMMANDS);
  expect(heard.out).toBe("pause\n");
});
