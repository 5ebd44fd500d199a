import { once } from "node:events";
import { rename } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ControlClient } from "../../source/control/client.ts";
import type { EngineEvent, Snapshot } from "../../source/control/contract.ts";
import { toLine } from "../../source/control/lines.ts";
import {
  broadcastRow,
  catalogueRow,
  emptySnapshot,
  peerRow,
  sampleSnapshot,
  transferRow,
} from "../helpers/scripted-client.ts";
import { connectClient, nextCall, startImpostor, startServer, temporaryFolder } from "./support.ts";

const HELLO = toLine({ sta: "0.1.0", protocol: 1, pid: 1 });

/** What is on its way arrives. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function changed(client: ControlClient, change: () => void): Promise<Snapshot> {
  const next = nextCall((listener) => client.subscribe(listener));
  change();
  await next;
  return client.getSnapshot();
}

test("connected, it has the engine's snapshot", async () => {
  const { path } = await startServer();
  const client = await connectClient(path);
  expect(client.getSnapshot()).toEqual(sampleSnapshot());
  expect(client.getSnapshot()).toBe(client.getSnapshot());
});

test("parts that did not change keep their identity", async () => {
  const { path, engine } = await startServer();
  const client = await connectClient(path);
  const before = client.getSnapshot();
  const after = await changed(client, () => engine.change((now) => ({ ...now, trackers: [] })));
  expect(after).not.toBe(before);
  expect(after.trackers).toEqual([]);
  for (const part of ["engine", "catalogue", "transfers", "broadcasts"] as const)
    expect(after[part]).toBe(before[part]);
});

test("rows that are equal keep their identity, wherever they have moved", async () => {
  const { path, engine } = await startServer();
  const client = await connectClient(path);
  const before = client.getSnapshot();
  const after = await changed(client, () =>
    engine.change((now) => ({
      ...now,
      catalogue: [catalogueRow("first.bin"), ...now.catalogue.slice(1)],
      transfers: [transferRow("new.iso"), ...now.transfers.toReversed()],
      broadcasts: [...now.broadcasts.slice(1), broadcastRow(9, "notice", "new")],
    })),
  );
  expect(after).toEqual(engine.getSnapshot());
  expect(after.catalogue.slice(1).every((row, i) => row === before.catalogue[i + 1])).toBe(true);
  expect(after.transfers.slice(1).every((row) => before.transfers.includes(row))).toBe(true);
  expect(after.broadcasts.slice(0, -1).every((row, i) => row === before.broadcasts[i + 1])).toBe(true);
});

test("a row that changed is another one, and the same file at two trackers is two rows", async () => {
  const twins = (holders: number) => [
    catalogueRow("a", { holders: 1 }),
    catalogueRow("a", { holders, tracker: "10.0.0.6:5000" as Snapshot["trackers"][number]["address"] }),
  ];
  const { path, engine } = await startServer({ ...sampleSnapshot(), catalogue: twins(2) });
  const client = await connectClient(path);
  const before = client.getSnapshot();
  const after = await changed(client, () =>
    engine.change((now) => ({
      ...now,
      catalogue: twins(3),
      transfers: now.transfers.map((row, i) => (i === 0 ? { ...row, peers: [peerRow("10.9.9.9:1")] } : row)),
    })),
  );
  expect(after.catalogue[0]).toBe(before.catalogue[0]);
  expect(after.catalogue[1]).not.toBe(before.catalogue[1]);
  expect(after.transfers[0]).not.toBe(before.transfers[0]);
  expect(after.transfers[0]!.peers).toEqual([peerRow("10.9.9.9:1")]);
  expect(after.transfers[1]).toBe(before.transfers[1]);
});

test("replies find the command they answer, in whatever order they come", async () => {
  const { path, engine } = await startServer();
  const client = await connectClient(path);
  const late = Promise.withResolvers<void>();
  engine.answer = async (command) => {
    if (command.method === "stop") await late.promise;
    return { ok: true, text: emptySnapshot().engine.folder, infoHash: command.method };
  };
  const first = client.send({ method: "stop" });
  expect(await client.send({ method: "complete-path", prefix: "/" })).toMatchObject({ infoHash: "complete-path" });
  late.resolve();
  expect(await first).toMatchObject({ infoHash: "stop" });
});

test("what the engine cannot read comes back as a sentence", async () => {
  const { path } = await startServer();
  const client = await connectClient(path);
  expect(await client.send({ method: "pause", infoHash: "short" })).toMatchObject({
    ok: false,
    code: "bad-format",
    text: expect.stringMatching(/^Wrong format: pause: infoHash/) as unknown,
  });
});

test("an engine that stands still is told of, until it says something again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { path, engine } = await startServer();
  const client = await connectClient(path);
  const alerts = () => client.getSnapshot().engine.alerts;
  const before = alerts();
  vi.advanceTimersByTime(4_999);
  await turns();
  vi.advanceTimersByTime(1);
  await turns();
  // Nothing is read while time passes in one go: the beats of the server come too late, as when it was stopped.
  vi.advanceTimersByTime(14_999);
  expect(alerts()).toEqual(before);
  await turns();
  vi.advanceTimersByTime(15_000);
  expect(alerts()).toEqual([
    expect.stringMatching(/^The engine \(process \d+\) has said nothing for 15 s: /),
    ...before,
  ]);
  const told = vi.fn();
  client.subscribe(told);
  await turns();
  expect(alerts()).toEqual(before);
  expect(told).toHaveBeenCalledTimes(1);
  engine.show({ ...sampleSnapshot(), broadcasts: [] });
  await turns();
  expect(client.getSnapshot().broadcasts).toEqual([]);
});

test("an engine that goes leaves its last snapshot as gone, and answers what was asked", async () => {
  const { path, engine, server } = await startServer();
  const client = await connectClient(path);
  engine.answer = () => new Promise(() => undefined);
  const pending = client.send({ method: "stop" });
  const after = await changed(client, () => void server.close());
  expect(after.engine.state).toBe("gone");
  expect(after.transfers).toEqual(sampleSnapshot().transfers);
  expect(await pending).toMatchObject({ ok: false, code: "engine-gone" });
  expect(await client.send({ method: "stop" })).toMatchObject({ ok: false, code: "engine-gone" });
});

test("closing answers what was asked, and tells nobody that the engine has gone", async () => {
  const { path, engine } = await startServer();
  const client = await connectClient(path);
  engine.answer = () => new Promise(() => undefined);
  let calls = 0;
  client.subscribe(() => calls++);
  const pending = client.send({ method: "stop" });
  await client.close();
  await client.close();
  expect(await pending).toMatchObject({ ok: false, code: "engine-gone" });
  expect(calls).toBe(0);
});

test("events come to all who hear them, once each, also to those who come back", async () => {
  const { path, engine } = await startServer();
  const client = await connectClient(path);
  const one: EngineEvent[] = [];
  const two: EngineEvent[] = [];
  client.onEvent((event) => one.push(event))();
  client.onEvent((event) => one.push(event));
  client.onEvent((event) => two.push(event));
  await client.send({ method: "stop" });
  engine.emit({ event: "problem", text: "here" });
  await client.send({ method: "stop" });
  expect(one).toEqual([{ event: "problem", text: "here" }]);
  expect(two).toEqual(one);
});

test("no socket, and a socket nobody listens on, mean that no engine runs", async () => {
  const path = join(await temporaryFolder(), "control.sock");
  await expect(ControlClient.connect(path)).rejects.toMatchObject({ name: "ControlError", code: "not-running" });
  const dead = createServer().listen(path);
  await once(dead, "listening");
  // Its file stays as that of an engine that was killed.
  await rename(path, `${path}.left`);
  dead.close();
  await once(dead, "close");
  await expect(ControlClient.connect(`${path}.left`)).rejects.toMatchObject({ code: "not-running" });
});

test.for([
  [toLine({ sta: "9.0.0", protocol: 2, pid: 1 }), "sta 9.0.0"],
  [toLine({ hello: "world" }), "another program"],
  ["HTTP/1.1 400 Bad Request\r\n\r\n", "another program"],
] as const)("%j is refused in a sentence", async ([hello, who]) => {
  const path = await startImpostor(hello);
  await expect(ControlClient.connect(path)).rejects.toMatchObject({
    code: "other-version",
    message: expect.stringContaining(who) as unknown,
  });
});

test.for(["nonsense\n", "null\n", "7\n", '"text"\n', "[]\n", "{}\n"])(
  "an engine that says %j has gone, and nothing else breaks",
  async (line) => {
    const path = await startImpostor(HELLO + toLine({ snapshot: sampleSnapshot() }) + line);
    const client = await ControlClient.connect(path);
    onTestFinished(() => client.close());
    if (client.getSnapshot().engine.state !== "gone") await nextCall((listener) => client.subscribe(listener));
    expect(client.getSnapshot().engine.state).toBe("gone");
    expect(await client.send({ method: "stop" })).toMatchObject({ code: "engine-gone" });
  },
);

test("an engine that talks nonsense before its first snapshot is one that does not run", async () => {
  const path = await startImpostor(`${HELLO}nonsense\n`);
  await expect(ControlClient.connect(path)).rejects.toMatchObject({ name: "ControlError", code: "not-running" });
});

test("a reply to nothing is no harm", async () => {
  const path = await startImpostor(
    HELLO + toLine({ snapshot: sampleSnapshot() }) + toLine({ re: 99, result: { ok: true, text: "?" } }),
  );
  const client = await connectClient(path);
  expect(client.getSnapshot()).toEqual(sampleSnapshot());
});
