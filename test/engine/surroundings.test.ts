import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Surroundings } from "../../source/engine/surroundings.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

async function surroundingsWith(options: object) {
  const told: string[] = [];
  const made = new Surroundings({
    options: { version: "0.1.0", host: "127.0.0.1", ...options },
    port: () => 6881,
    dhtFile: join(await temporaryFolder(), "dht"),
    tell: (_kind, text) => void told.push(text),
    forwardingChanged: () => undefined,
  });
  onTestFinished(() => made.close());
  return { made, told };
}

test("what nobody wants is not there, and does nothing", async () => {
  const { made, told } = await surroundingsWith({});
  made.forwardPorts(true);
  made.woke();
  expect(made.figures()).toEqual({ dht: null, lan: null, portMapping: null });
  expect([made.dht, made.lan, made.forwarding, made.problem, told]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    [],
  ]);
  await made.close();
});

test("all of it is idle until there is something to do", async () => {
  const { made, told } = await surroundingsWith({ dht: { nodes: [] }, lan: true, portMapping: true });
  made.forwardPorts(false);
  expect(made.figures()).toMatchObject({
    dht: { torrents: 0 },
    lan: { state: "idle" },
    portMapping: { state: "idle", ports: [] },
  });
  expect([made.forwarding, told]).toEqual([undefined, []]);
});
