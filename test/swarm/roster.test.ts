import { describe, expect, it } from "vitest";
import type { ConnectedPeer } from "../../source/swarm/events.ts";
import {
  BAN_MS,
  MAX_DIALING,
  MAX_PEERS,
  MAX_REDIAL_MS,
  MAX_REMEMBERED_LEFT,
  REDIAL_MS,
  SETTLE_MS,
  TURNOVER_MS,
} from "../../source/swarm/limits.ts";
import { Roster } from "../../source/swarm/roster.ts";
import type { SwarmPeer } from "../../source/swarm/peer.ts";
import { connectedOf, disconnects, HandSwarm, peerIdOf } from "./support.ts";

const rosterOf = (ownId = 0, isFetching = false) =>
  new Roster({ peerId: peerIdOf(ownId), pieceCount: 4, isFetching: () => isFetching });
const addressOf = (n: number) => ({ host: `10.1.0.${n}`, port: 6_881 });
const dialled = (n: number): ConnectedPeer => ({ ...connectedOf(n), address: addressOf(n), source: "given" });

function crowd(size: number, isFetching = false): Roster {
  const roster = rosterOf(0, isFetching);
  for (let key = 1; key <= size; key++) roster.add(connectedOf(key), 0);
  return roster;
}

describe("a new connection", () => {
  it("may stay up to 50 of them, and also then in place of one from the same peer", () => {
    const roster = crowd(MAX_PEERS - 1);
    expect(roster.refusalOf(connectedOf(60), true, 0)).toBeUndefined();
    roster.add(dialled(60), 0);
    expect(roster.refusalOf(connectedOf(61), true, 0)).toBe("50 peers are enough");
    expect(roster.refusalOf({ ...connectedOf(60), peer: 61 }, true, 0)).toBeUndefined();
    roster.remove(roster.peers.get(2)!, false, 0);
    expect(roster.refusalOf(connectedOf(61), true, 0)).toBeUndefined();
  });

  it("may not stay while nothing is up or down, nor when it is banned, for a day", () => {
    const roster = rosterOf();
    expect(roster.refusalOf(connectedOf(1), false, 0)).toBe("the transfer is paused");
    const peer = roster.add(connectedOf(1), 0);
    roster.remove(peer, false, 0);
    roster.ban(peer.connected.address, 0);
    expect(roster.refusalOf(connectedOf(1), true, BAN_MS - MAX_REDIAL_MS - 1)).toBe("it gave wrong data and is banned");
    expect(roster.refusalOf(connectedOf(1), true, BAN_MS)).toBeUndefined();
  });

  it("to ourselves may not stay, and that address is never dialled again", () => {
    const roster = rosterOf();
    roster.heardOf([addressOf(1)], "tracker", 0);
    expect([...roster.dials(0)]).toHaveLength(1);
    const ourselves = { ...dialled(1), peerId: peerIdOf(0) };
    expect(roster.refusalOf(ourselves, true, 0)).toBe("it is ourselves");
    roster.refused(ourselves, 0);
    expect([...roster.dials(1e12)]).toEqual([]);
    expect(roster.isBusy).toBe(false);
  });

  it.each([
    // The larger id began the connection that stays: seen from both sides, it is the same one.
    ["incoming", "given", 1, 2, false],
    ["given", "incoming", 1, 2, true],
    ["incoming", "given", 2, 1, true],
    ["given", "incoming", 2, 1, false],
    // One side dialled twice: the older stays.
    ["incoming", "incoming", 1, 2, false],
    ["given", "given", 1, 2, false],
  ] as const)("of a peer that is connected, older %s, newer %s, our id %d, theirs %d: stays? %s", (...row) => {
    const [older, newer, own, theirs, stays] = row;
    const roster = rosterOf(own);
    const first = roster.add({ ...connectedOf(theirs), source: older }, 0);
    const second = { ...connectedOf(theirs), peer: 99, source: newer };
    expect(roster.twinOf(second)).toBe(first);
    expect(roster.refusalOf(second, true, 0)).toBe(stays ? undefined : "connected twice");
  });

  it("that was dialled and may not stay is dialled again later, but not while its address is connected", () => {
    const roster = rosterOf();
    roster.heardOf([addressOf(1)], "given", 0);
    expect([...roster.dials(0)]).toHaveLength(1);
    roster.refused(dialled(1), 0);
    expect(roster.nextDialAt()).toBe(REDIAL_MS);
    roster.add(dialled(1), 0);
    roster.refused({ ...dialled(1), peer: 2 }, 0);
    expect(roster.nextDialAt()).toBeUndefined();
  });
});

