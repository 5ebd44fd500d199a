// A process of two bad channel clients: node tracker-abusers.ts PORT. One never reads, one floods and comes again when it is cut.
import { WebSocket } from "ws";
import { CHANNEL_SUBPROTOCOL } from "../../source/protocol/channel/messages.ts";

const port = Number(process.argv[2]);

/** Says `hello`; `then` is given the socket that was welcomed. */
function join(n: number, then: (socket: WebSocket) => void): void {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/swarm`, [CHANNEL_SUBPROTOCOL], { perMessageDeflate: false });
  socket.on("error", () => undefined);
  socket.on("open", () => {
    socket.send(JSON.stringify({ type: "hello", peerId: n.toString(16).padStart(40, "f"), port: 1, agent: "bad" }));
  });
  socket.once("message", () => then(socket));
}

function flood(n: number): void {
  join(n, (socket) => {
    const timer = setInterval(() => {
      for (let i = 0; i < 20; i++) socket.send(JSON.stringify({ type: "peers", id: i }));
    }, 1);
    socket.on("close", () => {
      clearInterval(timer);
      flood(n + 1);
    });
  });
}

join(1, (socket) => socket.pause());
flood(2);
