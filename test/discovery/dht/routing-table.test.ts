import { describe, expect, it } from "vitest";
import { K, MAX_OF_NETWORK, MAX_SAVED, QUIET_MS } from "../../../source/discovery/dht/limits.ts";
import { RoutingTable } from "../../../source/discovery/dht/routing-table.ts";
import type { Contact } from "../../../source/protocol/dht/krpc.ts";
import {
  compareDistance,
  randomIdAt,
  randomNodeId,
  secureNodeId,
  sharedBits,
} from "../../../source/protocol/dht/node-id.ts";
import { seededRandom } from "../../helpers/simulation.ts";

const random = seededRandom(3);
const OURS = randomNodeId(random);

let used = 0;
/** A node that shares `bits` bits with us, at an address of its own unless said. */
function contact(bits: number, host = `30.${used >> 8}.${used & 255}.1`): Contact {
  used++;
  return { id: randomIdAt(OURS, bits, random), host, port: 6881 };
}

const tableOf = (contacts: readonly Contact[], now = 0) => {
  const table = new RoutingTable(OURS);
  for (const one of contacts) table.answered(one, now);
  return table;
};
const fill = (bits: number) => Array.from({ length: K }, () => contact(bits));
const keys = (contacts: readonly Contact[]) => contacts.map(({ host, port }) => `${host}:${port}`).toSorted();

describe("a bucket", () => {
  it("takes K nodes that answered, and no ninth while those are alive", () => {
    const first = fill(0);
    const table = tableOf([...first, contact(0)]);
    expect(table.size).toBe(K);
    expect(keys(table.closest(OURS, 100))).toEqual(keys(first));
    expect(table.hasRoomFor(contact(0).id)).toBe(false);
    expect(table.hasRoomFor(contact(1).id)).toBe(true);
  });

  it("gives the place of one that left two questions unanswered to who waits", () => {
    const first = fill(0);
    const late = contact(0);
    const table = tableOf([...first, late]);
    table.failed(first[0]!, 1);
    expect(table.has(first[0]!)).toBe(true);
    table.failed(first[0]!, 2);
    expect(table.has(first[0]!)).toBe(false);
    expect(table.has(late)).toBe(true);
    expect(table.size).toBe(K);
  });

  it("keeps one that is gone while nobody waits, tells nobody of it, and lets the next one have its place", () => {
    const first = fill(0);
    const table = tableOf(first);
    for (let i = 0; i < 2; i++) table.failed(first[0]!, i);
    expect(table.size).toBe(K);
    expect(table.answering).toBe(K - 1);
    expect(keys(table.closest(OURS, 100))).not.toContain(keys([first[0]!])[0]);
    const late = contact(0);
    table.answered(late, 3);
    expect(table.has(first[0]!)).toBe(false);
    expect(table.has(late)).toBe(true);
  });

  it("forgives one that answers again", () => {
    const [one] = fill(0);
    const table = tableOf([one!]);
    for (let i = 0; i < 2; i++) table.failed(one!, i);
    table.answered(one!, 5);
    expect(table.answering).toBe(1);
  });

  it("prefers an id that follows from its address (BEP 42)", () => {
    const first = fill(0);
    const table = tableOf(first);
    const host = "31.0.0.9";
    let id = secureNodeId(Uint8Array.of(31, 0, 0, 9), random);
    while (sharedBits(id, OURS) !== 0) id = secureNodeId(Uint8Array.of(31, 0, 0, 9), random);
    table.answered({ id, host, port: 1 }, 1);
    expect(table.has({ host, port: 1 })).toBe(true);
    expect(table.size).toBe(K);
  });
});

describe("one owner", () => {
  it("has one node an address, in the whole table", () => {
    const table = tableOf([contact(0, "30.250.0.1"), { ...contact(5, "30.250.0.1"), port: 7 }]);
    expect(table.size).toBe(1);
  });

  it("has few nodes of a network in a bucket, and more in others", () => {
    const inside = (bits: number) => Array.from({ length: K }, (_, i) => contact(bits, `30.251.${bits}.${i + 1}`));
    expect(tableOf(inside(0)).size).toBe(MAX_OF_NETWORK);
    expect(tableOf([...inside(0), ...inside(1)]).size).toBe(2 * MAX_OF_NETWORK);
  });

  it("has as many as it likes on its own machine", () => {
    expect(tableOf(fill(0).map((one, port) => ({ ...one, host: "127.0.0.1", port: port + 1 }))).size).toBe(K);
  });
});

