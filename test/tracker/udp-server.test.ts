import { type Socket, createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { fullBitfield, toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { type InfoHash, type InfoHashHex, idFromHex, toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import {
  type ConnectionId,
  type UdpAnnounce,
  type UdpRequest,
  type UdpResponse,
  encodeUdpRequest,
  parseUdpResponse,
} from "../../source/protocol/tracker/udp.ts";
import { ConnectionIds } from "../../tracker/connection-ids.ts";
import { announce as announceOverHttp, startTracker, torrentOf, welcomed } from "./support.ts";

/** A client that asks one thing at a time. */
class UdpClient {
  readonly #socket: Socket;
  readonly #to: { readonly host: string; readonly port: number };

  constructor(to: { readonly host: string; readonly port: number }) {
    this.#to = to;
    this.#socket = createSocket(to.host.includes(":") ? "udp6" : "udp4");
    onTestFinished(() => void this.#socket.close());
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#to.port, this.#to.host);
  }

  async raw(bytes: Uint8Array): Promise<Uint8Array> {
    const answered = once(this.#socket, "message") as Promise<[Uint8Array]>;
    this.send(bytes);
    return (await answered)[0];
  }

  async ask(request: UdpRequest): Promise<UdpResponse> {
    return parseUdpResponse(await this.raw(encodeUdpRequest(request)), this.#to.host.includes(":") ? 16 : 4);
  }

  async connect(): Promise<ConnectionId> {
    const answer = await this.ask({ type: "connect", transaction: 1 });
    if (answer.type !== "connect") throw new Error(JSON.stringify(answer));
    return answer.connection;
  }
}

const hashOf = (infoHash: InfoHashHex): InfoHash => toInfoHash(idFromHex(infoHash)!);
const peerId = toPeerId(new Uint8Array(20).fill(1));

function announceOf(connection: ConnectionId, infoHash: InfoHashHex, more: Partial<UdpAnnounce>): UdpAnnounce {
  const ids = { connection, transaction: 2, infoHash: hashOf(infoHash), peerId };
  return { type: "announce", ...ids, downloaded: 0, left: 1, uploaded: 0, key: 0, port: 6881, ...more };
}

async function openClient(options: Parameters<typeof startTracker>[0] = { open: true }, host?: string) {
  const tracker = await startTracker(options);
  const client = new UdpClient({ host: host ?? tracker.host, port: tracker.port });
  return { tracker, client, connection: await client.connect() };
}

test("peers of UDP, HTTP and the channel are one swarm", async () => {
  const { tracker, client, connection } = await openClient({});
  const member = await welcomed(tracker, 1);
  const { bytes, infoHash } = torrentOf("x", 3);
  await member.publish(bytes);
  member.say({ type: "have", infoHash, pieces: toBase64(fullBitfield(3)) });
  await member.settled();
  await announceOverHttp(tracker, { infoHash, port: 6882, left: 1 });
  const answer = await client.ask(announceOf(connection, infoHash, { left: 0 }));
  expect(answer).toMatchObject({ type: "announce", transaction: 2, interval: 300, complete: 2, incomplete: 1 });
  expect(answer.type === "announce" && answer.peers.map(({ port }) => port).toSorted()).toEqual([6882, 7001]);
  await member.next("changed", ({ entries }) => entries[0]?.seeds === 2);
  const scrape = await client.ask({ type: "scrape", connection, transaction: 3, infoHashes: [hashOf(infoHash)] });
  expect(scrape).toEqual({
    type: "scrape",
    transaction: 3,
    entries: [{ complete: 2, downloaded: 0, incomplete: 1 }],
  });
  await client.ask(announceOf(connection, infoHash, { event: "stopped" }));
  await member.next("changed", ({ entries }) => entries[0]?.seeds === 1);
});

test("peers of IPv6 hear of IPv6 peers, in 18 bytes each", async () => {
  const { tracker, client, connection } = await openClient({ host: "::", open: true }, "::1");
  const { infoHash } = torrentOf("x");
  await announceOverHttp({ ...tracker, host: "127.0.0.1" }, { infoHash, port: 1 });
  await announceOverHttp({ ...tracker, host: "::1" }, { infoHash, port: 2 });
  const answer = await client.ask(announceOf(connection, infoHash, {}));
  expect(answer).toMatchObject({ complete: 2, incomplete: 1, peers: [{ host: "::1", port: 2 }] });
  const over4 = new UdpClient({ host: "127.0.0.1", port: tracker.port });
  const answer4 = await over4.ask(announceOf(await over4.connect(), infoHash, { port: 3 }));
  expect(answer4).toMatchObject({ complete: 2, incomplete: 2, peers: [{ host: "127.0.0.1", port: 1 }] });
});

test("what was refused is said in words", async () => {
  const { client, connection } = await openClient({});
  const { infoHash } = torrentOf("x");
  const answer = await client.ask(announceOf(connection, infoHash, {}));
  expect(answer).toEqual({ type: "error", transaction: 2, text: `${infoHash} is not published on this tracker` });
});

test("the token stands in the URL", async () => {
  const { client, connection } = await openClient({ token: "s3cret", open: true });
  const { infoHash } = torrentOf("x");
  const asked = (urlData?: string) =>
    client.ask(announceOf(connection, infoHash, urlData === undefined ? {} : { urlData }));
  expect((await asked()).type).toBe("error");
  expect((await asked("/?token=wrong")).type).toBe("error");
  expect((await asked("/announce?a=b&token=s3cret")).type).toBe("announce");
});

test("who did not prove its address gets no answer, nor does nonsense; a connect gets no more bytes than it sent", async () => {
  const { tracker, client, connection } = await openClient();
  const { infoHash } = torrentOf("x");
  const flipped = connection.slice();
  flipped[7]! ^= 1;
  client.send(encodeUdpRequest(announceOf(flipped, infoHash, {})));
  client.send(
    encodeUdpRequest({ type: "scrape", connection: flipped, transaction: 4, infoHashes: [hashOf(infoHash)] }),
  );
  client.send(new Uint8Array(16));
  client.send(new Uint8Array());
  client.send(encodeUdpRequest(announceOf(connection, infoHash, {})).subarray(0, 97));
  const connect = encodeUdpRequest({ type: "connect", transaction: 9 });
  // Datagrams of one sender keep their order on loopback: an answer to any of the above would come first.
  const answer = await client.raw(connect);
  expect(parseUdpResponse(answer, 4).transaction).toBe(9);
  expect(answer.length).toBeLessThanOrEqual(connect.length);
  expect(String((await announceOverHttp(tracker, { infoHash, port: 1 })).get("incomplete"))).toBe("0");
});

test("a connection id is good for its address, for 2 minutes, and not for 3", () => {
  const ids = new ConnectionIds();
  const at = 59_999;
  const id = ids.give("10.0.0.1", at);
  expect(ids.isValid(id, "10.0.0.1", at + 120_000)).toBe(true);
  expect(ids.isValid(id, "10.0.0.1", at + 180_000)).toBe(false);
  expect(ids.isValid(id, "10.0.0.2", at)).toBe(false);
  expect(new ConnectionIds().isValid(id, "10.0.0.1", at)).toBe(false);
});

test("a port that UDP or TCP lacks is said, and nothing stays open", async () => {
  const taken = createSocket("udp4").bind(0, "127.0.0.1");
  onTestFinished(() => void taken.close());
  await once(taken, "listening");
  const { port } = taken.address();
  await expect(startTracker({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});
