import { expect, test } from "vitest";
import { run } from "../../source/commands/peers.ts";
import { sampleSnapshot } from "../helpers/scripted-client.ts";
import { listen, optionsOf, startScriptedEngine } from "./support.ts";

const withPeers = sampleSnapshot().transfers.find(({ peers }) => peers.length > 1)!;

test("--json is one line a peer, with its transfer", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run([withPeers.name], optionsOf(home, { json: true }))).toBe(0);
  const lines = heard.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual(withPeers.peers.map((peer) => ({ infoHash: withPeers.infoHash, ...peer })));
});

test("each peer has its line, with what it does for us", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run([withPeers.infoHash], optionsOf(home))).toBe(0);
  const [head, ...lines] = heard.out.trim().split("\n");
  expect(head).toContain(withPeers.name);
  expect(lines).toHaveLength(withPeers.peers.length);
  for (const [i, { address, client, flags }] of withPeers.peers.entries())
    for (const part of [address, client, flags]) expect(lines[i]).toContain(part);
});

test("without a name all transfers are shown", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run([], optionsOf(home))).toBe(0);
  for (const { name } of sampleSnapshot().transfers) expect(heard.out).toContain(name);
});

test("a name that is no transfer's is said", async () => {
  const heard = listen();
  const { home } = await startScriptedEngine();
  expect(await run(["nothing.pdf"], optionsOf(home))).toBe(1);
  expect(heard.err).toBe("sta: There is no transfer nothing.pdf.\n");
});
