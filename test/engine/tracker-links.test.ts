import { describe, expect, it, onTestFinished } from "vitest";
import type { ChannelEvent } from "../../source/discovery/swarm-channel.ts";
import { TrackerLinks } from "../../source/engine/tracker-links.ts";
import { TrackerError } from "../../source/protocol/errors.ts";
import type { InfoHashHex } from "../../source/protocol/ids.ts";
import { RawClient, startTracker, torrentOf } from "../tracker/support.ts";
import { WebSocketServer } from "ws";
import { peerIdOf } from "./support.ts";

/** Links whose events can be waited for. */
function newLinks(name = "links", token?: string) {
  const events: ChannelEvent[] = [];
  let wake = () => undefined as void;
  const links = new TrackerLinks({
    peerId: peerIdOf(name),
    listenPort: () => 7_000,
    agent: "test",
    token,
    onEvent: (event) => {
      events.push(event);
      wake();
    },
  });
  onTestFinished(() => links.close());
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  const connected = () => links.statuses(performance.now()).every(({ state }) => state === "connected");
  return { links, events, until, connected };
}

/** A tracker that welcomes everybody and else does as the test says. */
async function fakeTracker(answer: (message: { id?: number }, say: (message: object) => void) => void = () => {}) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sta.1" });
  onTestFinished(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const welcome = {
    type: "welcome",
    seq: 0,
    epoch: "e",
    you: { address: "127.0.0.1", port: 7_000 },
    peers: 1,
    catalogue: [],
    more: false,
    limits: { messagesPerSecond: 10, frame: 65_536 },
  };
  const say = (message: object) => {
    for (const socket of server.clients) socket.send(JSON.stringify(message));
  };
  server.on("connection", (socket) => {
    socket.once("message", () => {
      say(welcome);
      socket.on("message", (data) => answer(JSON.parse(String(data)), say));
    });
  });
  return { server, say, port: (server.address() as { port: number }).port };
}

