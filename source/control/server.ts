// ControlServer: the engine's control socket. A client that does not read is skipped, never queued for.
import { chmod, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { CONTROL_PROTOCOL, type EngineClient, type EngineEvent, type EngineEvents, type Snapshot } from "./contract.ts";
import { BEAT_MS, MAX_REQUEST_CHARS, MAX_WAITING_BYTES } from "./limits.ts";
import { LineReader, parseLine, toLine } from "./lines.ts";
import { type EngineLine, parseRequest, type SnapshotPart } from "./messages.ts";

/** What the server needs of an engine. */
type Served = EngineClient & EngineEvents;

export class ControlServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #path: string;

  private constructor(path: string, engine: Served) {
    this.#path = path;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      serve(socket, engine);
    });
  }

  /**
   * Listens at `path`, which only its owner may open. A socket left behind by an engine that died is replaced: whoever
   * calls this owns the state folder. Rejects with the system's error.
   */
  static async listen(path: string, engine: Served): Promise<ControlServer> {
    await rm(path, { force: true });
    const server = new ControlServer(path, engine);
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", reject);
      server.#server.listen(path, () => {
        // EMFILE and the like: that client is lost, the others stay.
        server.#server.on("error", () => undefined);
        resolve();
      });
    });
    await chmod(path, 0o600);
    return server;
  }

  /** Takes nobody any longer. Who is connected stays until `before` is over: it learns of that end by its own. */
  async close(before: Promise<unknown> = Promise.resolve()): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.allSettled([before]);
    for (const socket of this.#sockets) socket.end();
    setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), 200).unref();
    await closed;
    await rm(this.#path, { force: true });
  }
}

function serve(socket: Socket, engine: Served): void {
  const lines = new LineReader(MAX_REQUEST_CHARS);
  const send = (line: EngineLine) => {
    // Who asks and does not read is not read either.
    if (!socket.write(toLine(line))) socket.pause();
  };
  const stops: (() => void)[] = [];
  const { version, pid } = engine.getSnapshot().engine;
  socket.write(toLine({ sta: version, protocol: CONTROL_PROTOCOL, pid }));
  socket.setEncoding("utf8");
  socket.on("drain", () => socket.resume());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => stops.forEach((stop) => stop()));
  socket.on("data", (text: string) => {
    try {
      for (const line of lines.read(text)) void answer(line);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      socket.destroy();
    }
  });

  let hasSnapshots = false;
  let hasEvents = false;
  async function answer(line: string): Promise<void> {
    const request = parseRequest(parseLine(line));
    if ("error" in request) {
      send({ re: request.id ?? -1, error: request.error });
    } else if (request.method === "command") {
      send({ re: request.id, result: await engine.send(request.command) });
    } else if (request.method === "subscribe") {
      if (hasSnapshots) return;
      hasSnapshots = true;
      stops.push(sendSnapshots(socket, engine, send));
    } else {
      if (hasEvents) return;
      hasEvents = true;
      let seq = 0;
      const tell = (event: EngineEvent) => {
        seq++;
        if (socket.writableLength <= MAX_WAITING_BYTES) send({ event, seq });
      };
      stops.push(engine.onEvent(tell));
    }
  }
}

/** Sends what changed, and only once the socket has taken what was sent before. */
function sendSnapshots(socket: Socket, engine: Served, send: (line: EngineLine) => void): () => void {
  let sent: Snapshot | undefined;
  const update = () => {
    if (socket.writableNeedDrain) return;
    const snapshot = engine.getSnapshot();
    const part = changedParts(sent, snapshot);
    if (Object.keys(part).length === 0) return;
    sent = snapshot;
    send({ snapshot: part });
  };
  socket.on("drain", update);
  const unsubscribe = engine.subscribe(update);
  const beat = setInterval(() => {
    if (!socket.writableNeedDrain) send({ snapshot: {} });
  }, BEAT_MS).unref();
  update();
  return () => {
    clearInterval(beat);
    unsubscribe();
  };
}

function changedParts(before: Snapshot | undefined, after: Snapshot): SnapshotPart {
  const part: SnapshotPart = {};
  if (before?.engine !== after.engine) part.engine = after.engine;
  if (before?.trackers !== after.trackers) part.trackers = after.trackers;
  if (before?.catalogue !== after.catalogue) part.catalogue = after.catalogue;
  if (before?.transfers !== after.transfers) part.transfers = after.transfers;
  if (before?.broadcasts !== after.broadcasts) part.broadcasts = after.broadcasts;
  return part;
}
