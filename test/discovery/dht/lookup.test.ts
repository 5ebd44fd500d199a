import { describe, expect, it } from "vitest";
import { ALPHA, K, MAX_ASKED, MAX_NODES_OF_ANSWER, MAX_OF_NETWORK } from "../../../source/discovery/dht/limits.ts";
import { Lookup } from "../../../source/discovery/dht/lookup.ts";
import type { Contact } from "../../../source/protocol/dht/krpc.ts";
import { toNodeId } from "../../../source/protocol/dht/node-id.ts";

const TARGET = new Uint8Array(20);

/** The smaller `distance`, the nearer; each at an address of its own. */
function contact(distance: number, host = `40.${distance >> 8}.${distance & 255}.1`): Contact {
  const id = new Uint8Array(20);
  new DataView(id.buffer).setUint32(0, distance);
  return { id: toNodeId(id), host, port: 6881 };
}

const contacts = (...distances: number[]) => distances.map((distance) => contact(distance));
const asked = (lookup: Lookup): string[] => {
  const hosts: string[] = [];
  for (let next = lookup.next(); next; next = lookup.next()) hosts.push(next.host);
  return hosts;
};
const answers = (lookup: Lookup, from: Contact, told: readonly Contact[] = [], token?: Uint8Array) =>
  lookup.answered(from, from.id, told, token);

describe("a lookup", () => {
  it("asks the nearest first, so many at once", () => {
    const lookup = new Lookup(TARGET, contacts(9, 3, 7, 5, 1, 8));
    expect(asked(lookup)).toEqual(contacts(1, 3, 5, 7).map(({ host }) => host));
    expect(lookup.isOver).toBe(false);
    answers(lookup, contact(3), contacts(2));
    expect(asked(lookup)).toEqual([contact(2).host]);
  });

  it("is over when the K nearest have answered, and not before", () => {
    const all = Array.from({ length: 20 }, (_, i) => contact(i + 1));
    const lookup = new Lookup(TARGET, all);
    const waiting: Contact[] = [];
    let count = 0;
    for (;;) {
      for (const host of asked(lookup)) waiting.push(all.find((one) => one.host === host)!);
      const next = waiting.shift();
      if (!next) break;
      expect(lookup.isOver).toBe(false);
      answers(lookup, next);
      count++;
    }
    expect(lookup.isOver).toBe(true);
    expect(count).toBe(K);
    expect(lookup.closest().map(({ host }) => host)).toEqual(all.slice(0, K).map(({ host }) => host));
  });

  it("goes on past those that are silent, and does not end before they have failed", () => {
    const lookup = new Lookup(TARGET, contacts(1, 2, 3, 4, 5));
    expect(asked(lookup)).toHaveLength(ALPHA);
    lookup.slow(contact(1));
    expect(asked(lookup)).toEqual([contact(5).host]);
    for (const distance of [2, 3, 4, 5]) answers(lookup, contact(distance));
    expect(asked(lookup)).toEqual([]);
    expect(lookup.isOver).toBe(false);
    lookup.failed(contact(1));
    expect(lookup.isOver).toBe(true);
    expect(lookup.closest()).toHaveLength(4);
  });

  it("takes an answer that comes late", () => {
    const lookup = new Lookup(TARGET, contacts(1));
    asked(lookup);
    lookup.slow(contact(1));
    expect(answers(lookup, contact(1), contacts(2))).toBe(true);
    expect(asked(lookup)).toEqual([contact(2).host]);
  });

  it("begins with addresses alone, whose ids come with their answers", () => {
    const lookup = new Lookup(TARGET, [{ host: "40.0.0.9", port: 6881 }]);
    expect(asked(lookup)).toEqual(["40.0.0.9"]);
    expect(lookup.answered({ host: "40.0.0.9", port: 6881 }, contact(6).id, contacts(4), undefined)).toBe(true);
    expect(asked(lookup)).toEqual([contact(4).host]);
    answers(lookup, contact(4));
    expect(lookup.closest().map(({ id }) => id)).toEqual([contact(4).id, contact(6).id]);
  });

  it("is over at once with nobody to ask", () => {
    const lookup = new Lookup(TARGET, []);
    expect(lookup.next()).toBeUndefined();
    expect(lookup.isOver).toBe(true);
  });
});

describe("who lies", () => {
  it("is not used under another id than was said", () => {
    const lookup = new Lookup(TARGET, contacts(1));
    asked(lookup);
    expect(lookup.answered(contact(1), contact(2).id, contacts(3), undefined)).toBe(false);
    expect(asked(lookup)).toEqual([]);
    expect(lookup.closest()).toEqual([]);
  });

  it("is not heard unasked, nor twice", () => {
    const lookup = new Lookup(TARGET, contacts(1));
    expect(answers(lookup, contact(1), contacts(2))).toBe(false);
    asked(lookup);
    expect(answers(lookup, contact(9), contacts(2))).toBe(false);
    expect(answers(lookup, contact(1))).toBe(true);
    expect(answers(lookup, contact(1), contacts(2))).toBe(false);
    expect(asked(lookup)).toEqual([]);
  });

  it("tells of so many at most", () => {
    const lookup = new Lookup(TARGET, contacts(1), 1_000);
    asked(lookup);
    answers(
      lookup,
      contact(1),
      Array.from({ length: 50 }, (_, i) => contact(100 + i)),
    );
    for (const distance of Array.from({ length: 50 }, (_, i) => 100 + i)) lookup.failed(contact(distance));
    // Those that were taken have failed, and nobody is left.
    expect(asked(lookup)).toEqual([]);
    expect(MAX_NODES_OF_ANSWER).toBeLessThan(50);
  });

  it("sends nobody to addresses that are no host's, or to ours", () => {
    const lookup = new Lookup(TARGET, contacts(9));
    asked(lookup);
    const hosts = [
      "0.0.0.0",
      "127.0.0.1",
      "10.1.1.1",
      "192.168.0.1",
      "224.0.0.251",
      "255.255.255.255",
      "::",
      "ff02::1",
    ];
    answers(lookup, contact(9), [...hosts.map((host) => contact(1, host)), { ...contact(2), port: 0 }]);
    expect(asked(lookup)).toEqual([]);
  });

  it("has few of the front with one network, and one with one address", () => {
    const lookup = new Lookup(TARGET, contacts(9), 100);
    asked(lookup);
    const told = [1, 2, 3, 4].map((distance) => contact(distance, `41.0.0.${distance}`));
    answers(lookup, contact(9), [...told, contact(5, "41.0.1.1"), { ...contact(6, "41.0.1.1"), port: 2 }]);
    expect(asked(lookup)).toEqual(["41.0.0.1", "41.0.0.2", "41.0.1.1"]);
    expect(MAX_OF_NETWORK).toBe(2);
  });

  it("cannot make it ask for ever: so many in all", () => {
    const lookup = new Lookup(TARGET, contacts(1_000_000));
    let count = 0;
    let distance = 900_000;
    const known = new Map(contacts(1_000_000).map((one) => [one.host, one]));
    for (let next = lookup.next(); next; next = lookup.next()) {
      count++;
      const told = Array.from({ length: 16 }, () =>
        contact(--distance, `${50 + (count & 127)}.${distance & 255}.${(distance >> 8) & 255}.1`),
      );
      for (const one of told) known.set(one.host, one);
      answers(lookup, known.get(next.host)!, told);
    }
    expect(count).toBe(MAX_ASKED);
    expect(lookup.isOver).toBe(true);
    expect(lookup.closest()).toHaveLength(K);
  });
});