describe("one peer an address", () => {
  const from = (host: string, n: number): ConnectedPeer => ({ ...connectedOf(n), address: { host, port: 40_000 + n } });

  it.each([
    ["192.0.2.1", "its address is connected already"],
    ["2001:db8::1", "its address is connected already"],
    ["127.0.0.1", undefined],
    ["127.0.0.9", undefined],
    ["::1", undefined],
  ])("is the rule for %s: %s", (host, refusal) => {
    const roster = rosterOf();
    expect(roster.refusalOf(from(host, 1), true, 0)).toBeUndefined();
    roster.add(from(host, 1), 0);
    expect(roster.refusalOf(from(host, 2), true, 0)).toBe(refusal);
    expect(roster.refusalOf(from("192.0.2.77", 3), true, 0)).toBeUndefined();
  });

  it("is no rule for web servers, which one machine may be beside a peer", () => {
    const roster = rosterOf();
    const host = "192.0.2.1";
    for (const n of [1, 2]) {
      const server = { ...from(host, n), source: "web" as const };
      expect(roster.refusalOf(server, true, 0)).toBeUndefined();
      roster.add(server, 0);
    }
    expect(roster.refusalOf(from(host, 3), true, 0)).toBeUndefined();
    roster.add(from(host, 3), 0);
    expect(roster.refusalOf({ ...from(host, 4), source: "web" }, true, 0)).toBeUndefined();
    expect(roster.refusalOf(from(host, 5), true, 0)).toBe("its address is connected already");
  });
});

describe("when there are 50 peers", () => {
  it("goes who is of no use for a minute, when another comes", () => {
    const roster = crowd(MAX_PEERS);
    for (const peer of roster.peers.values()) peer.amInterested = true;
    const idle = roster.peers.get(7)!;
    idle.amInterested = false;
    expect(roster.refusalOf(connectedOf(60), true, SETTLE_MS)).toBe("50 peers are enough");
    expect(roster.useless(SETTLE_MS + 1)).toBe(idle);
    expect(roster.refusalOf(connectedOf(60), true, SETTLE_MS + 1)).toBeUndefined();
    for (const use of ["amInterested", "peerInterested", "speaksPush"] as const) {
      idle[use] = true;
      expect(roster.useless(SETTLE_MS + 1)).toBeUndefined();
      idle[use] = false;
    }
  });
});

describe("while we fetch and there are 50 peers", () => {
  /** All of them choke us and gave 1 000 bytes, but the 7th, who gave fewer. */
  function chokers(isFetching = true) {
    const roster = crowd(MAX_PEERS, isFetching);
    for (const peer of roster.peers.values()) {
      peer.amInterested = peer.peerInterested = true;
      peer.down.add(peer.key === 7 ? 10 : 1_000, 0);
    }
    return { roster, seventh: roster.peers.get(7)! };
  }

  it("goes, after five minutes, who gave least of those that give nothing and get nothing", () => {
    const { roster, seventh } = chokers();
    expect(roster.useless(TURNOVER_MS)).toBeUndefined();
    expect(roster.useless(TURNOVER_MS + 1)).toBe(seventh);
    expect(chokers(false).roster.useless(TURNOVER_MS + 1)).toBeUndefined();
    const others: ((peer: SwarmPeer) => void)[] = [
      (peer) => (peer.amChoking = false),
      (peer) => (peer.peerChoking = false),
      (peer) => peer.down.add(100, TURNOVER_MS),
    ];
    for (const isOfUse of others) {
      const { roster: one, seventh: other } = chokers();
      isOfUse(other);
      expect(one.useless(TURNOVER_MS + 1)).not.toBe(other);
      expect(one.useless(TURNOVER_MS + 1)).toBe(one.peers.get(1));
    }
  });

  it("one more is dialled, for whom that one goes, and then nobody", () => {
    const { roster, seventh } = chokers();
    roster.heardOf([addressOf(1), addressOf(2)], "tracker", 0);
    expect([...roster.dials(TURNOVER_MS)]).toEqual([]);
    expect([...roster.dials(TURNOVER_MS + 1)]).toHaveLength(1);
    expect([...roster.dials(TURNOVER_MS + 2)]).toEqual([]);
    roster.remove(seventh, false, TURNOVER_MS + 2);
    roster.add(dialled(1), TURNOVER_MS + 2);
    expect([...roster.dials(TURNOVER_MS + 3)]).toHaveLength(1);
  });

  it("a download that nobody of them gives anything finds the one who does", () => {
    const hand = new HandSwarm({ pieceCount: 2 });
    for (let key = 1; key <= MAX_PEERS; key++) hand.join(key, "all");
    const good = { host: "10.9.9.9", port: 6_881 };
    hand.handle({ type: "candidates", addresses: [good], source: "tracker" });
    const dialledNow = () => hand.take().some((command) => command.type === "dial" && command.address === good);
    for (let waited = 0; waited < TURNOVER_MS; waited += 50_000) {
      expect(dialledNow()).toBe(false);
      for (let key = 1; key <= MAX_PEERS; key++) hand.say(key, { type: "keep-alive" });
      hand.pass(50_000);
    }
    hand.pass(2_000);
    expect(dialledNow()).toBe(true);
    hand.handle({ type: "peer-connected", ...connectedOf(77), address: good, source: "tracker" });
    expect(disconnects(hand.take())).toMatchObject([{ reason: "another may be of more use" }]);
    hand.say(77, { type: "have-all" });
    hand.say(77, { type: "unchoke" });
    expect(hand.requested(77).length).toBeGreaterThan(0);
  });
});

