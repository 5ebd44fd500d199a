// Commands in this process, on a scripted engine behind a real control socket.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { type Flags, type Options, parseOptions } from "../../source/commands/options.ts";
import type { Snapshot } from "../../source/control/contract.ts";
import { ControlServer } from "../../source/control/server.ts";
import { sampleSnapshot } from "../helpers/scripted-client.ts";
import { ScriptedEngine } from "../control/support.ts";

export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "sta-commands-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

export function optionsOf(home: string, flags: Flags = {}): Options {
  return parseOptions(flags, { STA_HOME: home });
}

/** A home on which a scripted engine runs. */
export async function startScriptedEngine(snapshot: Snapshot = sampleSnapshot()) {
  const home = await temporaryHome();
  const engine = new ScriptedEngine(snapshot);
  const server = await ControlServer.listen(join(home, "control.sock"), engine);
  onTestFinished(() => server.close());
  return { home, engine, server };
}

/** What is written to stdout and stderr until the test ends. */
export function listen(): { out: string; err: string } {
  const heard = { out: "", err: "" };
  const out = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    heard.out += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    heard.err += String(text);
    return true;
  });
  onTestFinished(() => {
    out.mockRestore();
    err.mockRestore();
  });
  return heard;
}
