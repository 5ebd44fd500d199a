// A process that announces as fast as answers come: node tracker-load.ts '{"wire":"http","port":5000,...}'. Prints what it did as one JSON line.
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import { percentEncode } from "../../source/protocol/tracker/http-announce.ts";
import { encodeUdpRequest, parseUdpResponse } from "../../source/protocol/tracker/udp.ts";

export interface LoadPlan {
  /** `close`: a connection each announce, for trackers that do not keep them. */
  readonly wire: "http" | "close" | "udp";
  readonly port: number;
  readonly seconds: number;
  /** Requests under way at once, each on a connection of its own. None waits behind another. */
  readonly connections: number;
  /** Swarms, and peers in each, that announces are spread over. */
  readonly swarms: number;
  readonly peers: number;
  /** Each peer once, in order, instead of at random for `seconds`. */
  readonly once?: boolean;
}

export interface LoadResult {
  readonly announces: number;
  readonly failures: number;
  readonly seconds: number;
}

const plan = JSON.parse(process.argv[2]!) as LoadPlan;
const total = plan.swarms * plan.peers;
/** Peers of one address: the ports above 1024. */
const PORTS = 64_000;

let asked = 0;
let answered = 0;
let failures = 0;
const startedAt = performance.now();

/** The next peer to announce; undefined when it is time to end. */
function nextPeer(): number | undefined {
  if (plan.once) return asked < total ? asked++ : undefined;
  return performance.now() - startedAt < plan.seconds * 1000 ? Math.floor(Math.random() * total) : undefined;
}

function infoHashOf(swarm: number): Uint8Array {
  const hash = new Uint8Array(20).fill(0x5a);
  new DataView(hash.buffer).setUint32(0, swarm);
  return hash;
}

const hashes = Array.from({ length: plan.swarms }, (_, swarm) => toInfoHash(infoHashOf(swarm)));
const encoded = hashes.map(percentEncode);
const CONNECTION = plan.wire === "close" ? "Connection: close\r\n" : "";
const PEER_ID = "-XX0000-123456789012";

const portOf = (peer: number) => 1024 + (Math.floor(peer / plan.swarms) % PORTS);

function httpRequest(peer: number): string {
  const query = `info_hash=${encoded[peer % plan.swarms]}&peer_id=${PEER_ID}&port=${portOf(peer)}`;
  const rest = "uploaded=0&downloaded=0&left=1&compact=1&numwant=50";
  return `GET /announce?${query}&${rest} HTTP/1.1\r\nHost: 127.0.0.1:${plan.port}\r\n${CONNECTION}User-Agent: bench/1.0\r\n\r\n`;
}

/** All connections read into this: an answer to one request comes in one piece. */
const buffer = Buffer.alloc(1 << 16);

/** A peer's address: a second one where a swarm has more peers than an address has ports. */
function addressOf(peer: number): string {
  return `127.0.0.${1 + Math.floor(peer / plan.swarms / PORTS)}`;
}

function overHttp(): Promise<void> {
  return new Promise((done, fail) => {
    const take = (length: number): boolean => {
      answered++;
      if (!buffer.subarray(0, length).includes("8:interval")) failures++;
      const peer = nextPeer();
      if (peer === undefined) socket.end();
      else socket.write(httpRequest(peer), "latin1");
      return true;
    };
    const first = nextPeer();
    if (first === undefined) return done();
    const localAddress = addressOf(first);
    const to = { port: plan.port, host: "127.0.0.1", localAddress, noDelay: true };
    const socket = connect({ ...to, onread: { buffer, callback: take } });
    socket.write(httpRequest(first), "latin1");
    socket.on("close", () => done());
    socket.on("error", fail);
  });
}

async function overClosing(): Promise<void> {
  for (let peer = nextPeer(); peer !== undefined; peer = nextPeer()) {
    const text = httpRequest(peer);
    await new Promise<void>((done, fail) => {
      let answer = "";
      const socket = connect({ port: plan.port, host: "127.0.0.1" });
      socket.on("data", (data: Buffer) => (answer += data.toString("latin1")));
      socket.on("error", fail);
      socket.on("close", () => {
        answered++;
        if (!answer.includes("8:interval")) failures++;
        done();
      });
      socket.write(text, "latin1");
    });
  }
}

/** A lost datagram is asked again after this long. */
const RESEND_MS = 500;

function overUdp(): Promise<void> {
  return new Promise((done) => {
    const socket = createSocket({ type: "udp4", lookup: (address, _options, found) => found(null, address, 4) });
    let connection: Uint8Array | undefined;
    let timer: NodeJS.Timeout | undefined;
    const send = (): void => {
      const peer = nextPeer();
      if (peer === undefined) {
        clearTimeout(timer);
        socket.close(() => done());
        return;
      }
      const ids = { infoHash: hashes[peer % plan.swarms]!, peerId: toPeerId(Buffer.from(PEER_ID)) };
      const figures = { downloaded: 0, left: 1, uploaded: 0, key: 0, numwant: 50, port: portOf(peer) };
      const request = connection
        ? encodeUdpRequest({ type: "announce", connection, transaction: 1, ...ids, ...figures })
        : encodeUdpRequest({ type: "connect", transaction: 1 });
      socket.send(request, plan.port, "127.0.0.1");
      timer ??= setTimeout(() => {
        timer = undefined;
        failures++;
        send();
      }, RESEND_MS);
      timer.refresh();
    };
    socket.on("message", (data) => {
      if (connection) {
        answered++;
        if (data[3] !== 1) failures++;
      } else {
        const answer = parseUdpResponse(data, 4);
        if (answer.type === "connect") connection = answer.connection;
      }
      send();
    });
    socket.bind(0, "127.0.0.1", send);
  });
}

const one = { http: overHttp, close: overClosing, udp: overUdp }[plan.wire];
await Promise.all(Array.from({ length: plan.connections }, one));
const result: LoadResult = { announces: answered, failures, seconds: (performance.now() - startedAt) / 1000 };
console.log(JSON.stringify(result));
