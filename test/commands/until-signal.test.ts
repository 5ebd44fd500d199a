import { expect, onTestFinished, test } from "vitest";
import { Lab, until } from "../helpers/processes.ts";
import { displayText } from "../../source/protocol/display-text.ts";
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

const CUT_SHORT = [
  ["share", "SIGINT", 130],
  ["get", "SIGINT", 130],
  ["share", "SIGTERM", 143],
  ["get", "SIGTERM", 143],
  ["get", "SIGHUP", 129],
] as const;

test.for(CUT_SHORT)(
  "one signal ends %s while the engine has not answered (%s: exit code %i)",
  async ([name, signal, code]) => {
    const lab = await Lab.open(onTestFinished);
    const { home, engine } = await startScriptedEngine();
    engine.answer = () => new Promise(() => undefined);
    const command = lab.sta("home", [name, "a"], { env: { STA_HOME: home } });
    await until("the command", () => engine.commands[0]);
    command.child.kill(signal);
    expect(await command.end(4_000)).toEqual({ code, signal: null });
    expect(command.stderr).toMatch(/^sta: Interrupted[^\n]*\n$/);
  },
);

test.for([
  ["get", "SIGTERM", 143],
  ["check", "SIGHUP", 129],
] as const)("%s that waits for its end says by which signal it was cut short (%s)", async ([name, signal, code]) => {
  const lab = await Lab.open(onTestFinished);
  const { home, engine } = await startScriptedEngine();
  const [row] = engine.getSnapshot().transfers;
  engine.change((snapshot) => ({ ...snapshot, transfers: [{ ...row!, state: "checking" }] }));
  engine.answer = () => ({ ok: true, text: displayText("On its way."), infoHash: row!.infoHash });
  const command = lab.sta("home", [name, row!.name], { env: { STA_HOME: home } });
  await until("the wait", () => command.stderr.includes("On its way.") || undefined);
  command.child.kill(signal);
  expect(await command.end(4_000)).toEqual({ code, signal: null });
});
