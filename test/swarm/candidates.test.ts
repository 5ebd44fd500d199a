import { describe, expect, it } from "vitest";
import { Candidates } from "../../source/swarm/candidates.ts";
import type { Address } from "../../source/swarm/events.ts";
import {
  BAN_MS,
  MAX_CANDIDATES,
  MAX_DIALING,
  MAX_REDIAL_MS,
  MAX_UNANSWERED_REDIAL_MS,
  REDIAL_MS,
} from "../../source/swarm/limits.ts";

const at = (n: number) => ({ host: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 6881 });

/** All that are dialled at `now`, in order. */
function dueAt(candidates: Candidates, now: number): Address[] {
  const due: Address[] = [];
  for (let next = candidates.next(now); next; next = candidates.next(now)) due.push(next.address);
  return due;
}

describe("candidates", () => {
  it("are dialled once however often they are named", () => {
    const candidates = new Candidates();
    candidates.add([at(1), at(1)], "tracker", 0);
    candidates.add([at(1)], "channel", 0);
    expect(candidates.next(0)?.address).toEqual(at(1));
    expect(candidates.next(0)).toBeUndefined();
    candidates.add([at(1)], "given", 0);
    expect(candidates.next(0)).toBeUndefined();
    expect(candidates.dialing).toBe(1);
  });

  it("at one host on two ports are two", () => {
    const candidates = new Candidates();
    candidates.add([at(1), { ...at(1), port: 6882 }], "tracker", 0);
    expect([candidates.next(0)?.address.port, candidates.next(0)?.address.port]).toEqual([6881, 6882]);
  });

  it.each([
    ["a tracker named and that never answered", "tracker", false, MAX_UNANSWERED_REDIAL_MS],
    ["a peer named and that never answered", "pex", false, MAX_UNANSWERED_REDIAL_MS],
    ["were peers once", "tracker", true, MAX_REDIAL_MS],
    ["a person named", "given", false, MAX_REDIAL_MS],
    ["a channel named", "channel", false, MAX_REDIAL_MS],
  ] as const)("that %s are tried again later and later, up to a bound", (_, source, answered, longestMs) => {
    const candidates = new Candidates();
    candidates.add([at(1)], source, 0);
    if (answered) {
      candidates.next(0);
      candidates.connected(at(1));
      candidates.ended(at(1), -1_000, true);
    }
    let now = 0;
    for (let failures = 0; failures < 12; failures++) {
      expect(candidates.next(now)).toBeDefined();
      candidates.ended(at(1), now, false);
      const wait = Math.min(longestMs, REDIAL_MS * 2 ** failures);
      expect(candidates.nextDueAt()).toBe(now + wait);
      expect(candidates.next(now + wait - 1)).toBeUndefined();
      now += wait;
    }
  });

  it("that did not answer for long are tried within a minute when a tracker names them again", () => {
    const candidates = new Candidates();
    candidates.add([at(1), at(2)], "tracker", 0);
    dueAt(candidates, 0);
    let now = 0;
    for (let failures = 0; failures < 12; failures++) {
      for (const n of [1, 2]) candidates.ended(at(n), now, false);
      now += MAX_UNANSWERED_REDIAL_MS;
      dueAt(candidates, now);
    }
    candidates.ended(at(1), now, false);
    candidates.add([at(1)], "pex", now);
    expect(candidates.nextDueAt()).toBe(now + MAX_UNANSWERED_REDIAL_MS);
    candidates.add([at(1)], "tracker", now);
    expect(candidates.nextDueAt()).toBe(now + MAX_REDIAL_MS);
  });

  it("that there was no room for did not fail", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    for (let now = 0; now < 20 * MAX_REDIAL_MS; now += MAX_REDIAL_MS) {
      expect(candidates.next(now)?.address).toEqual(at(1));
      candidates.putOff(at(1), now);
    }
    candidates.next(20 * MAX_REDIAL_MS);
    candidates.ended(at(1), 0, false);
    expect(candidates.nextDueAt()).toBe(REDIAL_MS);
  });

  it("that are banned while they are dialled stay so", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.next(0);
    candidates.ban(at(1), 0);
    candidates.ended(at(1), 1, false);
    expect([candidates.isBanned(at(1), 2), candidates.nextDueAt()]).toEqual([true, BAN_MS]);
  });

  it("that were of use are tried again soon", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.next(0);
    candidates.ended(at(1), 0, false);
    candidates.next(REDIAL_MS);
    candidates.connected(at(1));
    candidates.ended(at(1), 100_000, true);
    expect(candidates.nextDueAt()).toBe(101_000);
  });

  it("named by a user or a channel are due at once although they failed; named by a tracker they are not", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.next(0);
    candidates.ended(at(1), 0, false);
    candidates.add([at(1)], "tracker", 1);
    expect(candidates.next(1)).toBeUndefined();
    candidates.add([at(1)], "given", 1);
    expect(candidates.next(1)?.address).toEqual(at(1));
  });

  it("that are banned are not dialled for a day, whoever names them", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.ban(at(1), 0);
    candidates.ban(at(2), 0);
    candidates.add([at(1), at(2)], "given", 1);
    expect(candidates.next(BAN_MS - 1)).toBeUndefined();
    expect([candidates.isBanned(at(1), 1), candidates.isBanned(at(2), 1), candidates.isBanned(at(3), 1)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(candidates.next(BAN_MS)).toBeDefined();
  });

  it("that turn out to be ourselves are never dialled again", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.next(0);
    candidates.isOurs(at(1));
    candidates.ended(at(1), 0, false);
    candidates.add([at(1)], "given", 1);
    expect(candidates.next(1e12)).toBeUndefined();
    expect(candidates.dialing).toBe(0);
  });

  it("that are connected are not dialled, and are no longer counted as dialling", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.next(0);
    expect(candidates.dialing).toBe(1);
    candidates.connected(at(1));
    expect(candidates.dialing).toBe(0);
    expect(candidates.next(1e12)).toBeUndefined();
    expect(candidates.nextDueAt()).toBeUndefined();
  });

  it("have a bound, and what never answered makes room for what is new", () => {
    const candidates = new Candidates();
    const all = Array.from({ length: MAX_CANDIDATES }, (_, i) => at(i));
    candidates.add(all, "tracker", 0);
    candidates.add([at(5_000)], "tracker", 0);
    let dialled = 0;
    for (let next = candidates.next(0); next; next = candidates.next(0)) {
      dialled++;
      expect(next.address).not.toEqual(at(5_000));
      if (dialled <= 10) candidates.ended(next.address, 0, false);
    }
    expect(dialled).toBe(MAX_CANDIDATES);
    candidates.add([at(6_000)], "tracker", 1);
    expect(candidates.next(1)?.address).toEqual(at(6_000));
  });

  it("that want nothing of us make room for what is new: a seed meets thousands of them in a month", () => {
    const candidates = new Candidates();
    candidates.add(
      Array.from({ length: MAX_CANDIDATES }, (_, i) => at(i)),
      "tracker",
      0,
    );
    for (const address of dueAt(candidates, 0)) {
      candidates.connected(address);
      candidates.ended(address, 0, false);
      candidates.sated(address);
    }
    candidates.add([at(5_000)], "pex", 1);
    expect(candidates.next(1)).toBeUndefined();
    candidates.add([at(6_000)], "tracker", 1);
    expect(candidates.next(1)?.address).toEqual(at(6_000));
  });

  it.each(["pex", "dht", "lan"] as const)(
    "of %s take the place of no other, keep none out, and are dialled behind it in turn",
    (hearsay) => {
      const told = Array.from({ length: MAX_CANDIDATES }, (_, i) => at(1_000 + i));
      const candidates = new Candidates();
      candidates.add([at(1)], "tracker", 0);
      candidates.next(0);
      candidates.ended(at(1), 0, false);
      candidates.add(told, hearsay, 0);
      expect(dueAt(candidates, REDIAL_MS)).toEqual([at(1), ...told.slice(0, -1)]);

      const full = new Candidates();
      full.add(told, hearsay, 0);
      full.add([at(2)], "tracker", 0);
      full.add([at(3)], "given", 0);
      full.add([at(4)], hearsay, 0);
      expect(dueAt(full, 0)).toEqual([at(2), told[2], at(3), ...told.slice(3)]);
    },
  );

  it("of liars have their share of the dials, and leave the others theirs", () => {
    const candidates = new Candidates();
    const some = (from: number, count: number) => Array.from({ length: count }, (_, i) => at(from + i));
    const known = some(1, 40);
    candidates.add(known, "tracker", 0);
    for (const { host, port } of dueAt(candidates, 0)) candidates.ended({ host, port }, 0, false);
    candidates.add(some(1_000, 50), "pex", REDIAL_MS, "192.0.2.1");
    candidates.add(some(2_000, 50), "pex", REDIAL_MS, "192.0.2.2");
    const honest = some(3_000, 4);
    candidates.add(honest, "pex", REDIAL_MS, "192.0.2.3");
    const dialled = Array.from({ length: MAX_DIALING }, () => candidates.next(REDIAL_MS)!.address);
    const countOf = (addresses: readonly Address[]) => dialled.filter((address) => addresses.includes(address)).length;
    expect(countOf(known)).toBe(Math.ceil(MAX_DIALING / 2));
    expect(countOf(honest)).toBe(4);
  });

  it("of our own network go before other strangers, one at a time of each machine, and behind one of a tracker", () => {
    const candidates = new Candidates();
    const ports = (host: string, ...all: number[]) => all.map((port) => ({ host, port }));
    candidates.add([at(1), at(2), at(3)], "pex", 0);
    candidates.add([at(4), at(5)], "tracker", 0);
    candidates.add([...ports("10.9.0.1", 1, 2, 3), ...ports("10.9.0.2", 1)], "lan", 0);
    const order = dueAt(candidates, 0);
    expect(order.slice(0, 4)).toEqual([at(4), ...ports("10.9.0.1", 1), at(5), ...ports("10.9.0.2", 1)]);
    expect(order.slice(4, 7)).toEqual([at(1), at(2), ...ports("10.9.0.1", 2)]);
  });

  it("that were heard of in our network stay its own, whichever stranger tells of them too, and may be a tracker's", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "dht", 0);
    candidates.add([at(1)], "lan", 0);
    candidates.add([at(1)], "pex", 0);
    expect(candidates.next(0)).toMatchObject({ source: "lan", teller: at(1).host });
    candidates.ended(at(1), 0, false);
    candidates.add([at(1)], "tracker", 0);
    expect(candidates.next(1e9)).toMatchObject({ source: "tracker", teller: "" });
  });

  it("that did not answer are tried again soon when they are heard in our network, and no sooner for being heard often", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "lan", 0);
    for (let failures = 0; failures < 6; failures++) {
      candidates.next(1e9 * failures);
      candidates.ended(at(1), 1e9 * failures, false);
    }
    const now = 5e9 + 1;
    expect(candidates.nextDueAt()).toBe(5e9 + 32 * REDIAL_MS);
    for (let again = 0; again < 100; again++) candidates.add([at(1)], "lan", now + again);
    expect(candidates.nextDueAt()).toBe(now + REDIAL_MS);
  });

  it("that a peer told of first and a tracker later are the tracker's", () => {
    const candidates = new Candidates();
    candidates.add([at(1), at(2)], "pex", 0);
    candidates.add([at(2)], "tracker", 0);
    candidates.add([at(2)], "pex", 0);
    expect([candidates.next(0), candidates.next(0)]).toMatchObject([
      { address: at(2), source: "tracker" },
      { address: at(1), source: "pex" },
    ]);
  });

  it("that gave most are dialled first, then those that failed least, then those heard of first", () => {
    const candidates = new Candidates();
    candidates.add([1, 2, 3, 4].map(at), "tracker", 0);
    const ends: [number, boolean, number][] = [
      [1, false, 0],
      [2, true, 500],
      [3, true, 9_000],
      [4, false, 0],
    ];
    for (let n = 0; n < 4; n++) candidates.next(0);
    for (const [n, useful, given] of ends) candidates.ended(at(n), 0, useful, given);
    candidates.add([at(5)], "tracker", 0);
    const order = Array.from({ length: 5 }, () => candidates.next(60_000)?.address);
    expect(order).toEqual([3, 2, 5, 1, 4].map(at));
  });

  it("that want nothing of us, nor we of them, wait until we do", () => {
    const candidates = new Candidates();
    candidates.add([at(1)], "tracker", 0);
    candidates.next(0);
    candidates.connected(at(1));
    candidates.sated(at(1));
    candidates.add([at(1)], "given", 0);
    expect([candidates.next(1e9), candidates.nextDueAt()]).toEqual([undefined, undefined]);
    candidates.hungry();
    expect(candidates.next(1e9)?.address).toEqual(at(1));
  });
});
