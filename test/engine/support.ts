// Engines in this process on loopback, with state and data in folders that go when the test ends.
import { writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { EngineEvent, Snapshot, TransferRow } from "../../source/control/contract.ts";
import type { EngineOptions } from "../../source/engine/engine-options.ts";
import { Engine } from "../../source/engine/engine.ts";
import { type InfoHash, type InfoHashHex, idFromHex, toInfoHash, toPeerId } from "../../source/protocol/ids.ts";
import { encodeHandshake } from "../../source/protocol/peer/messages.ts";
import { writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

export interface TestEngine {
  readonly engine: Engine;
  readonly home: string;
  readonly folder: string;
  /** host:port that takes peers. */
  readonly address: string;
  readonly events: EngineEvent[];
}

/** An engine that is closed when the test ends, if it still runs then. */
export async function startEngine(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const home = options.home ?? (await temporaryFolder());
  const folder = options.folder ?? (await temporaryFolder());
  const engine = await Engine.start({
    version: "0.1.0",
    port: 0,
    host: "127.0.0.1",
    trackers: [],
    token: undefined,
    downLimit: 0,
    upLimit: 0,
    acceptPushes: "catalogue",
    activeDownloads: 0,
    ratioLimit: null,
    seedSecondsLimit: null,
    onStop: () => undefined,
    ...options,
    home,
    folder,
  });
  onTestFinished(() => engine.close());
  const events: EngineEvent[] = [];
  engine.onEvent((event) => events.push(event));
  return { engine, home, folder, address: `127.0.0.1:${engine.port}`, events };
}

/** Shares what lies at `path`; resolves to its info hash. */
export async function share({ engine }: TestEngine, path: string): Promise<InfoHashHex> {
  const reply = await engine.send({ method: "share", path });
  if (!reply.ok || reply.infoHash === undefined) throw new Error(reply.text);
  return reply.infoHash as InfoHashHex;
}

/** The metainfo of a transfer as a file that others can open. */
export async function torrentFile({ engine, home }: TestEngine, infoHash: InfoHashHex): Promise<string> {
  const path = join(home, `${infoHash}.for-others.torrent`);
  await writeFile(path, engine.book.get(infoHash)!.transfer.metainfo.bytes);
  return path;
}

export function rowOf({ engine }: TestEngine, infoHash: string): TransferRow | undefined {
  return engine.getSnapshot().transfers.find((row) => row.infoHash === infoHash);
}

/** Resolves when the snapshot is as wanted. */
export function until({ engine }: TestEngine, wanted: (snapshot: Snapshot) => boolean): Promise<void> {
  if (wanted(engine.getSnapshot())) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = engine.subscribe(() => {
      if (!wanted(engine.getSnapshot())) return;
      stop();
      resolve();
    });
  });
}

/** Resolves when the transfer's row is as wanted. */
export function untilRow(on: TestEngine, infoHash: string, wanted: (row: TransferRow) => boolean): Promise<void> {
  return until(on, ({ transfers }) => transfers.some((row) => row.infoHash === infoHash && wanted(row)));
}

/** Resolves with the next such event. */
export function nextEvent<Name extends EngineEvent["event"]>(
  { engine }: TestEngine,
  name: Name,
  wanted: (event: Extract<EngineEvent, { event: Name }>) => boolean = () => true,
): Promise<Extract<EngineEvent, { event: Name }>> {
  return new Promise((resolve) => {
    const stop = engine.onEvent((event) => {
      if (event.event !== name || !wanted(event as Extract<EngineEvent, { event: Name }>)) return;
      stop();
      resolve(event as Extract<EngineEvent, { event: Name }>);
    });
  });
}

/** A peer by hand, over TCP. */
export class RawPeer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly #received: Uint8Array[] = [];
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (bytes: Uint8Array) => {
      this.#received.push(bytes);
      this.#wake();
    });
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
    onTestFinished(() => void this.socket.destroy());
  }

  get received(): Uint8Array {
    return Buffer.concat(this.#received);
  }

  say(...parts: (Uint8Array | string)[]): void {
    for (const part of parts) this.socket.write(part);
  }

  /** Resolves when so many bytes have come. */
  async heard(bytes: number): Promise<Uint8Array> {
    while (this.received.length < bytes) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.received;
  }
}

export const peerIdOf = (name: string) => toPeerId(new TextEncoder().encode(name.padEnd(20, ".").slice(0, 20)));

export function handshakeFor(infoHash: InfoHashHex | InfoHash, name = "-XX0000-raw"): Uint8Array {
  const bytes = typeof infoHash === "string" ? toInfoHash(idFromHex(infoHash)!) : infoHash;
  return encodeHandshake({ infoHash: bytes, peerId: peerIdOf(name), fast: true, extended: true, dht: false });
}

export const MB = 1_000_000;

/** A folder of files whose pieces cross their borders, one of them empty. */
export async function makeFolder(seed: string): Promise<string> {
  const path = join(await temporaryFolder(), "music");
  await writeFileOf(join(path, "a", "first.flac"), 3 * MB + 17, `${seed} 1`);
  await writeFileOf(join(path, "b.txt"), 100, `${seed} 2`);
  await writeFileOf(join(path, "z", "last.bin"), 2 * MB, `${seed} 3`);
  await writeFile(join(path, "empty"), "");
  return path;
}
