// A process of bad channel clients: node tracker-abusers.ts PORT N. One never reads, one floods and comes again when it is cut, one speaks for
// others. Each has an address of its own, in 127.0.N.0/24. Prints `begun`, and when its input ends what they did as one JSON line.
// Paced, and without a WebSocket of its own, because it shares the machine with those that are measured: 1 000 messages a second, and a
// connection every 10 ms.
import { type Socket, connect } from "node:net";

export interface AbusersResult {
  /** Messages of the flooder. */
  readonly messages: number;
  /** Its connections that were taken, and those that were not. */
  readonly taken: number;
  readonly refused: number;
  /** Seconds of this process since it began. */
  readonly cpuSeconds: number;
}

const TICK_MS = 10;
const MESSAGES_EACH_TICK = 10;

const [port = 0, n] = process.argv.slice(2).map(Number);
const did = { messages: 0, taken: 0, refused: 0 };

/** A client's text frame, masked with zeros (RFC 6455, 5.2); `text` has less than 126 bytes, or less than 64 KiB. */
function frame(text: string): Buffer {
  const { length } = text;
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0xfe, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)]);
}

const UPGRADE = `GET /swarm HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: sta.1\r\n\r\n`;
const HELLO = frame(JSON.stringify({ type: "hello", peerId: "f".repeat(40), port: 1, agent: "bad" }));
const QUESTIONS = Buffer.concat(
  Array.from({ length: MESSAGES_EACH_TICK }, (_, id) => frame(JSON.stringify({ type: "peers", id }))),
);

/** Joins from `127.0.N.last`; `joined` is given the socket once the tracker has answered. */
function join(last: number, joined: (socket: Socket) => void): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress: `127.0.${n}.${last}` });
  socket.on("error", () => undefined);
  socket.once("data", () => joined(socket)).write(UPGRADE);
  socket.write(HELLO);
  return socket.resume();
}

function flood(): void {
  let timer: NodeJS.Timeout | undefined;
  const socket = join(2, () => {
    did.taken++;
    timer = setInterval(() => {
      did.messages += MESSAGES_EACH_TICK;
      socket.write(QUESTIONS);
    }, TICK_MS);
  });
  socket.on("close", () => {
    if (!timer) did.refused++;
    clearInterval(timer);
    setTimeout(flood, TICK_MS);
  });
}

/** Says what the first of the others would say, with its peer id and its port, as often as it may. */
function speakForAnother(): void {
  const other = { peerId: "0".repeat(40), address: "127.0.0.1", port: 1 };
  const have = frame(JSON.stringify({ type: "have", infoHash: "5a".repeat(20), pieces: null, ...other }));
  join(3, (socket) => setInterval(() => socket.write(have), 100));
}

join(1, (socket) => socket.pause());
flood();
speakForAnother();
const before = process.cpuUsage();
console.log("begun");
process.stdin.resume().on("end", () => {
  const { user, system } = process.cpuUsage(before);
  const result: AbusersResult = { ...did, cpuSeconds: (user + system) / 1e6 };
  console.log(JSON.stringify(result));
  process.exit(0);
});
