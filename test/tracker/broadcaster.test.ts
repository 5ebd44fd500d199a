import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { Broadcaster, webSocketFrame } from "../../tracker/broadcaster.ts";

test.for([0, 1, 125, 126, 65_535, 65_536])("a WebSocket reads a frame of %s bytes", async (length) => {
  const text = "x".repeat(length);
  const server = createServer();
  const channels = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, stream, head) => {
    channels.handleUpgrade(request, stream, head, () => stream.write(webSocketFrame(text)));
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => {
    client.terminate();
    server.close();
  });
  const heard = await new Promise<string>((resolve) => client.once("message", (data) => resolve(String(data))));
  expect(heard === text).toBe(true);
});

test("a frame has as many bytes as its text in UTF-8, and its head", () => {
  expect(webSocketFrame("ü")).toEqual(Buffer.from([0x81, 2, 0xc3, 0xbc]));
});

test("what was missed is given as long as it is kept", () => {
  const broadcaster = new Broadcaster(() => undefined, 2);
  const frames: Buffer[] = [];
  expect(broadcaster.since(0)).toEqual([]);
  for (const text of ["a", "b", "c", "d", "e"]) {
    broadcaster.broadcast({ type: "notice", text });
    frames.push(webSocketFrame(JSON.stringify({ type: "notice", text, seq: broadcaster.seq })));
  }
  expect(broadcaster.since(5)).toEqual([]);
  expect(broadcaster.since(3)).toEqual(frames.slice(3));
  expect(broadcaster.since(0)).toBeUndefined();
  expect(broadcaster.since(6)).toBeUndefined();
});

test("what is said at once is sent as one piece, and before what has to come behind it", async () => {
  const sent: Buffer[] = [];
  const broadcaster = new Broadcaster((frames) => sent.push(frames), 2);
  const frame = (text: string, seq: number) => webSocketFrame(JSON.stringify({ type: "notice", text, seq }));
  broadcaster.broadcast({ type: "notice", text: "a" });
  broadcaster.broadcast({ type: "notice", text: "b" });
  broadcaster.flush();
  broadcaster.flush();
  broadcaster.broadcast({ type: "notice", text: "c" });
  expect(sent).toEqual([Buffer.concat([frame("a", 1), frame("b", 2)])]);
  await new Promise(setImmediate);
  expect(sent.slice(1)).toEqual([frame("c", 3)]);
});
