import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { ChannelSocket } from "../../source/discovery/channel-socket.ts";
import { httpGet, TRACKER_GET } from "../../source/discovery/http-get.ts";
import { leavingFrom, localAddressOf } from "../../source/discovery/local-address.ts";
import { udpAnnounce } from "../../source/discovery/udp-announce.ts";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";

it.each([
  [undefined, {}],
  ["0.0.0.0", {}],
  ["::", {}],
  ["0:0:0:0:0:0:0:0", {}],
  ["box.lan", {}],
  ["10.8.0.2", { localAddress: "10.8.0.2", family: 4 }],
  ["fd00::2", { localAddress: "fd00::2", family: 6 }],
  ["127.0.0.2", {}],
  ["::1", {}],
])("who listens on %s dials with %j", (host, expected) => {
  expect(leavingFrom(localAddressOf(host))).toEqual(expected);
});

const LOCAL = "127.0.0.9";
const { signal } = new AbortController();

/** A port that takes HTTP, WebSockets and datagrams, and where the first of them came from. */
async function listen(): Promise<{ port: number; heard: Promise<string | undefined> }> {
  const heard = Promise.withResolvers<string | undefined>();
  const server = createServer((_, response) => response.end("d8:intervali1e5:peers0:e"));
  server.on("connection", ({ remoteAddress }) => heard.resolve(remoteAddress));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const socket = createSocket("udp4");
  socket.on("message", (_, { address }) => heard.resolve(address));
  await new Promise<void>((resolve) => socket.bind(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    socket.close();
  });
  return { port, heard: heard.promise };
}

const announce = {
  infoHash: toInfoHash(new Uint8Array(20)),
  peerId: toPeerId(new Uint8Array(20)),
  port: 1,
  uploaded: 0,
  downloaded: 0,
  left: 1,
  key: 1,
  numwant: 1,
};

const WAYS: readonly [string, (port: number, localAddress: string) => unknown][] = [
  [
    "http",
    (port, localAddress) =>
      httpGet(`http://127.0.0.1:${port}/`, { limits: TRACKER_GET, signal, localAddress }).catch(() => undefined),
  ],
  [
    "udp",
    (port, localAddress) => {
      const over = new AbortController();
      onTestFinished(() => over.abort());
      const url = new URL(`udp://127.0.0.1:${port}`);
      return udpAnnounce(url, announce, { signal: over.signal, localAddress }).catch(() => undefined);
    },
  ],
  [
    "ws",
    (port, localAddress) => {
      const channel = new ChannelSocket({
        host: "127.0.0.1",
        address: `127.0.0.1:${port}`,
        origin: `ws://127.0.0.1:${port}`,
        localAddress,
        connectMs: 1_000,
        silentMs: 1_000,
        hello: () => ({ type: "peers", id: 1 }),
        onMessage: () => undefined,
        onLost: () => undefined,
      });
      onTestFinished(() => channel.close());
    },
  ],
];

it.each(WAYS)("what goes over %s leaves from there", async (_, go) => {
  const { port, heard } = await listen();
  void go(port, LOCAL);
  expect(await heard).toBe(LOCAL);
});

it.each(["http", "udp"])(
  "a tracker of another kind of address is not asked over %s: it would be from elsewhere",
  async (scheme) => {
    const url = `${scheme}://[::1]:9/`;
    const said =
      scheme === "http"
        ? httpGet(url, { limits: TRACKER_GET, signal, localAddress: LOCAL })
        : udpAnnounce(new URL(url), announce, { signal, localAddress: LOCAL });
    await expect(said).rejects.toMatchObject({
      code: "unreachable",
      message: "::1 has no address that 127.0.0.9 reaches",
    });
  },
);

it("over UDP an address that is not here is said to be the matter", async () => {
  const said = udpAnnounce(new URL("udp://127.0.0.1:9"), announce, { signal, localAddress: "192.0.2.1" });
  await expect(said).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("EADDRNOTAVAIL") });
});
