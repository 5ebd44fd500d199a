import { expect, test } from "vitest";
import { alertsOf, type Complainer, troublesOf } from "../../source/engine/complaints.ts";
import { displayText } from "../../source/protocol/display-text.ts";
import { LOW_SPACE_BYTES, MAX_CONNECTIONS } from "../../source/engine/limits.ts";

/** An engine that is content, with what is said of it. */
function engineWith(more: object = {}): Complainer {
  return {
    options: { port: 6881, isPortNamed: true, folder: "/downloads" },
    port: 6881,
    freeBytes: LOW_SPACE_BYTES,
    maxPeers: MAX_CONNECTIONS,
    book: { missing: [], entries: new Map() },
    links: { statuses: () => [] },
    surroundings: { forwarding: undefined, problem: undefined },
    ...more,
  } as unknown as Complainer;
}

test("who is content says nothing", () => {
  expect([...alertsOf(engineWith()), ...troublesOf(engineWith())]).toEqual([]);
  expect(alertsOf(engineWith({ freeBytes: undefined }))).toEqual([]);
});

test.for<[object, string]>([
  [{ freeBytes: LOW_SPACE_BYTES - 1 }, "The disk of /downloads is nearly full: 500 MB are free."],
  [{ book: { missing: ["a: /x is not there."] } }, "a: /x is not there."],
  [{ book: { missing: ["a.", "b", "c"] } }, "a. It is the same with 2 other transfers."],
  [{ maxPeers: 20 }, 'Only 20 peers fit into the files this process may open: raise "ulimit -n".'],
  [{ port: 6882 }, "Port 6881 is in use by another program: peers are taken on port 6882."],
])("%j is told of", ([more, text]) => {
  expect(alertsOf(engineWith(more))).toEqual([text]);
});

test("another port than usual is nothing to who named none, or any", () => {
  for (const options of [
    { port: 6881, folder: "/d" },
    { port: 0, isPortNamed: true, folder: "/d" },
  ])
    expect(alertsOf(engineWith({ options, port: 6890 }))).toEqual([]);
});

test("what is wrong with trackers, the DHT and transfers is a sentence each", () => {
  const statuses = () => [
    { address: "a:1", problem: "nobody answers at a:1", reachable: null },
    { address: "b:2", problem: null, reachable: true },
    { address: "c:3", problem: null, reachable: false },
  ];
  const entries = new Map([
    ["x", { transfer: { metainfo: { name: "x\u001b[2J" }, problem: { message: "It is full." } } }],
  ]);
  const surroundings = { forwarding: "the router 10.0.0.1 does not answer", problem: "No node of the DHT answers." };
  expect(troublesOf(engineWith({ links: { statuses }, book: { missing: [], entries }, surroundings }))).toEqual([
    "The tracker a:1 is of no use now: nobody answers at a:1.",
    expect.stringMatching(
      /^The tracker c:3 cannot dial TCP port 6881 here: .* Asked to do so, the router 10\.0\.0\.1 does not answer\.$/,
    ),
    "No node of the DHT answers.",
    displayText("x\u001b[2J: It is full."),
  ]);
});
