// ControlClient: a running engine, seen through its control socket.
import { connect, type Socket } from "node:net";
import { displayText } from "../protocol/display-text.ts";
import {
  type CatalogueRow,
  type Command,
  CONTROL_PROTOCOL,
  type DisplayText,
  type EngineClient,
  type EngineEvent,
  type EngineEvents,
  type Reply,
  type Snapshot,
  type TransferRow,
} from "./contract.ts";
import { BEAT_MS, CONNECT_MS, MAX_REPLY_CHARS, SILENT_MS } from "./limits.ts";
import { LineReader, parseLine, toLine } from "./lines.ts";
import { type EngineLine, helloSchema, type SnapshotPart } from "./messages.ts";

/** There is no engine to talk to; `code` says how so. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  readonly code: "not-running" | "other-version" | "no-answer";

  constructor(code: ControlError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export class ControlClient implements EngineClient, EngineEvents {
  readonly #socket: Socket;
  readonly #replies = new Map<number, (reply: Reply) => void>();
  readonly #listeners = new Set<() => void>();
  readonly #eventListeners = new Set<(event: EngineEvent) => void>();
  /** As the engine told it last. */
  #told: Snapshot | undefined;
  /** What is shown: the same, with an alert while the engine is silent. */
  #snapshot: Snapshot | undefined;
  #silence: NodeJS.Timeout | undefined;
  #isSilent = false;
  /** It says so when nothing has changed: an engine of an earlier version does not. */
  #beats = false;
  #lastId = 0;
  #hearsEvents = false;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects and waits for the first snapshot. Throws ControlError. */
  static async connect(path: string): Promise<ControlClient> {
    const socket = await open(path);
    const client = new ControlClient(socket);
    try {
      await client.#begin();
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return client;
  }

  getSnapshot(): Snapshot {
    return this.#snapshot!;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    if (!this.#hearsEvents) this.#request("events", {});
    this.#hearsEvents = true;
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  send(command: Command): Promise<Reply> {
    if (this.#closed) return Promise.resolve(GONE);
    const { method, ...params } = command;
    const id = this.#request(method, params);
    return new Promise((resolve) => this.#replies.set(id, resolve));
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#silence);
    this.#listeners.clear();
    this.#eventListeners.clear();
    this.#socket.destroy();
  }

  #request(method: string, params: object): number {
    const id = ++this.#lastId;
    this.#socket.write(toLine({ id, method, params }));
    return id;
  }

  #begin(): Promise<void> {
    const lines = new LineReader(MAX_REPLY_CHARS);
    let greeted = false;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new ControlError("no-answer", "The engine does not answer. If it hangs, end it and try again."));
      }, CONNECT_MS);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#socket.setEncoding("utf8");
      this.#socket.on("error", (error) =>
        reject(new ControlError("not-running", "The engine went away.", { cause: error })),
      );
      this.#socket.on("close", () => {
        clearTimeout(timer);
        reject(new ControlError("not-running", "The engine went away."));
        this.#lost();
      });
      this.#socket.on("data", (text: string) => {
        try {
          for (const line of lines.read(text)) {
            if (greeted) this.#gotLine(parseLine(line));
            else {
              greeted = true;
              const refusal = refusalOf(parseLine(line));
              if (refusal) return reject(refusal);
              this.#request("subscribe", {});
            }
            if (this.#snapshot) done();
          }
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          this.#socket.destroy(error);
        }
      });
    });
  }

  /** Throws RangeError for what no engine of this protocol says. */
  #gotLine(value: unknown): void {
    if (!isEngineLine(value)) throw new RangeError("not a line of an engine");
    const line = value;
    if ("snapshot" in line) {
      this.#gotSnapshot(line.snapshot);
    } else if ("event" in line) {
      for (const listener of this.#eventListeners) listener(line.event);
    } else {
      const resolve = this.#replies.get(line.re);
      this.#replies.delete(line.re);
      const reply = "result" in line ? line.result : refused(line.error);
      resolve?.(reply);
    }
  }

  #gotSnapshot(part: SnapshotPart): void {
    if (Object.keys(part).length === 0) {
      this.#beats = true;
      return this.#heard();
    }
    this.#told = merge(this.#told, part);
    this.#heard();
    this.#show();
  }

  #show(): void {
    if (!this.#told) return;
    const { engine } = this.#told;
    const alerts = [silentText(engine.pid), ...engine.alerts];
    this.#snapshot = this.#isSilent ? { ...this.#told, engine: { ...engine, alerts } } : this.#told;
    for (const listener of this.#listeners) listener();
  }

  /** The engine has said something; from then on it is waited for. */
  #heard(): void {
    clearTimeout(this.#silence);
    const wasSilent = this.#isSilent;
    this.#isSilent = false;
    if (wasSilent) this.#show();
    if (!this.#beats) return;
    this.#silence = setTimeout(() => {
      // What came while we ourselves were stopped is read first.
      this.#silence = setTimeout(() => {
        this.#isSilent = true;
        this.#show();
      }, BEAT_MS).unref();
    }, SILENT_MS - BEAT_MS).unref();
  }

  #lost(): void {
    const wasOpen = !this.#closed;
    this.#closed = true;
    clearTimeout(this.#silence);
    for (const resolve of this.#replies.values()) resolve(GONE);
    this.#replies.clear();
    if (!wasOpen || !this.#told) return;
    this.#isSilent = false;
    this.#told = { ...this.#told, engine: { ...this.#told.engine, state: "gone" } };
    this.#show();
  }
}

const GONE: Reply = { ok: false, code: "engine-gone", text: "The engine is gone: start sta again." as DisplayText };

function silentText(pid: number): DisplayText {
  const seconds = SILENT_MS / 1_000;
  return displayText(
    `The engine (process ${pid}) has said nothing for ${seconds} s: it is stopped, or this machine has no time for it.`,
  );
}

function refused(error: string): Reply {
  return { ok: false, code: "bad-format", text: `Wrong format: ${error}` as DisplayText };
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", (error) => reject(new ControlError("not-running", "No engine is running.", { cause: error })));
  });
}