describe("who is who", () => {
  it("is another when it answers under another id", () => {
    const one = contact(0);
    const table = tableOf([one, { ...one, id: contact(3).id }]);
    expect(table.size).toBe(1);
    expect(table.closest(OURS)[0]!.id).not.toEqual(one.id);
  });

  it("does not lose its id to somebody else while it is alive", () => {
    const one = contact(0);
    const thief = { ...contact(0), id: one.id };
    const table = tableOf([one, thief]);
    expect(table.has(thief)).toBe(false);
    for (let i = 0; i < 2; i++) table.failed(one, i);
    table.answered(thief, 9);
    expect(table.has(thief)).toBe(true);
  });

  it("is never ourselves, nor anybody without an IP address", () => {
    expect(tableOf([{ ...contact(0), id: OURS }]).size).toBe(0);
    expect(tableOf([contact(0, "example.org")]).size).toBe(0);
  });
});

it("the nearest are the nearest of all, whatever is looked for", () => {
  const table = tableOf(Array.from({ length: 500 }, (_, i) => contact(Math.floor(random() * (i % 30)))));
  const all = table.closest(OURS, 1_000);
  expect(all).toHaveLength(table.size);
  for (let i = 0; i < 100; i++) {
    const target = i % 2 === 0 ? randomNodeId(random) : randomIdAt(OURS, i, random);
    const nearest = all.toSorted((a, b) => compareDistance(a.id, b.id, target)).slice(0, K);
    expect(keys(table.closest(target))).toEqual(keys(nearest));
  }
  expect(table.closest(OURS)).toHaveLength(K);
});

it("a bucket in which nothing happened for 15 minutes is looked through, once", () => {
  const table = tableOf([contact(0), contact(4)]);
  expect(table.nextRefreshAt()).toBe(QUIET_MS);
  expect(table.nextRefresh(QUIET_MS - 1, random)).toBeUndefined();
  const targets = [table.nextRefresh(QUIET_MS, random), table.nextRefresh(QUIET_MS, random)];
  expect(targets.map((target) => sharedBits(target!, OURS))).toEqual([0, 4]);
  expect(table.nextRefresh(QUIET_MS, random)).toBeUndefined();
  expect(table.nextRefreshAt()).toBe(2 * QUIET_MS);
});

it("what was saved counts only when it answers, and goes when it does not", () => {
  const table = new RoutingTable(OURS);
  const [gone, there] = [contact(0), contact(0)];
  for (const one of [gone, there]) table.restore(one, 0);
  expect([table.size, table.answering]).toEqual([2, 0]);
  expect(table.closest(OURS)).toHaveLength(2);
  table.answered(there, 1);
  for (let i = 0; i < 2; i++) table.failed(gone, i);
  expect([table.size, table.answering]).toEqual([1, 1]);
});

it("those that answered last are saved, and no more than fit", () => {
  const many = Array.from({ length: 60 }, (_, bits) => fill(bits)).flat();
  const table = tableOf(many);
  const last = many[300]!;
  table.answered(last, 10);
  for (let i = 0; i < 2; i++) table.failed(many[0]!, i);
  const saved = table.toSave();
  expect(saved).toHaveLength(MAX_SAVED);
  expect(keys([saved[0]!])).toEqual(keys([last]));
  expect(keys(saved)).not.toContain(keys([many[0]!])[0]);
});

it("around another id of ours the same nodes stand", () => {
  const table = tableOf([...fill(0), ...fill(1)]);
  const moved = table.around(randomIdAt(OURS, 12, random), 0);
  expect(keys(moved.closest(OURS, 100))).toEqual(keys(table.closest(OURS, 100)));
  expect(moved.answering).toBe(2 * K);
});
