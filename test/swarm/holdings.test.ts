import { describe, expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import type { PeerKey, SwarmCommand } from "../../source/swarm/events.ts";
import { Holdings } from "../../source/swarm/holdings.ts";
import { SwarmPeer } from "../../source/swarm/peer.ts";
import { RarestFirst } from "../../source/swarm/rarest-first.ts";
import { seededRandom } from "../helpers/simulation.ts";
import { Wanted } from "../../source/swarm/wanted.ts";
import { connectedOf } from "./support.ts";

const PIECES = 4;

function hold(held: readonly number[] = [], seed = 1) {
  const peers = new Map<PeerKey, SwarmPeer>();
  const commands: SwarmCommand[] = [];
  const own = Bitfield.of(PIECES, held);
  const rarest = new RarestFirst(PIECES, seededRandom(seed));
  for (const index of own.missing()) rarest.insert(index);
  const holdings = new Holdings({ wanted: new Wanted(own), rarest, peers, emit: (command) => commands.push(command) });
  holdings.isDownloading = true;
  const join = (key: PeerKey) => {
    const peer = new SwarmPeer(connectedOf(key), PIECES, 0);
    peers.set(key, peer);
    return peer;
  };
  const said = () =>
    commands.splice(0).map((command) => (command.type === "send" ? `${command.peer} ${command.message.type}` : ""));
  return { holdings, rarest, own, peers, join, said };
}

describe("interest", () => {
  it("is told when the first wanted piece comes, and taken back with the last", () => {
    const { holdings, own, join, said } = hold([0]);
    const peer = join(1);
    expect(holdings.gained(peer, 0)).toBe(false);
    expect(said()).toEqual([]);
    expect(holdings.gained(peer, 1)).toBe(true);
    expect(holdings.gained(peer, 2)).toBe(true);
    expect(said()).toEqual(["1 interested"]);
    own.set(1);
    holdings.weGained(1);
    expect(said()).toEqual([]);
    own.set(2);
    holdings.weGained(2);
    expect(said()).toEqual(["1 not-interested"]);
  });

  it("is not in what a peer says twice", () => {
    const { holdings, join } = hold();
    const peer = join(1);
    expect(holdings.gained(peer, 3)).toBe(true);
    expect(holdings.gained(peer, 3)).toBe(false);
    expect([peer.wanted, holdings.availability(3)]).toEqual([1, 1]);
  });

  it("is in nobody while we do not download, and is told at the next look when we do", () => {
    const { holdings, join, said } = hold();
    holdings.isDownloading = false;
    const peer = join(1);
    holdings.holds(peer, Bitfield.full(PIECES));
    expect([peer.wanted, said()]).toEqual([PIECES, []]);
    holdings.isDownloading = true;
    holdings.updateInterest(peer);
    holdings.updateInterest(peer);
    expect(said()).toEqual(["1 interested"]);
    holdings.isDownloading = false;
    holdings.updateInterest(peer);
    expect(said()).toEqual(["1 not-interested"]);
  });

  it("is told everybody's own way when a piece is gained: who has it loses a wanted one", () => {
    const { holdings, own, join, said } = hold();
    const [with0, without] = [join(1), join(2)];
    holdings.gained(with0, 0);
    said();
    own.set(0);
    holdings.weGained(0);
    expect(said()).toEqual(["1 not-interested"]);
    expect([with0.wanted, without.wanted]).toEqual([0, 0]);
  });
});

describe("availability and wanted pieces", () => {
  it("are always what a count from scratch would say, whatever peers say, in whatever order", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = seededRandom(seed);
      const pick = (n: number) => Math.floor(random() * n);
      const { holdings, own, peers, join } = hold([], seed);
      for (let step = 0, key = 1; step < 60; step++) {
        const peer = [...peers.values()][pick(peers.size)];
        const kind = pick(6);
        if (kind === 0 || !peer) join(key++);
        else if (kind === 1) {
          peers.delete(peer.key);
          holdings.forget(peer);
        } else if (kind === 2) {
          const indexes = [0, 1, 2, 3].filter(() => random() < 0.8);
          holdings.holds(peer, Bitfield.of(PIECES, indexes));
        } else if (kind === 3) {
          const index = pick(PIECES);
          if (own.set(index)) holdings.weGained(index);
        } else holdings.gained(peer, pick(PIECES));
        for (let index = 0; index < PIECES; index++) {
          const holders = [...peers.values()].filter(({ pieces }) => pieces.get(index)).length;
          expect(holdings.availability(index), `seed ${seed}, step ${step}`).toBe(holders);
        }
        for (const one of peers.values()) {
          const wanted = [...one.pieces.held()].filter((index) => !own.get(index)).length;
          expect(one.wanted, `seed ${seed}, step ${step}`).toBe(wanted);
          expect(one.amInterested, `seed ${seed}, step ${step}`).toBe(wanted > 0);
        }
      }
    }
  });
});