describe("the links to trackers", () => {
  it("publish to all, also to a tracker that is added later, and say what is held", async () => {
    const [one, two] = [await startTracker(), await startTracker()];
    const { links, until, connected } = newLinks();
    links.add({ host: "127.0.0.1", port: one.port });
    await until(connected);
    const { bytes, infoHash } = torrentOf("here.bin");
    await links.publish(infoHash, bytes);
    links.have(infoHash, Uint8Array.of(0b1110_0000));
    links.gained(infoHash, 3);
    links.add({ host: "127.0.0.1", port: two.port });
    const seeds = () => [...links.entries()].map(({ entry }) => entry.seeds);
    await until(() => seeds().length === 2 && seeds().every((count) => count === 1));
    expect([...links.entries()].map(({ tracker }) => tracker)).toEqual([
      `127.0.0.1:${one.port}`,
      `127.0.0.1:${two.port}`,
    ]);
    links.forget(infoHash);
    await until(() => seeds().every((count) => count === 0));
    expect(() => links.gained(infoHash, 0)).not.toThrow();
  });

  it("do not publish again what was forgotten before anything of it was held", async () => {
    const tracker = await startTracker();
    const { links, until, connected } = newLinks();
    links.add({ host: "127.0.0.1", port: tracker.port });
    const { bytes, infoHash } = torrentOf("forgotten.bin");
    const publishing = links.publish(infoHash, bytes);
    links.forget(infoHash);
    await publishing;
    await until(connected);
    await links.peers();
    expect([...links.entries()]).toEqual([]);
  });

  it("connect to a tracker once, however often it is named", async () => {
    const tracker = await startTracker();
    const { links, until, connected } = newLinks();
    expect(links.add({ host: "127.0.0.1", port: tracker.port })).toBe(true);
    expect(links.add({ host: "127.0.0.1", port: tracker.port })).toBe(false);
    await until(connected);
    expect(links.count).toBe(1);
    expect(links.announceUrls()).toEqual([`http://127.0.0.1:${tracker.port}/announce`]);
  });

  it("tell by its address whether a tracker speaks TLS", () => {
    const { links } = newLinks();
    expect(links.add({ host: "::1", port: 1 })).toBe(true);
    expect(links.add({ host: "::1", port: 1, secure: true })).toBe(true);
    expect(links.announceUrls()).toEqual(["http://[::1]:1/announce", "https://[::1]:1/announce"]);
    expect(links.statuses(0).map(({ address }) => address)).toEqual(["[::1]:1", "https://[::1]:1"]);
  });

  it("give our token to our own trackers only", () => {
    const { links } = newLinks("links", "s e&cret");
    links.add({ host: "127.0.0.1", port: 1 });
    const urls = ["http://127.0.0.1:1/announce", "http://127.0.0.1:1/announce?x", "http://127.0.0.1:2/announce"];
    expect(urls.map((url) => links.withToken(url))).toEqual([`${urls[0]}?token=s%20e%26cret`, urls[1], urls[2]]);
    expect(newLinks().links.withToken(urls[0]!)).toBe(urls[0]);
  });

  it("let a tracker go with its catalogue, and may come back to it", async () => {
    const [kept, gone] = [await startTracker(), await startTracker()];
    const { links, until, connected } = newLinks();
    const addressOf = ({ port }: { port: number }) => ({ host: "127.0.0.1", port });
    links.add(addressOf(kept));
    links.add(addressOf(gone));
    await until(connected);
    const { bytes, infoHash } = torrentOf("both.bin");
    await links.publish(infoHash, bytes);
    links.have(infoHash, Uint8Array.of(0b1111_0000));
    const seeds = () => [...links.entries()].map(({ entry }) => entry.seeds);
    await until(() => seeds().length === 2 && seeds().every((count) => count === 1));
    expect(await links.remove(addressOf(gone))).toBe(true);
    expect([...links.entries()].map(({ tracker }) => tracker)).toEqual([`127.0.0.1:${kept.port}`]);
    expect(links.statuses(0)).toHaveLength(1);
    const watcher = new RawClient(gone.port);
    expect((await watcher.hello(1)).catalogue).toMatchObject([{ seeds: 0 }]);
    expect(await links.remove(addressOf(gone))).toBe(false);
    expect(links.add(addressOf(gone))).toBe(true);
    await until(() => seeds().length === 2 && seeds().every((count) => count === 1));
  });

  it("ask the next tracker when one does not know, and have no holders where nobody answers", async () => {
    const [empty, full] = [await startTracker(), await startTracker()];
    const holder = new RawClient(full.port);
    await holder.hello(1);
    const { bytes, infoHash } = torrentOf("there.bin");
    await holder.publish(bytes);
    holder.say({ type: "have", infoHash, pieces: Buffer.from([0xf0]).toString("base64") });
    await holder.settled();
    const { links, until, connected } = newLinks();
    for (const { port } of [empty, full, { port: 1 }]) links.add({ host: "127.0.0.1", port });
    await until(() => links.statuses(0).filter(({ state }) => state === "connected").length === 2);
    expect(connected()).toBe(false);
    expect((await links.torrent(infoHash)).bytes).toEqual(bytes);
    expect(await links.holders(infoHash)).toEqual([{ host: "127.0.0.1", port: 7_001 }]);
    expect(await links.peers()).toEqual([{ host: "127.0.0.1", port: 7_001 }]);
    const nothing = "0".repeat(40) as InfoHashHex;
    await expect(links.torrent(nothing)).rejects.toThrow(TrackerError);
    expect(await links.holders(nothing)).toEqual([]);
  });

  it("say that no tracker is set when there is none", async () => {
    const { links } = newLinks();
    await expect(links.torrent("0".repeat(40) as InfoHashHex)).rejects.toThrow("no tracker is set");
    expect(await links.peers()).toEqual([]);
    await links.publish("0".repeat(40) as InfoHashHex, torrentOf("x").bytes);
  });

  it("pass a tracker over that hands out another torrent than the one that it was asked for", async () => {
    const { bytes, infoHash } = torrentOf("asked.bin");
    const other = Buffer.from(torrentOf("another.bin").bytes).toString("base64");
    const { port: lying } = await fakeTracker(({ id }, say) => say({ type: "torrent", re: id, torrent: other }));
    const honest = await startTracker();
    const { links, until, connected } = newLinks();
    links.add({ host: "127.0.0.1", port: lying });
    await until(connected);
    await expect(links.torrent(infoHash)).rejects.toThrow(/another torrent/);
    links.add({ host: "127.0.0.1", port: honest.port });
    await until(connected);
    const holder = new RawClient(honest.port);
    await holder.hello(1);
    await holder.publish(bytes);
    expect((await links.torrent(infoHash)).bytes).toEqual(bytes);
  });

  it("know whether a tracker can dial us while it is connected and speaks of our port", async () => {
    const { server, say, port } = await fakeTracker();
    const { links, until, connected } = newLinks();
    links.add({ host: "127.0.0.1", port });
    const reachable = () => links.statuses(0)[0]!.reachable;
    await until(connected);
    expect(links.statuses(0)[0]).not.toHaveProperty("reachable");
    say({ type: "reachable", port: 7_000, ok: false });
    await until(() => reachable() === false);
    say({ type: "reachable", port: 7_000, ok: true });
    await until(() => reachable() === true);
    say({ type: "reachable", port: 7_001, ok: false });
    await until(() => reachable() === undefined);
    say({ type: "reachable", port: 7_000, ok: true });
    await until(() => reachable() === true);
    links.doubtReach();
    expect(reachable()).toBe(true);
    say({ type: "reachable", port: 7_000, ok: false });
    await until(() => reachable() === false);
    links.doubtReach();
    expect(links.statuses(0)[0]).not.toHaveProperty("reachable");
    say({ type: "reachable", port: 7_000, ok: true });
    await until(() => reachable() === true);
    for (const socket of server.clients) socket.terminate();
    await until(() => reachable() === undefined);
  });

  it("say in a sentence why a tracker is not connected, and when it is tried again", async () => {
    const { links, until } = newLinks();
    links.add({ host: "127.0.0.1", port: 1 });
    await until(() => links.statuses(performance.now())[0]!.state === "waiting");
    const [status] = links.statuses(performance.now());
    expect(status!.problem).toMatch(/127\.0\.0\.1:1/);
    expect(status!.retryInSeconds).toBeGreaterThanOrEqual(0);
  });
});
