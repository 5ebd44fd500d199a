// When an engine asks the router of its machine, which has none for a loopback address: nothing leaves.
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Command } from "../../source/control/contract.ts";
import { writeFileOf } from "../helpers/files.ts";
import { share, startEngine, type TestEngine } from "./support.ts";

const stateOf = ({ engine }: TestEngine) => engine.doctor().portMapping?.state;

async function send({ engine }: TestEngine, command: Command) {
  expect(await engine.send(command)).toMatchObject({ ok: true });
}

test("the router is asked while a transfer goes on, and what came of it is told once", async () => {
  const on = await startEngine({ portMapping: true });
  expect(stateOf(on)).toBe("idle");
  await writeFileOf(join(on.folder, "file.bin"), 10_000, "port mapping");
  const infoHash = await share(on, join(on.folder, "file.bin"));
  await vi.waitFor(() => expect(stateOf(on)).toBe("failed"), { timeout: 5_000 });
  const { port } = on.engine;
  expect(on.engine.doctor().portMapping).toEqual({
    state: "failed",
    router: null,
    way: null,
    ports: [],
    problem: "this machine knows no router",
  });
  await send(on, { method: "pause", infoHash });
  await vi.waitFor(() => expect(stateOf(on)).toBe("idle"), { timeout: 5_000 });
  await send(on, { method: "resume", infoHash });
  await vi.waitFor(() => expect(stateOf(on)).toBe("failed"), { timeout: 5_000 });
  expect(on.events.filter(({ event }) => event === "problem")).toEqual([
    {
      event: "problem",
      text: `Port ${port} is not forwarded to this machine: this machine knows no router. Forward it by hand, or peers that cannot be dialled stay away; --no-port-mapping asks no more.`,
    },
  ]);
  expect(on.engine.getSnapshot().engine.forwarding).toBeNull();
});

test("an engine that is not to ask asks nobody", async () => {
  const off = await startEngine();
  expect(off.engine.doctor().portMapping).toBeNull();
  expect(off.engine.getSnapshot().engine.forwarding).toBeNull();
});
