import { expect, onTestFinished, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { ChannelState } from "../../source/discovery/channel-events.ts";
import { CHANNEL_TIMING } from "../../source/discovery/channel-timing.ts";
import { TrackerConnection, type TrackerConnectionOptions } from "../../source/discovery/tracker-connection.ts";

/** A tracker that does the next of `answers` at each connection, and the last one ever after. */
async function tracker(...answers: ((socket: WebSocket) => void)[]): Promise<{ port: number; hellos: string[] }> {
  const hellos: string[] = [];
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "sta.1" });
  server.on("connection", (socket) => {
    socket.once("message", (data) => {
      hellos.push(String(data));
      answers[Math.min(hellos.length, answers.length) - 1]!(socket);
    });
  });
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, hellos };
}

/** A connection that retries within milliseconds; its states, and a wait until they are enough. */
function connection(port: number, options: Partial<TrackerConnectionOptions> = {}) {
  const states: ChannelState[] = [];
  let wake: () => void = () => undefined;
  const made = new TrackerConnection({
    host: "127.0.0.1",
    port,
    timing: { ...CHANNEL_TIMING, firstRetryMs: 4, maxRetryMs: 8, refusedRetryMs: 16 },
    random: () => 0.5,
    hello: () => ({ type: "peers", id: 1 }),
    onMessage: () => made.welcomed(),
    onLost: () => undefined,
    onState: (state) => {
      states.push(state);
      wake();
    },
    ...options,
  });
  onTestFinished(() => made.close());
  const until = async (isEnough: () => boolean) => {
    while (!isEnough()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { made, states, until, names: () => states.map(({ state }) => state) };
}

const notice = (socket: WebSocket) => socket.send('{"type":"notice","seq":1,"text":""}');
const drop = (socket: WebSocket) => socket.terminate();
const refuse = (socket: WebSocket) => socket.close(1008, "go away");

test("it says hello again at each connection, and keeps the reason while it tries", async () => {
  const { port, hellos } = await tracker(drop, drop, notice);
  const { made, states, until, names } = connection(port);
  made.start();
  expect(made.isConnected).toBe(false);
  await until(() => made.isConnected);
  expect(names()).toEqual(["connecting", "waiting", "connecting", "waiting", "connecting", "connected"]);
  expect(hellos).toHaveLength(3);
  const problem = `the connection to 127.0.0.1:${port} was lost`;
  expect(states.map((state) => state.problem)).toEqual([null, problem, problem, problem, problem, null]);
  expect(made.state).toEqual({ state: "connected", problem: null, retryAt: null });
});

test("waits grow up to the longest, a refusal is no failure, and a welcome makes them short again", async () => {
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const welcomeAndDrop = (socket: WebSocket) => {
    notice(socket);
    socket.close(1001);
  };
  const { port } = await tracker(drop, drop, drop, refuse, welcomeAndDrop, notice);
  const { made, until, names } = connection(port);
  made.start();
  await until(() => names().filter((name) => name === "connected").length === 2);
  // Three quarters, by this chance, of 4, 8, 8, of 16, and of 4 again. No other timer is so short.
  expect(timers.mock.calls.map(([, ms]) => ms!).filter((ms) => ms < 100)).toEqual([3, 6, 6, 12, 3]);
});

test("an IPv6 host stands in brackets", () => {
  expect(connection(5000, { host: "::1" }).made.address).toBe("[::1]:5000");
  expect(connection(5000).made.address).toBe("127.0.0.1:5000");
});

test("an address that is none is refused in a sentence", async () => {
  const { made, states, names, until } = connection(99_999_999);
  made.start();
  await until(() => states.length === 2);
  expect(names()).toEqual(["connecting", "refused"]);
  expect(states[1]!.problem).toBe("127.0.0.1:99999999 is no address of a tracker");
});

test("it is told how a connection was lost before the state changes", async () => {
  const { port } = await tracker((socket) => socket.send("{"), notice);
  const order: string[] = [];
  const { made, until } = connection(port, {
    onLost: ({ malformed, refused }) => order.push(`${made.state.state} ${malformed} ${refused}`),
  });
  made.start();
  await until(() => made.isConnected);
  expect(order).toEqual(["connecting true false"]);
});

test("once closed it neither tries again nor starts again", async () => {
  const { port, hellos } = await tracker(drop);
  const { made, until, names } = connection(port);
  made.start();
  await until(() => made.state.state === "waiting");
  await made.close();
  const before = names().length;
  made.start();
  made.send("dropped");
  made.terminate();
  await new Promise((resolve) => setImmediate(resolve));
  expect([names().length, hellos.length]).toEqual([before, 1]);
});

test.for(["connecting", "waiting"] as const)("closed while it tells that it is %s, it is closed", async (moment) => {
  const { port, hellos } = await tracker(drop);
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => timers.mockRestore());
  const closed = Promise.withResolvers<void>();
  let timersBefore = 0;
  const { made } = connection(port, {
    onState: ({ state }) => {
      if (state !== moment) return;
      timersBefore = timers.mock.calls.length;
      void made.close().then(closed.resolve);
    },
  });
  made.start();
  await closed.promise;
  expect(timers.mock.calls).toHaveLength(timersBefore);
  expect(hellos).toHaveLength(moment === "waiting" ? 1 : 0);
});

test("started while it waits it tries at once, and only once", async () => {
  const { port, hellos } = await tracker(drop, notice);
  const clears = vi.spyOn(globalThis, "clearTimeout");
  const timers = vi.spyOn(globalThis, "setTimeout");
  onTestFinished(() => (clears.mockRestore(), timers.mockRestore()));
  const { made, until } = connection(port, {
    timing: { ...CHANNEL_TIMING, firstRetryMs: 4_321 },
    random: () => 1,
  });
  made.start();
  await until(() => made.state.state === "waiting");
  // The retry is set behind the event.
  await new Promise((resolve) => setImmediate(resolve));
  const retry = timers.mock.results[timers.mock.calls.findIndex(([, ms]) => ms === 4_321)]!.value as NodeJS.Timeout;
  made.start();
  expect(clears).toHaveBeenCalledWith(retry);
  await until(() => made.isConnected);
  expect(hellos).toHaveLength(2);
});