function refusalOf(value: unknown): ControlError | undefined {
  const hello = helloSchema.safeParse(value);
  if (hello.success && hello.data.protocol === CONTROL_PROTOCOL) return undefined;
  const version = hello.success ? `sta ${hello.data.sta}` : "another program";
  return new ControlError(
    "other-version",
    `The running engine is ${version} and does not speak with this sta: stop it with its own "sta stop".`,
  );
}

function isEngineLine(value: unknown): value is EngineLine {
  return typeof value === "object" && value !== null && ("snapshot" in value || "event" in value || "re" in value);
}

/** The parts that came in the place of those of before; rows that are equal keep their identity. */
function merge(before: Snapshot | undefined, part: SnapshotPart): Snapshot {
  const merged = { ...before, ...part } as Snapshot;
  if (!before) return merged;
  return {
    ...merged,
    catalogue: keepRows(before.catalogue, merged.catalogue),
    transfers: keepRows(before.transfers, merged.transfers),
    broadcasts: keepBroadcasts(before.broadcasts, merged.broadcasts),
  };
}

function keepRows<Row extends CatalogueRow | TransferRow>(
  before: readonly Row[],
  after: readonly Row[],
): readonly Row[] {
  if (before === after) return before;
  const byKey = new Map(before.map((row) => [keyOf(row), row]));
  return after.map((row) => {
    const old = byKey.get(keyOf(row));
    return old && JSON.stringify(old) === JSON.stringify(row) ? old : row;
  });
}

function keyOf(row: CatalogueRow | TransferRow): string {
  return "tracker" in row ? `${row.infoHash} ${row.tracker}` : row.infoHash;
}

function keepBroadcasts(before: Snapshot["broadcasts"], after: Snapshot["broadcasts"]): Snapshot["broadcasts"] {
  if (before === after) return before;
  const bySeq = new Map(before.map((row) => [row.seq, row]));
  return after.map((row) => bySeq.get(row.seq) ?? row);
}
