// A web server in this process that gives ranges of files, and does on demand what servers do wrong.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface RangeServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** What was asked for, in order: the path, and the first and last byte. */
  readonly asked: { readonly path: string; readonly first: number; readonly last: number }[];
  /** Connections so far. */
  readonly connections: () => number;
}

/** True: it answered by itself. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, asked: number) => boolean;

/** Gives `files`, by their paths as they stand in URLs. */
export async function serveRanges(
  files: Readonly<Record<string, Uint8Array>>,
  misbehave: Misbehaviour = () => false,
): Promise<RangeServer> {
  const asked: { path: string; first: number; last: number }[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const path = request.url!;
    const [, first = 0, last = 0] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")?.map(Number) ?? [];
    asked.push({ path, first, last });
    if (misbehave(request, response, asked.length)) return;
    const file = files[path];
    if (!file) return void response.writeHead(404).end("none");
    response.writeHead(206, { "Content-Range": `bytes ${first}-${last}/${file.length}` });
    response.end(file.subarray(first, last + 1));
  });
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, connections: () => connections };
}

/** Says nothing. */
export function hold(_response: ServerResponse): true {
  return true;
}

/** Answers with this status and body. */
export function status(response: ServerResponse, code: number, body: Uint8Array | string = "no"): true {
  response.writeHead(code, { "Content-Length": body.length }).end(body);
  return true;
}
