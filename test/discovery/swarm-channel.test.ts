import { createServer } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import {
  type ChannelEvent,
  type ChannelState,
  SwarmChannel,
  type SwarmChannelOptions,
} from "../../source/discovery/swarm-channel.ts";
import { fullBitfield } from "../../source/protocol/channel/bitfield.ts";
import { idFromHex, toPeerId } from "../../source/protocol/ids.ts";
import type { RunningTracker } from "../../tracker/server.ts";
import { makeCertificate } from "../tracker/certificate.ts";
import { peerIdOf, startTracker, temporaryFolder, torrentOf } from "../tracker/support.ts";

const TIMING = { firstRetryMs: 10, maxRetryMs: 20, refusedRetryMs: 20, gatherMs: 5 };

/** A channel whose events can be awaited; it goes with the test. */
class Observed {
  readonly events: ChannelEvent[] = [];
  readonly channel: SwarmChannel;
  #wake: () => void = () => undefined;

  constructor(tracker: { port: number }, n: number, options: Partial<SwarmChannelOptions> = {}) {
    this.channel = new SwarmChannel({
      host: "127.0.0.1",
      port: tracker.port,
      peerId: toPeerId(idFromHex(peerIdOf(n))!),
      listenPort: () => 7000 + n,
      agent: "test",
      random: () => 0.5,
      onEvent: (event) => {
        this.events.push(event);
        this.#wake();
      },
      timing: TIMING,
      ...options,
    });
    onTestFinished(() => this.channel.close());
    this.channel.start();
  }

