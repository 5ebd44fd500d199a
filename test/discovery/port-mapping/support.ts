// Routers on loopback: one that hears datagrams, one that is found and asked over HTTP.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { Endpoint } from "../../../source/protocol/tracker/endpoint.ts";

export const GATEWAY = { host: "127.0.0.1", localAddress: "127.0.0.2" } as const;

/** Hears datagrams on 127.0.0.1, and answers what `answer` gives, none of it or several; gone with the test. */
export async function hearing(answer: (bytes: Uint8Array, from: Endpoint) => readonly Uint8Array[]) {
  const heard: Uint8Array[] = [];
  const from = new Set<string>();
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.on("message", (bytes, { address: host, port }) => {
    heard.push(bytes);
    from.add(host);
    for (const out of answer(bytes, { host, port })) socket.send(out, port, host);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const untilHeard = async (count: number) => {
    while (heard.length < count) await once(socket, "message");
  };
  return { heard, from, untilHeard, port: socket.address().port };
}

export interface Asked {
  readonly path: string;
  readonly action: string | undefined;
  readonly body: string;
  readonly from: string | undefined;
}

export const WAN_IP = "urn:schemas-upnp-org:service:WANIPConnection:1";

export const descriptionOf = (control = "/control") =>
  `<root><service><serviceType>${WAN_IP}</serviceType><controlURL>${control}</controlURL></service></root>`;

/** A device that is described at /description; gone with the test. `answer` gives the status and the text for what is asked of it. */
export async function device(
  answer: (asked: Asked) => readonly [status: number, text: string] | undefined = () => undefined,
) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void askedBy(request).then((one) => {
      asked.push(one);
      const [status, said] = answer(one) ?? [200, one.path === "/description" ? descriptionOf() : "<ok/>"];
      response.writeHead(status).end(said);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const search = await hearing(() => [located(`http://127.0.0.1:${port}/description`)]);
  return { asked, search, group: { host: "127.0.0.1", port: search.port }, port };
}

export function located(place: string): Uint8Array {
  return Buffer.from(`HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: ${place}\r\n\r\n`);
}

async function askedBy(request: IncomingMessage): Promise<Asked> {
  const { url = "", rawHeaders, socket } = request;
  // Spelled as devices know it.
  const at = rawHeaders.indexOf("SOAPAction");
  const action = at < 0 ? undefined : rawHeaders[at + 1];
  return {
    path: url,
    action,
    body: await text(request),
    from: socket.remoteAddress,
  };
}
