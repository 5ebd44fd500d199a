import { expect, onTestFinished, test } from "vitest";
import { run } from "../../source/commands/doctor.ts";
import type { EngineOptions } from "../../source/engine/engine-options.ts";
import { ControlServer } from "../../source/control/server.ts";
import { controlSocketPath } from "../../source/control/socket-path.ts";
import { startEngine } from "../engine/support.ts";
import { listen, optionsOf } from "./support.ts";

async function daemon(options: Partial<EngineOptions> = {}): Promise<string> {
  const { engine, home } = await startEngine(options);
  const server = await ControlServer.listen(controlSocketPath(home, optionsOf(home).environment), engine);
  onTestFinished(() => server.close());
  return home;
}

test("--json is one line of figures", async () => {
  const heard = listen();
  expect(await run([], optionsOf(await daemon(), { json: true }))).toBe(0);
  const { findings, ...figures } = JSON.parse(heard.out) as { findings: string[] };
  expect(figures).toMatchObject({ pid: process.pid, transfers: 0, peers: 0 });
  // Beside other tests it may be late.
  expect(findings.filter((text) => !text.startsWith("The engine was late by"))).toEqual([]);
});

test("a person reads that all is well", async () => {
  const heard = listen();
  expect(await run([], optionsOf(await daemon()))).toBe(0);
  expect(heard.out).toContain(`process ${process.pid}`);
  // Beside other tests it may be late.
  expect(heard.out.trim().split("\n").at(-1)).toMatch(/^All is well\.$|The engine was late by/);
});

test("it says whether the DHT is used", async () => {
  const heard = listen();
  expect(await run([], optionsOf(await daemon()))).toBe(0);
  expect(heard.out).toMatch(/^DHT +not used \(--no-dht\)$/m);
  expect(await run([], optionsOf(await daemon({ dht: { nodes: [] } })))).toBe(0);
  expect(heard.out).toMatch(/^DHT +nothing is looked for$/m);
});

test("it says whether the networks of this machine are told", async () => {
  const heard = listen();
  expect(await run([], optionsOf(await daemon()))).toBe(0);
  expect(heard.out).toMatch(/^LAN +not used \(--no-lan, or --host of this machine alone\)$/m);
  expect(await run([], optionsOf(await daemon({ lan: true })))).toBe(0);
  expect(heard.out).toMatch(/^LAN +nothing is looked for$/m);
});

test("it says whether the router is asked to forward the port", async () => {
  const heard = listen();
  expect(await run([], optionsOf(await daemon()))).toBe(0);
  expect(heard.out).toMatch(
    /^router +not asked to forward the port \(--no-port-mapping, or --host of this machine alone\)$/m,
  );
  expect(await run([], optionsOf(await daemon({ portMapping: true })))).toBe(0);
  expect(heard.out).toMatch(/^router +not asked yet, for no transfer goes on$/m);
});

test("without an engine it says how to start one", async () => {
  const heard = listen();
  const { home } = await startEngine();
  expect(await run([], optionsOf(home))).toBe(1);
  expect(heard.err).toContain("No engine is running");
});
