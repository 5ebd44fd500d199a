import { expect, onTestFinished, test } from "vitest";
import { Lab, until } from "../helpers/processes.ts";
import { startScriptedEngine } from "./support.ts";

const OWN = ["daemon", "--json", "--host", "127.0.0.1", "--port", "0"];

test.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s ends an engine whose input stays open", async (signal) => {
  const lab = await Lab.open(onTestFinished);
  const daemon = lab.sta("home", [...OWN, "--until-stdin-ends"]);
  await daemon.json("listening");
  daemon.child.kill(signal);
  expect(await daemon.end(4_000)).toEqual({ code: 0, signal: null });
});

test("the end of its input ends an engine that was told so", async () => {
  const lab = await Lab.open(onTestFinished);
  const daemon = lab.sta("home", [...OWN, "--until-stdin-ends"]);
  await daemon.json("listening");
  daemon.child.stdin!.end();
  expect(await daemon.end(4_000)).toEqual({ code: 0, signal: null });
});

test.for(["share", "get"])("one Ctrl-C ends %s while the engine has not answered", async (name) => {
  const lab = await Lab.open(onTestFinished);
  const { home, engine } = await startScriptedEngine();
  engine.answer = () => new Promise(() => undefined);
  const command = lab.sta("home", [name, "a"], { env: { STA_HOME: home } });
  await until("the command", () => engine.commands[0]);
  command.child.kill("SIGINT");
  expect(await command.end(4_000)).toEqual({ code: 130, signal: null });
  expect(command.stderr).toMatch(/^sta: Interrupted[^\n]*\n$/);
});
