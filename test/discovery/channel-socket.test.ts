import { createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import {
  ChannelSocket,
  type ChannelSocketOptions,
  type Loss,
  READ_BUDGET_BYTES,
} from "../../source/discovery/channel-socket.ts";
import type { TrackerMessage } from "../../source/protocol/channel/messages.ts";

const WELCOME = JSON.stringify({
  type: "welcome",
  seq: 0,
  epoch: "e",
  you: { address: "127.0.0.1", port: 1 },
  peers: 1,
  more: false,
  limits: { messagesPerSecond: 10, frame: 65_536 },
});
const error = (text: string) => JSON.stringify({ type: "error", code: "refused", text });

/** A tracker that does as told when it heard hello. Its port, what hello was, and the connection. */
async function tracker(answer: (socket: WebSocket) => void) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sta.1" });
  const [hello, accepted] = [Promise.withResolvers<string>(), Promise.withResolvers<WebSocket>()];
  server.on("connection", (socket) => {
    accepted.resolve(socket);
    socket.once("message", (data) => {
      hello.resolve(String(data));
      answer(socket);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, hello: hello.promise, accepted: accepted.promise };
}

/** A connection to `port`, how it ends, and what was heard. */
function connect(port: number, options: Partial<ChannelSocketOptions> = {}) {
  const heard: TrackerMessage[] = [];
  const lost = Promise.withResolvers<Loss>();
  const address = `127.0.0.1:${port}`;
  const socket = new ChannelSocket({
    host: "127.0.0.1",
    address,
    origin: `ws://${address}`,
    connectMs: 2_000,
    silentMs: 2_000,
    hello: () => ({ type: "peers", id: 7 }),
    onMessage: (message) => void heard.push(message),
    onLost: lost.resolve,
    ...options,
  });
  onTestFinished(() => socket.close());
  return { socket, heard, lost: lost.promise, address };
}

test("it says hello first, and hands over what it hears", async () => {
  const { port, hello } = await tracker((socket) => {
    socket.send(WELCOME);
    socket.send('{"type":"of a later version"}');
    socket.send('{"type":"notice","seq":1,"text":"hi"}');
    socket.close(1001);
  });
  const { heard, lost, address } = connect(port);
  expect(await hello).toBe('{"type":"peers","id":7}');
  expect(await lost).toEqual({ problem: `the connection to ${address} was lost`, refused: false, malformed: false });
  expect(heard.map(({ type }) => type)).toEqual(["welcome", "notice"]);
});

test("an error before the welcome is the reason of the close, one after it is heard", async () => {
  const first = await tracker((socket) => {
    socket.send(error("no room"));
    socket.close(1008);
  });
  const refused = connect(first.port);
  expect(await refused.lost).toEqual({
    problem: `${refused.address} refused us: no room`,
    refused: true,
    malformed: false,
  });
  expect(refused.heard).toEqual([]);

  const second = await tracker((socket) => {
    socket.send(WELCOME);
    socket.send(error("too fast"));
    socket.close(1008, "cut");
  });
  const cut = connect(second.port);
  expect((await cut.lost).problem).toBe(`${cut.address} refused us: cut`);
  expect(cut.heard.map(({ type }) => type)).toEqual(["welcome", "error"]);
});

test("what is no message ends the connection, and nothing behind it is heard", async () => {
  const { port } = await tracker((socket) => {
    for (const frame of [WELCOME, "{", '{"type":"notice","seq":1,"text":"hi"}']) socket.send(frame);
  });
  const { heard, lost, address } = connect(port);
  expect(await lost).toEqual({
    problem: `${address} sent a malformed message: frame is not JSON`,
    refused: false,
    malformed: true,
  });
  expect(heard).toHaveLength(1);
});

test("one that takes connections and never says welcome is left", async () => {
  const { lost, address } = connect((await tracker(() => undefined)).port, { connectMs: 20 });
  expect((await lost).problem).toBe(`${address} takes connections but does not answer`);
});

test("one that falls silent is left; a ping is a sign of life", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { port, accepted } = await tracker((socket) => socket.send(WELCOME));
  const welcomed = Promise.withResolvers<unknown>();
  const onMessage = welcomed.resolve;
  const { lost, address } = connect(port, { silentMs: 1_000, connectMs: 60_000, onMessage });
  let isLost = false;
  void lost.then(() => (isLost = true));
  await welcomed.promise;
  const theirs = await accepted;
  for (let i = 0; i < 3; i++) {
    vi.advanceTimersByTime(999);
    const pong = new Promise((resolve) => theirs.once("pong", resolve));
    theirs.ping();
    await pong;
  }
  expect(isLost).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect((await lost).problem).toBe(`the connection to ${address} was lost`);
});

test("close leaves a tracker that answers, one that never does, and one not reached yet", async () => {
  const polite = await tracker((socket) => socket.send(WELCOME));
  const lost: Loss[] = [];
  const left = connect(polite.port, { onLost: (loss) => void lost.push(loss) });
  await polite.hello;
  await left.socket.close();

  const deaf = createServer();
  await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void deaf.close());
  const { port } = deaf.address() as { port: number };
  await connect(port, { onLost: (loss) => void lost.push(loss) }).socket.close();
  expect(lost).toEqual([]);
});

test("an address that is none is told at once", () => {
  expect(() => connect(99_999_999)).toThrow(SyntaxError);
});

test("a tracker that floods us is read at our pace, and nothing of it is lost", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const frames = 2 * Math.ceil(READ_BUDGET_BYTES / 1_024);
  const { port } = await tracker((socket) => {
    socket.send(WELCOME);
    for (let seq = 1; seq <= frames; seq++) socket.send(`{"type":"notice","seq":${seq},"text":"flood"}`);
  });
  const { heard } = connect(port);
  // What had been read from the socket before it was paused is heard too: a part of the second half.
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(frames / 2 - 100);
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard.length).toBeLessThan(frames);
  await expect.poll(() => (vi.advanceTimersByTime(1_000), heard.length), { timeout: 20_000 }).toBe(frames + 1);
});