describe("the address of a peer", () => {
  it("is known for as long as it is connected, and of the last 1 000 that left", () => {
    const roster = rosterOf();
    const peer = roster.add(connectedOf(1), 0);
    expect(roster.whereIs(1)?.address).toEqual(connectedOf(1).address);
    roster.listensAt(peer, addressOf(1));
    roster.remove(peer, true, 0);
    expect(roster.whereIs(1)?.address).toEqual(addressOf(1));
    for (let key = 2; key <= MAX_REMEMBERED_LEFT; key++) roster.remove(roster.add(connectedOf(key), 0), true, 0);
    expect(roster.whereIs(1)?.address).toEqual(addressOf(1));
    roster.remove(roster.add(connectedOf(5_000), 0), true, 0);
    expect(roster.whereIs(1)?.address).toBeUndefined();
  });
});

describe("dials", () => {
  const all = Array.from({ length: 100 }, (_, n) => addressOf(n + 100));

  it.each([
    [0, MAX_DIALING],
    [MAX_PEERS - MAX_DIALING, MAX_DIALING],
    [MAX_PEERS - MAX_DIALING + 1, MAX_DIALING - 1],
    [MAX_PEERS - 1, 1],
    [MAX_PEERS, 0],
  ])("with %d peers are %d at once", (size, expected) => {
    const roster = crowd(size);
    roster.heardOf(all, "tracker", 0);
    expect([...roster.dials(0)]).toHaveLength(expected);
    expect([...roster.dials(0)]).toEqual([]);
    if (expected === 0) return;
    roster.dialFailed(all[0]!, 0);
    expect([...roster.dials(0)]).toHaveLength(1);
  });

  it("spare an incoming peer whose listening address is known, until it is gone", () => {
    const roster = rosterOf();
    const peer = roster.add(connectedOf(1), 0);
    roster.heardOf([addressOf(1)], "tracker", 0);
    roster.listensAt(peer, addressOf(1));
    expect([...roster.dials(0)]).toEqual([]);
    roster.remove(peer, true, 100);
    expect([...roster.dials(1_099)]).toEqual([]);
    expect([...roster.dials(1_100)].map(({ address }) => address)).toEqual([addressOf(1)]);
  });

  it("spare it also when a tracker tells of it only now, and when a dial that was under way fails", () => {
    for (const hear of [
      (roster: Roster) => roster.heardOf([addressOf(1)], "tracker", 0),
      (roster: Roster) => roster.dialFailed(addressOf(1), 0),
    ]) {
      const roster = rosterOf();
      roster.heardOf([addressOf(1)], "tracker", 0);
      expect([...roster.dials(0)]).toHaveLength(1);
      roster.listensAt(roster.add(connectedOf(1), 0), addressOf(1));
      hear(roster);
      expect([...roster.dials(REDIAL_MS)]).toEqual([]);
    }
    const roster = rosterOf();
    const peer = roster.add(connectedOf(1), 0);
    roster.listensAt(peer, addressOf(1));
    roster.heardOf([addressOf(1)], "tracker", 0);
    expect([...roster.dials(0)]).toEqual([]);
    roster.remove(peer, true, 0);
    expect([...roster.dials(1_000)]).toHaveLength(1);
  });

  it("go again to who was of use after a second, to who was not after 5", () => {
    for (const [useful, waitMs] of [
      [true, 1_000],
      [false, REDIAL_MS],
    ] as const) {
      const roster = rosterOf();
      roster.heardOf([addressOf(1)], "given", 0);
      expect([...roster.dials(0)]).toHaveLength(1);
      roster.remove(roster.add(dialled(1), 0), useful, 0);
      expect(roster.nextDialAt()).toBe(waitMs);
    }
  });

  it("keep it busy while they last, as peers do", () => {
    const roster = rosterOf();
    roster.heardOf([addressOf(1)], "given", 0);
    expect(roster.isBusy).toBe(false);
    expect([...roster.dials(0)]).toHaveLength(1);
    expect(roster.isBusy).toBe(true);
    roster.dialFailed(addressOf(1), 0);
    expect(roster.isBusy).toBe(false);
  });
});
