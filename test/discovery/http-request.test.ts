// Connections that are used again, and servers that end them whenever they like.
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { KeptConnections, requestUrl } from "../../source/discovery/http-request.ts";

const WHOLE = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Answers the n-th request, from 1, as `answer` does. Returns its URL and how many it got. */
async function serve(answer: (socket: Socket, request: number) => void) {
  let requests = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", () => answer(socket, ++requests));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const open = () => [...sockets].filter(({ closed }) => !closed).length;
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests: () => requests, open };
}

function asker() {
  const connections = new KeptConnections(2);
  onTestFinished(() => connections.close());
  const signal = AbortSignal.timeout(5_000);
  return (url: string) => requestUrl(url, { maxRedirects: 0, connections, signal });
}

async function readAll(response: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of response) text += Buffer.from(part).toString();
  return text;
}

test("a kept connection that the server ended meanwhile is opened anew", async () => {
  const { url, requests } = await serve((socket, request) => {
    if (request === 2) socket.resetAndDestroy();
    else socket.write(WHOLE);
  });
  const ask = asker();
  expect(await readAll((await ask(url)).response)).toBe("ok");
  expect(await readAll((await ask(url)).response)).toBe("ok");
  expect(requests()).toBe(3);
});

test("one that it ends in the middle of an answer is not asked again behind our back", async () => {
  const { url, requests, open } = await serve((socket, request) => {
    if (request === 1) socket.write(WHOLE);
    else if (request === 2) socket.write(WHOLE.slice(0, -1), () => setImmediate(() => socket.resetAndDestroy()));
  });
  const ask = asker();
  expect(await readAll((await ask(url)).response)).toBe("ok");
  const { response } = await ask(url);
  await expect(readAll(response)).rejects.toThrow();
  for (let turn = 0; turn < 50; turn++) await new Promise((later) => setImmediate(later));
  expect([requests(), open()]).toEqual([2, 0]);
});

test("none is opened for a request that still waited for one when they were closed", async () => {
  const asked = Promise.withResolvers<void>();
  const { url, open } = await serve(() => asked.resolve());
  const connections = new KeptConnections(1);
  const ending = new AbortController();
  const ask = () => requestUrl(url, { maxRedirects: 0, connections, signal: ending.signal });
  const answers = Promise.allSettled([ask(), ask()]);
  await asked.promise;
  ending.abort();
  connections.close();
  expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  for (let turn = 0; turn < 50; turn++) await new Promise((later) => setImmediate(later));
  expect(open()).toBe(0);
});
