import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startTracker } from "./support.ts";

/** All that is answered to these bytes, sent one after the other, until the connection is closed. */
async function answersTo(...parts: readonly string[]): Promise<string> {
  const { port } = await startTracker();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  onTestFinished(() => void socket.destroy());
  let text = "";
  socket.on("data", (data) => (text += String(data)));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const part of parts) {
    socket.write(part);
    await new Promise(setImmediate);
  }
  socket.end();
  await once(socket, "close");
  return text;
}

const HEALTH = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));

test("a request is read however it is cut", async () => {
  expect(statusesOf(await answersTo(...HEALTH))).toEqual([200]);
});

test("requests behind one another are answered in their order", async () => {
  const text = await answersTo(HEALTH + HEALTH.replace("/health", "/no") + HEALTH.slice(0, 9), HEALTH.slice(9));
  expect(statusesOf(text)).toEqual([200, 404, 200]);
});

test("a client that says close is answered, and nothing behind it is", async () => {
  const text = await answersTo(HEALTH.replace("Host: x", "Connection: close") + HEALTH);
  expect(statusesOf(text)).toEqual([200]);
  expect(text).toContain("Connection: close");
});

test.for([
  ["a POST", "POST /announce HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", [405]],
  ["a GET with a body", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", [400]],
  ["a GET with chunks", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]],
  ["HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n", [200]],
  ["a bare line feed in the header", "GET /health HTTP/1.1\r\nHost: x\nContent-Length: 5\r\n\r\n", [400]],
  ["an upgrade to HTTP/2", "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", [200]],
  ["a header without a colon", "GET /health HTTP/1.1\r\nnonsense\r\n\r\n", [400]],
  ["TLS on a plain port", "\x16\x03\x01\x02\x00\x01", [400]],
  ["no request at all", "hello\r\n\r\n", [400]],
  [
    "a request that goes on after a plain one",
    `${HEALTH}POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    [200, 405],
  ],
] as const)("%s is answered as HTTP wants it", async ([, bytes, statuses]) => {
  expect(statusesOf(await answersTo(bytes))).toEqual(statuses);
});

test("a target with bytes beyond ASCII is none", async () => {
  expect(statusesOf(await answersTo("GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n"))).not.toContain(200);
});

test("a connection may become a channel after it was used for HTTP", async () => {
  const upgrade = ["Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  const rest = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: sta.1"];
  const text = await answersTo(`${HEALTH}GET /swarm HTTP/1.1\r\n${[...upgrade, ...rest].join("\r\n")}\r\n\r\n`);
  expect(statusesOf(text)).toEqual([200, 101]);
});
