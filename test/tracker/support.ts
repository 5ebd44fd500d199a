// What the tracker's tests share: a tracker on a free loopback port, raw channel clients, small torrents.
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { decode } from "../../source/protocol/bencode.ts";
import type { BencodeDictionary } from "../../source/protocol/bencode.ts";
import { toBase64 } from "../../source/protocol/channel/bitfield.ts";
import {
  CHANNEL_SUBPROTOCOL,
  type ClientMessage,
  type TrackerMessage,
  parseTrackerMessage,
} from "../../source/protocol/channel/messages.ts";
import { type InfoHashHex, type PeerIdHex, idFromHex } from "../../source/protocol/ids.ts";
import { percentEncode } from "../../source/protocol/tracker/http-announce.ts";
import { torrentOf } from "./torrents.ts";
import { type CreateTrackerOptions, type RunningTracker, createTracker } from "../../tracker/server.ts";

/** A folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sta-tracker-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A tracker that goes with the test. Counts move at once, so that nobody waits. */
export async function startTracker(options: Partial<CreateTrackerOptions> = {}): Promise<RunningTracker> {
  const dir = options.dir ?? (await temporaryFolder());
  const { timing, ...rest } = options;
  const tracker = await createTracker({ host: "127.0.0.1", port: 0, dir, timing: { gatherMs: 5, ...timing }, ...rest });
  onTestFinished(() => tracker.close());
  return tracker;
}

export { torrentOf };

export const peerIdOf = (n: number) => n.toString(16).padStart(40, "0") as PeerIdHex;

/** A channel client that keeps all it hears. */
export class RawClient {
  readonly heard: TrackerMessage[] = [];
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  #wake: () => void = () => undefined;
  #ids = 0;

  constructor(
    port: number,
    protocols: string[] = [CHANNEL_SUBPROTOCOL],
    headers: Record<string, string> = {},
    localAddress?: string,
  ) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/swarm`, protocols, { headers, localAddress });
    this.socket.on("message", (data) => {
      const message = parseTrackerMessage(String(data));
      if (message) this.heard.push(message);
      this.#wake();
    });
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
    onTestFinished(() => this.socket.terminate());
  }

  async opened(): Promise<this> {
    if (this.socket.readyState !== WebSocket.OPEN) await new Promise((resolve) => this.socket.once("open", resolve));
    return this;
  }

  say(message: ClientMessage | object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The first message of `type` that `matches`, waiting for it if need be. Takes it and all before it away. */
  async next<Type extends TrackerMessage["type"]>(
    type: Type,
    matches: (message: Extract<TrackerMessage, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<TrackerMessage, { type: Type }>> {
    for (;;) {
      const at = this.heard.findIndex(
        (message) => message.type === type && matches(message as Extract<TrackerMessage, { type: Type }>),
      );
      if (at >= 0) return this.heard.splice(0, at + 1).at(-1) as Extract<TrackerMessage, { type: Type }>;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async hello(n: number, more: object = {}): Promise<Extract<TrackerMessage, { type: "welcome" }>> {
    await this.opened();
    this.say({ type: "hello", peerId: peerIdOf(n), port: 7000 + n, agent: "test", ...more });
    return this.next("welcome");
  }

  async publish(torrent: Uint8Array): Promise<InfoHashHex> {
    const id = ++this.#ids;
    this.say({ type: "publish", id, torrent: toBase64(torrent) });
    return (await this.next("published", ({ re }) => re === id)).infoHash;
  }

  /** After this, the tracker has acted on all that was said before. */
  async settled(): Promise<void> {
    const id = ++this.#ids;
    this.say({ type: "peers", id });
    await this.next("peers", ({ re }) => re === id);
  }
}

export async function welcomed(tracker: RunningTracker, n: number): Promise<RawClient> {
  const client = new RawClient(tracker.port);
  await client.hello(n);
  return client;
}

/** Body and status of a GET. */
export function get(
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  method = "GET",
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host, port, path, method, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** A decoded announce, with `query` behind the members every client sends. */
export async function announce(
  tracker: RunningTracker,
  { infoHash, port, left = 0 }: { infoHash: InfoHashHex; port: number; left?: number },
  query = "",
): Promise<BencodeDictionary> {
  const hash = percentEncode(idFromHex(infoHash)!);
  const path = `/announce?info_hash=${hash}&peer_id=-XX0000-123456789012&port=${port}&uploaded=0&downloaded=0&left=${left}${query}`;
  return decode(new Uint8Array((await get(tracker, path)).body)) as BencodeDictionary;
}
