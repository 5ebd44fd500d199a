// A process of bad channel clients: node tracker-abusers.ts PORT N. One never reads, one floods and comes again when it is cut, one speaks for
// others. Each has an address of its own, in 127.0.N.0/24. Prints `begun`, and when its input ends what they did as one JSON line.
// Paced, because it shares the machine with those that are measured: 1 000 messages a second, and a connection every 10 ms.
import { WebSocket } from "ws";
import { CHANNEL_SUBPROTOCOL } from "../../source/protocol/channel/messages.ts";

export interface AbusersResult {
  /** Messages of the flooder. */
  readonly messages: number;
  /** Its connections that were welcomed, and those that were not. */
  readonly welcomed: number;
  readonly refused: number;
  /** Seconds of this process. */
  readonly cpuSeconds: number;
}

const MESSAGES_EACH_10_MS = 10;
const REDIAL_MS = 10;

const [port, n] = process.argv.slice(2).map(Number);
const did = { messages: 0, welcomed: 0, refused: 0 };

/** Says `hello` from `127.0.N.last`; `welcomed` is given the socket then, `closed` is called in any case. */
function join(last: number, welcomed: (socket: WebSocket) => void, closed: () => void = () => undefined): void {
  const localAddress = `127.0.${n}.${last}`;
  const options = { perMessageDeflate: false, localAddress };
  const socket = new WebSocket(`ws://127.0.0.1:${port}/swarm`, [CHANNEL_SUBPROTOCOL], options);
  socket.on("error", () => undefined);
  socket.on("open", () => {
    socket.send(JSON.stringify({ type: "hello", peerId: "f".repeat(40), port: 1, agent: "bad" }));
  });
  socket.once("message", () => welcomed(socket));
  socket.on("close", closed);
}

function flood(): void {
  let timer: NodeJS.Timeout | undefined;
  join(
    2,
    (socket) => {
      did.welcomed++;
      timer = setInterval(() => {
        for (let i = 0; i < MESSAGES_EACH_10_MS; i++)
          socket.send(JSON.stringify({ type: "peers", id: did.messages++ }));
      }, 10);
    },
    () => {
      clearInterval(timer);
      if (!timer) did.refused++;
      setTimeout(flood, REDIAL_MS);
    },
  );
}

/** Says what the first of the others would say, with its peer id and its port, as often as it may. */
function speakForAnother(): void {
  join(3, (socket) => {
    const other = { peerId: "0".repeat(40), address: "127.0.0.1", port: 1 };
    setInterval(() => {
      socket.send(JSON.stringify({ type: "have", infoHash: "5a".repeat(20), pieces: null, ...other }));
    }, 100);
  });
}

join(1, (socket) => socket.pause());
flood();
speakForAnother();
console.log("begun");
process.stdin.resume().on("end", () => {
  const { user, system } = process.cpuUsage();
  const result: AbusersResult = { ...did, cpuSeconds: (user + system) / 1e6 };
  console.log(JSON.stringify(result));
  process.exit(0);
});