  async until<T>(read: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = read();
      if (value) return value;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  state(state: ChannelState["state"]): Promise<ChannelState> {
    return this.until(() => this.channel.state.state === state && this.channel.state);
  }

  event<Type extends ChannelEvent["type"]>(type: Type): Promise<Extract<ChannelEvent, { type: Type }>> {
    return this.until(() => {
      const at = this.events.findIndex((event) => event.type === type);
      if (at < 0) return undefined;
      return this.events.splice(0, at + 1).at(-1) as Extract<ChannelEvent, { type: Type }>;
    });
  }
}

async function connected(tracker: RunningTracker, n: number, options: Partial<SwarmChannelOptions> = {}) {
  const observed = new Observed(tracker, n, options);
  await observed.state("connected");
  return observed;
}

test("what one publishes and has, the other sees, fetches and finds holders of", async () => {
  const tracker = await startTracker();
  const [a, b] = [await connected(tracker, 1), await connected(tracker, 2)];
  const { bytes, infoHash } = torrentOf("film.mkv", 9);
  const published = a.channel.publish(bytes);
  a.channel.have(infoHash, fullBitfield(9));
  expect(await published).toBe(infoHash);

  expect((await b.event("available")).entry).toMatchObject({ name: "film.mkv", holders: 1, seeds: 1 });
  expect(b.channel.catalogue()).toMatchObject([{ infoHash, availablePieces: 9 }]);
  expect(new Uint8Array(await b.channel.torrent("film.mkv"))).toEqual(bytes);
  expect(new Uint8Array(await b.channel.torrent(infoHash))).toEqual(bytes);
  const [holder] = await b.channel.holders(infoHash);
  expect(holder).toMatchObject({ peerId: peerIdOf(1), address: "127.0.0.1", port: 7001 });
  expect(new Uint8Array(holder!.pieces)).toEqual(fullBitfield(9));
  expect(await b.channel.peers()).toHaveLength(1);

  await a.channel.close();
  expect(await b.event("unavailable")).toMatchObject({ infoHash, why: "left", peer: "127.0.0.1:7001" });
});

test("pieces gained are gathered into few updates", async () => {
  const tracker = await startTracker();
  const [a, b] = [await connected(tracker, 1), await connected(tracker, 2)];
  const { bytes, infoHash } = torrentOf("x", 100);
  await a.channel.publish(bytes);
  a.channel.have(infoHash, new Uint8Array(13));
  for (let piece = 0; piece < 100; piece++) a.channel.update(infoHash, [piece], []);
  expect((await b.event("available")).entry).toMatchObject({ availablePieces: 100, seeds: 1 });
});

test("an update before have, or of a piece beyond the bitfield, is our own mistake", async () => {
  const a = await connected(await startTracker(), 1);
  const { infoHash } = torrentOf("x", 8);
  expect(() => a.channel.update(infoHash, [1], [])).toThrow(RangeError);
  a.channel.have(infoHash, new Uint8Array(1));
  expect(() => a.channel.update(infoHash, [8], [])).toThrow(RangeError);
});

test("a tracker that restarts with nothing is told everything again", async () => {
  const first = await startTracker();
  const [a, b] = [await connected(first, 1), await connected(first, 2)];
  const { bytes, infoHash } = torrentOf("x", 8);
  await a.channel.publish(bytes);
  a.channel.have(infoHash, new Uint8Array(1));
  a.channel.update(infoHash, [0, 1, 2, 3, 4, 5, 6, 7], []);
  await b.event("available");
  await first.close();
  await Promise.all([a.state("waiting"), b.state("waiting")]);
  expect(a.channel.state.retryAt).toBeGreaterThan(0);

  await startTracker({ port: first.port });
  expect((await b.event("available")).entry).toMatchObject({ infoHash, seeds: 1 });
});

test("a tracker that restarts with its folder is told only who has what", async () => {
  const dir = await temporaryFolder();
  const first = await startTracker({ dir });
  const a = await connected(first, 1);
  const { bytes, infoHash } = torrentOf("x", 8);
  await a.channel.publish(bytes);
  a.channel.have(infoHash, fullBitfield(8));
  await a.event("available");
  await first.close();
  await startTracker({ dir, port: first.port });
  expect((await a.event("available")).entry).toMatchObject({ infoHash, seeds: 1 });
});

test("what nobody published is said as soon as somebody does, without a word of trouble", async () => {
  const tracker = await startTracker();
  const [a, b] = [await connected(tracker, 1), await connected(tracker, 2)];
  const { bytes, infoHash } = torrentOf("x", 8);
  a.channel.have(infoHash, new Uint8Array(1));
  await a.channel.peers();
  a.channel.update(infoHash, [0, 1, 2, 3, 4, 5, 6], []);
  await b.channel.publish(bytes);
  a.channel.update(infoHash, [7], []);
  expect((await b.event("available")).entry).toMatchObject({ holders: 1, seeds: 1 });
  expect(a.events.some(({ type }) => type === "problem")).toBe(false);
});

test("a torrent of 10 MB can be published, one byte more cannot", async () => {
  const a = await connected(await startTracker(), 1);
  const padding = (size: number) => {
    const { bytes } = torrentOf("x", 8);
    const head = Buffer.concat([Buffer.from("d1:a"), Buffer.from(`${size}:`), Buffer.alloc(size)]);
    return new Uint8Array(Buffer.concat([head, bytes.subarray(1)]));
  };
  const rest = padding(9_000_000).length - 9_000_000;
  expect(await a.channel.publish(padding(10_000_000 - rest))).toBe(torrentOf("x", 8).infoHash);
  await expect(a.channel.publish(padding(10_000_001 - rest))).rejects.toMatchObject({ code: "too-big" });
});

test("forgetting a torrent takes it from the others", async () => {
  const tracker = await startTracker();
  const [a, b] = [await connected(tracker, 1), await connected(tracker, 2)];
  const { bytes, infoHash } = torrentOf("x", 8);
  await a.channel.publish(bytes);
  a.channel.have(infoHash, fullBitfield(8));
  await b.event("available");
  a.channel.forget(infoHash);
  expect((await b.event("unavailable")).why).toBe("stopped sharing");
});

test("requests fail with the tracker's own reason", async () => {
  const a = await connected(await startTracker(), 1);
  await expect(a.channel.torrent("no such file")).rejects.toMatchObject({
    name: "TrackerError",
    code: "not-found",
    message: "File does not exist in the swarm: no such file",
  });
  const { bytes, infoHash } = torrentOf("x", 8);
  await a.channel.publish(bytes);
  await expect(a.channel.holders(infoHash)).rejects.toMatchObject({
    code: "no-holder",
    message: "No peer has the file x now",
  });
  await expect(a.channel.publish(new Uint8Array([1]))).rejects.toMatchObject({ code: "malformed" });
});

test("without a tracker it says so, and connects by itself when one comes", async () => {
  const free = await startTracker();
  await free.close();
  const a = new Observed(free, 1);
  const waiting = await a.state("waiting");
  expect(waiting.problem).toBe(`no tracker answers at 127.0.0.1:${free.port}`);
  const { bytes, infoHash } = torrentOf("x", 8);
  a.channel.have(infoHash, fullBitfield(8));
  await expect(a.channel.publish(bytes)).rejects.toMatchObject({ code: "unreachable" });
  await startTracker({ port: free.port });
  expect((await a.event("available")).entry).toMatchObject({ infoHash, seeds: 1 });
});

test("a wrong token is refused with a reason", async () => {
  const a = new Observed(await startTracker({ token: "right" }), 1, { token: "wrong" });
  const { problem } = await a.state("refused");
  expect(problem).toContain("refused us: this tracker asks for a token");
});

test("something else at the tracker's address is named so", async () => {
  const server = createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const a = new Observed(server.address() as { port: number }, 1);
  expect((await a.state("waiting")).problem).toContain("is no sta-tracker");
});

const WELCOME = {
  type: "welcome",
  seq: 5,
  epoch: "e",
  you: { address: "127.0.0.1", port: 1 },
  peers: 1,
  catalogue: [],
  more: false,
  limits: { messagesPerSecond: 10, frame: 65_536 },
};

/** A tracker of our own making, which answers each hello with `frames`; null is a close. */
async function scripted(frames: readonly unknown[]): Promise<{ port: number; hellos: { resume?: number }[] }> {
  const hellos: { resume?: number }[] = [];
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sta.1" });
  server.on("connection", (socket) => {
    socket.once("message", (data) => {
      hellos.push(JSON.parse(String(data)) as { resume?: number });
      for (const frame of frames) {
        if (frame === null) socket.close(1001);
        else socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
      }
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, hellos };
}

test("what a tracker lacks is published a few at a time, each once, and only then said to be held", async () => {
  const heard: { type: string; id: number; infoHash?: string }[] = [];
  let answers = false;
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sta.1" });
  server.on("connection", (socket) => {
    const answer = ({ id }: { id: number }) =>
      socket.send(JSON.stringify({ type: "published", re: id, infoHash: peerIdOf(id) }));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as (typeof heard)[number];
      if (message.type === "hello") return socket.send(JSON.stringify(WELCOME));
      heard.push(message);
      if (message.type === "publish" && answers) answer(message);
      if (message.type !== "peers") return;
      answers = true;
      socket.send(JSON.stringify({ type: "peers", re: message.id, peers: [] }));
      for (const waiting of heard.filter(({ type }) => type === "publish")) answer(waiting);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const a = new Observed(server.address() as { port: number }, 1);
  onTestFinished(() => void server.close());
  const torrents = Array.from({ length: 40 }, (_, n) => torrentOf(`file ${n}`, 8));
  for (const { bytes, infoHash } of torrents) {
    await a.channel.publish(bytes).catch(() => undefined);
    a.channel.have(infoHash, fullBitfield(8));
  }
  await a.state("connected");
  await a.channel.peers();
  expect(heard.map(({ type }) => type)).toEqual([...Array<string>(8).fill("publish"), "peers"]);
  await a.channel.peers();
  while (heard.filter(({ type }) => type === "have").length < 40) await a.channel.peers();
  expect(heard.filter(({ type }) => type === "publish")).toHaveLength(40);
});

test("a gap in the numbers makes it ask for the catalogue anew", async () => {
  const tracker = await scripted([WELCOME, { type: "notice", seq: 7, text: "seven" }]);
  const a = new Observed(tracker, 1);
  await a.state("connected");
  await a.until(() => tracker.hellos.length >= 2);
  expect(tracker.hellos[1]!.resume).toBeUndefined();
  expect(a.events.some(({ type }) => type === "notice")).toBe(false);
});

test("a connection that is lost is resumed behind the last number heard", async () => {
  const tracker = await scripted([WELCOME, { type: "notice", seq: 6, text: "six" }, null]);
  const a = new Observed(tracker, 1);
  expect((await a.event("notice")).text).toBe("six");
  await a.until(() => tracker.hellos.length >= 2);
  expect(tracker.hellos[1]).toMatchObject({ resume: 6, epoch: "e" });
});

test("a malformed message ends the connection with a reason", async () => {
  const a = new Observed(await scripted([WELCOME, "{"]), 1);
  expect((await a.state("waiting")).problem).toContain("malformed message: frame is not JSON");
});

test("a tracker that falls silent is left", async () => {
  const a = new Observed(await scripted([WELCOME]), 1, { timing: { ...TIMING, silentMs: 20 } });
  await a.state("connected");
  expect((await a.state("waiting")).problem).toContain("was lost");
});

test("a request behind its end fails at once", async () => {
  const a = new Observed(await scripted([WELCOME]), 1);
  await a.state("connected");
  const asked = a.channel.close();
  await expect(a.channel.peers()).rejects.toMatchObject({ code: "unreachable" });
  await asked;
  await expect(a.channel.torrent("x")).rejects.toMatchObject({ code: "unreachable" });
});

test("a request that is not answered fails", async () => {
  const mute = new Observed(await scripted([WELCOME]), 1, { timing: { ...TIMING, requestMs: 20 } });
  await mute.state("connected");
  await expect(mute.channel.peers()).rejects.toMatchObject({ code: "timeout" });
});

test("a tracker that takes connections and never says welcome is named so", async () => {
  const a = new Observed(await scripted([]), 1, { timing: { ...TIMING, connectMs: 20 } });
  expect((await a.state("waiting")).problem).toContain("does not answer");
});

test("a tracker that lists too much is heard up to the cap", async () => {
  const entry = { name: "x", length: 1, pieceLength: 1, pieceCount: 1, availablePieces: 0, holders: 0, seeds: 0 };
  const pages = Array.from({ length: 320 }, (_, page) => ({
    type: "catalogue",
    entries: Array.from({ length: 32 }, (_, i) => ({
      ...entry,
      infoHash: peerIdOf(page * 32 + i),
      private: false,
      addedAt: 0,
    })),
    more: page < 319,
  }));
  const a = new Observed(
    await scripted([{ ...WELCOME, more: true }, ...pages, { type: "notice", seq: 6, text: "" }]),
    1,
  );
  await a.event("notice");
  expect(a.channel.catalogue()).toHaveLength(10_000);
});

test("a tracker that speaks TLS is spoken with when its certificate is trusted, and named otherwise", async () => {
  const { pem } = await makeCertificate("tracker");
  const tracker = await startTracker({ tls: pem });
  const suspicious = new Observed(tracker, 1, { secure: true });
  expect((await suspicious.state("waiting")).problem).toMatch(
    /^the certificate of https:\/\/127\.0\.0\.1:\d+ is not trusted /,
  );
  const plain = new Observed(tracker, 2);
  expect((await plain.state("waiting")).problem).toMatch(/^127\.0\.0\.1:\d+ closes connections at once: /);
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, String(pem.cert)]);
  onTestFinished(() => setDefaultCACertificates(before));
  await suspicious.state("connected");
  expect(await suspicious.channel.peers()).toEqual([]);
});

test("TLS is not spoken with who speaks plain text", async () => {
  const secure = new Observed(await startTracker(), 1, { secure: true });
  expect((await secure.state("waiting")).problem).toMatch(/does not speak TLS: name it without https:\/\/$/);
});
