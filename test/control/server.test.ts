import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { connect, Server, Socket } from "node:net";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { CONTROL_PROTOCOL, type DisplayText, type Snapshot } from "../../source/control/contract.ts";
import { MAX_REQUEST_CHARS, MAX_WAITING_BYTES } from "../../source/control/limits.ts";
import { ControlClient } from "../../source/control/client.ts";
import { ControlServer } from "../../source/control/server.ts";
import { broadcastRow, emptySnapshot, sampleSnapshot, transferRow } from "../helpers/scripted-client.ts";
import { connectClient, RawConnection, ScriptedEngine, startServer, temporaryFolder } from "./support.ts";

test("it says version, protocol and process first", async () => {
  const { path } = await startServer();
  const connection = await RawConnection.open(path);
  expect(await connection.read()).toEqual({ sta: "0.1.0", protocol: CONTROL_PROTOCOL, pid: 4711 });
});

test("only its owner may open the socket", async () => {
  const { path } = await startServer();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a socket left behind by an engine that died is replaced, and the own one is removed at the end", async () => {
  const path = join(await temporaryFolder(), "control.sock");
  await writeFile(path, "");
  const server = await ControlServer.listen(path, new ScriptedEngine(sampleSnapshot()));
  await connectClient(path);
  await server.close();
  await expect(stat(path)).rejects.toThrow("ENOENT");
});

test("listening where nothing can be made is the system's error", async () => {
  const path = join(await temporaryFolder(), "none", "control.sock");
  await expect(ControlServer.listen(path, new ScriptedEngine(sampleSnapshot()))).rejects.toThrow(/ENOENT|EACCES/);
});

test("a client that the system has no descriptor for is lost, and no more", async () => {
  const listening = vi.spyOn(Server.prototype, "listen");
  onTestFinished(() => listening.mockRestore());
  const { path } = await startServer();
  const server = listening.mock.contexts[0] as Server;
  for (let n = 0; n < 2; n++) server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE" }));
  await connectClient(path);
});

test("the first snapshot is whole, later ones carry only the parts that changed", async () => {
  const { path, engine } = await startServer();
  const connection = await RawConnection.open(path);
  await connection.read();
  connection.write({ id: 1, method: "subscribe" });
  expect(await connection.read()).toEqual({ snapshot: sampleSnapshot() });

  engine.change((before) => ({ ...before, transfers: [transferRow("new.iso")] }));
  expect(await connection.read()).toEqual({ snapshot: { transfers: [transferRow("new.iso")] } });

  engine.change((before) => ({ ...before }));
  engine.change((before) => ({ ...before, broadcasts: [broadcastRow(9, "notice", "x")], catalogue: [] }));
  expect(await connection.read()).toEqual({
    snapshot: { broadcasts: [broadcastRow(9, "notice", "x")], catalogue: [] },
  });
});

test("each client gets what changed since it was sent something", async () => {
  const { path, engine } = await startServer();
  const first = await connectClient(path);
  engine.change((before) => ({ ...before, trackers: [] }));
  const second = await connectClient(path);
  expect(second.getSnapshot().trackers).toEqual([]);
  expect(first.getSnapshot().engine.pid).toBe(4711);
});

test("asking twice for snapshots does not send them twice", async () => {
  const { path, engine } = await startServer();
  const connection = await RawConnection.open(path);
  await connection.read();
  connection.write({ id: 1, method: "subscribe" }, { id: 2, method: "subscribe" }, { id: 3, method: "nonsense" });
  expect(await connection.read()).toHaveProperty("snapshot");
  expect(await connection.read()).toHaveProperty("re", 3);
  engine.change((before) => ({ ...before, trackers: [] }));
  expect(await connection.read()).toHaveProperty("snapshot");
  connection.write({ id: 4, method: "nonsense" });
  expect(await connection.read()).toHaveProperty("re", 4);
});

test("a command is answered under its id, and a wrong one in words", async () => {
  const { path, engine } = await startServer();
  const connection = await RawConnection.open(path);
  await connection.read();
  connection.write({ id: 7, method: "stop" });
  expect(await connection.read()).toEqual({ re: 7, result: { ok: true, text: "stop: done." } });
  expect(engine.commands).toEqual([{ method: "stop" }]);
  connection.write({ id: 8, method: "push", params: { target: "a" } });
  expect(await connection.read()).toMatchObject({ re: 8, error: expect.stringContaining("count") as unknown });
  connection.write("nonsense\n");
  expect(await connection.read()).toEqual({ re: -1, error: "a request has an id and a method" });
  connection.write("\n\n", { id: 9, method: "stop" });
  expect(await connection.read()).toHaveProperty("re", 9);
});

test("a request holds the priorities of as many files as a torrent may have", () => {
  const files = Array.from({ length: 500_000 }, (_, index) => ({ index, priority: "normal" }));
  const request = { id: 1, method: "set-files", params: { infoHash: "0".repeat(40), files } };
  expect(JSON.stringify(request).length).toBeLessThan(MAX_REQUEST_CHARS);
});

test("a line too long ends the connection, and only that one", async () => {
  const { path } = await startServer();
  const other = await connectClient(path);
  const connection = await RawConnection.open(path);
  await connection.read();
  connection.write("x".repeat(MAX_REQUEST_CHARS + 1));
  expect(await connection.read()).toBeUndefined();
  expect(await other.send({ method: "stop" })).toMatchObject({ ok: true });
});

