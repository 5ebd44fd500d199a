// A real control socket in a temporary folder, with a scripted engine behind it.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { ControlClient } from "../../source/control/client.ts";
import type { EngineEvent, EngineEvents, Snapshot } from "../../source/control/contract.ts";
import { ControlServer } from "../../source/control/server.ts";
import { sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";

/** A scripted engine that also tells events. */
export class ScriptedEngine extends ScriptedClient implements EngineEvents {
  readonly #eventListeners = new Set<(event: EngineEvent) => void>();

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  get eventListenerCount(): number {
    return this.#eventListeners.size;
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#eventListeners) listener(event);
  }
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sta-control-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A server on a scripted engine. */
export async function startServer(snapshot: Snapshot = sampleSnapshot()) {
  const path = join(await temporaryFolder(), "control.sock");
  const engine = new ScriptedEngine(snapshot);
  const server = await ControlServer.listen(path, engine);
  onTestFinished(() => server.close());
  return { path, engine, server };
}

export async function connectClient(path: string): Promise<ControlClient> {
  const client = await ControlClient.connect(path);
  onTestFinished(() => client.close());
  return client;
}

/** A connection that writes what a test tells it to, and reads line by line. */
export class RawConnection {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#lines = createInterface(socket)[Symbol.asyncIterator]();
  }

  static async open(path: string): Promise<RawConnection> {
    const connection = new RawConnection(connect(path).on("error", () => undefined));
    onTestFinished(() => void connection.socket.destroy());
    await once(connection.socket, "connect");
    return connection;
  }

  write(...requests: readonly (object | string)[]): void {
    for (const request of requests)
      this.socket.write(typeof request === "string" ? request : `${JSON.stringify(request)}\n`);
  }

  /** The next line, parsed; undefined at the end. */
  async read(): Promise<Record<string, unknown> | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : (JSON.parse(value) as Record<string, unknown>);
  }
}

/** Something that is no ControlServer: sends `text` to whoever connects. */
export async function startImpostor(text: string): Promise<string> {
  const path = join(await temporaryFolder(), "control.sock");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    socket.write(text);
  });
  server.listen(path);
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  return path;
}

/** Resolves at the next call of whoever is told. */
export function nextCall(subscribe: (listener: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    const stop = subscribe(() => {
      stop();
      resolve();
    });
  });
}