test("events come numbered to those who asked, and to nobody once they are gone", async () => {
  const { path, engine } = await startServer();
  const connection = await RawConnection.open(path);
  await connection.read();
  connection.write({ id: 1, method: "events" }, { id: 2, method: "stop" });
  await connection.read();
  engine.emit({ event: "problem", text: "one" });
  engine.emit({ event: "problem", text: "two" });
  expect(await connection.read()).toEqual({ seq: 1, event: { event: "problem", text: "one" } });
  expect(await connection.read()).toEqual({ seq: 2, event: { event: "problem", text: "two" } });
  connection.socket.destroy();
  await until(() => engine.eventListenerCount === 0);
});

/** A client that asks and never reads, and the sockets of the server it is connected to. */
async function connectDeaf(path: string, requests: readonly object[]): Promise<{ client: Socket; server: Socket }> {
  const served: Socket[] = [];
  const on = Socket.prototype.setEncoding;
  Socket.prototype.setEncoding = function (this: Socket, ...args) {
    served.push(this);
    return on.apply(this, args);
  };
  onTestFinished(() => {
    Socket.prototype.setEncoding = on;
  });
  const client = connect(path);
  onTestFinished(() => void client.destroy());
  client.pause();
  await once(client, "connect");
  for (const request of requests) client.write(`${JSON.stringify(request)}\n`);
  await until(() => served.length > 0);
  return { client, server: served[0]! };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

function bigSnapshot(count: number): Snapshot {
  return { ...emptySnapshot(), transfers: Array.from({ length: 500 }, (_, i) => transferRow(`file ${i} of ${count}`)) };
}

test("a client that never reads is skipped: what waits for it does not grow with what happens", async () => {
  const { path, engine } = await startServer(bigSnapshot(0));
  const { client, server } = await connectDeaf(path, [{ id: 1, method: "subscribe" }]);
  await until(() => server.writableLength > 0);
  const waiting = server.writableLength;
  const one = JSON.stringify(bigSnapshot(0)).length;
  for (let count = 1; count <= 50; count++) {
    engine.show(bigSnapshot(count));
    await turn();
  }
  expect(server.writableLength).toBeLessThanOrEqual(Math.max(waiting, 2 * one));

  // Once it reads, it gets what it had not taken yet, and then the latest.
  let text = "";
  client.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  client.resume();
  await until(() => text.includes("file 499 of 50") && text.endsWith("\n"));
  expect(text.trim().split("\n").length).toBeLessThanOrEqual(4);
});

test("events for a client that never reads are left out, and their numbers tell so", async () => {
  const { path, engine } = await startServer(emptySnapshot());
  const { client, server } = await connectDeaf(path, [{ id: 1, method: "events" }]);
  await until(() => engine.eventListenerCount > 0);
  const text = "x".repeat(10_000);
  for (let i = 0; i < 2_000; i++) engine.emit({ event: "problem", text });
  await turn();
  expect(server.writableLength).toBeLessThan(MAX_WAITING_BYTES + 20_000);

  let received = "";
  client.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
  client.resume();
  await until(() => server.writableLength === 0);
  engine.emit({ event: "problem", text: "last" });
  await until(() => received.includes('"last"'));
  expect(received).toContain('"seq":2001');
});

test("a client that asks and asks without reading is not read any more", async () => {
  const { path, engine } = await startServer(emptySnapshot());
  engine.answer = () => ({ ok: true, text: "x".repeat(1_000) as DisplayText });
  const requests = Array.from({ length: 20_000 }, (_, id) => ({
    id,
    method: "complete-path",
    params: { prefix: "/" },
  }));
  const { server } = await connectDeaf(path, requests);
  await until(() => server.isPaused());
  for (let i = 0; i < 20; i++) await turn();
  expect(engine.commands.length).toBeLessThan(10_000);
  expect(server.writableLength).toBeLessThan(4_000_000);
});

test("who is connected sees the end when all is over, and nobody comes any more", async () => {
  const { path, server } = await startServer();
  const client = await connectClient(path);
  const over = Promise.withResolvers<void>();
  const closed = server.close(over.promise);
  await expect(ControlClient.connect(path)).rejects.toMatchObject({ code: "not-running" });
  expect(await client.send({ method: "doctor" })).toMatchObject({ ok: true });
  expect(client.getSnapshot().engine.state).toBe("running");
  over.reject(new Error("a disk is full"));
  await closed;
  await until(() => client.getSnapshot().engine.state === "gone");
});

test("closing ends clients that never read too", async () => {
  const { path, server } = await startServer(bigSnapshot(0));
  const deaf = await connectDeaf(path, [{ id: 1, method: "subscribe" }]);
  await until(() => deaf.server.writableLength > 0);
  await server.close();
  expect(deaf.server.destroyed).toBe(true);
});

test("somebody who connects and leaves at once does no harm", async () => {
  const { path, engine } = await startServer();
  for (let i = 0; i < 20; i++) {
    const socket = connect(path).on("error", () => undefined);
    socket.write(`${JSON.stringify({ id: 1, method: "subscribe" })}\n`);
    socket.on("connect", () => socket.destroy());
  }
  const client = await connectClient(path);
  engine.change((before) => ({ ...before, trackers: [] }));
  expect(await client.send({ method: "stop" })).toMatchObject({ ok: true });
});
