import { describe, expect, it } from "vitest";
import type { PexMessage } from "../../source/protocol/peer/extensions/ut-pex.ts";
import type { Address, PeerKey } from "../../source/swarm/events.ts";
import { EXCHANGE_FIRST_MS, EXCHANGE_MS, LEAST_EXCHANGE_MS } from "../../source/swarm/limits.ts";
import { Simulation } from "../helpers/simulation.ts";
import { HandSwarm } from "./support.ts";

const at = (n: number): Address => ({ host: `10.0.0.${n}`, port: 6_881 });

/** A swarm in which peers speak ut_pex and listen at `10.0.0.KEY:6881`. */
class ExchangingSwarm extends HandSwarm {
  comes(key: PeerKey, address = at(key), speaks = true): void {
    this.join(key, [], "given");
    this.swarm.peers.get(key)!.listensAt = address;
    Object.assign(this.swarm.peers.get(key)!.connected, { address });
    this.say(key, { type: "extended-handshake", handshake: { extensions: new Map([["ut_pex", speaks ? 1 : 0]]) } });
  }

  /** What each peer was told since the last call. */
  told(): ReadonlyMap<PeerKey, PexMessage> {
    const told = new Map<PeerKey, PexMessage>();
    for (const command of this.take()) {
      if (command.type === "send" && command.message.type === "ut-pex") told.set(command.peer, command.message.message);
    }
    return told;
  }

  after(ms: number): void {
    this.now += ms;
    // Nobody is silent so long that it is dropped.
    for (const key of this.swarm.peers.keys()) this.say(key, { type: "keep-alive" });
    this.handle({ type: "tick" });
  }

  hears(key: PeerKey, added: readonly Address[]): Address[] {
    this.take();
    this.say(key, { type: "ut-pex", message: { added, dropped: [] } });
    return this.take().flatMap((command) => (command.type === "dial" ? [command.address] : []));
  }
}

describe("peers are told of one another", () => {
  it("a little after they came, then of what changed, once a minute", () => {
    const swarm = new ExchangingSwarm();
    for (const key of [1, 2]) swarm.comes(key);
    swarm.comes(3, at(3), false);
    swarm.take();
    swarm.after(EXCHANGE_FIRST_MS);
    expect(swarm.told()).toEqual(
      new Map([
        [1, { added: [at(2), at(3)], dropped: [] }],
        [2, { added: [at(1), at(3)], dropped: [] }],
      ]),
    );
    swarm.handle({ type: "peer-left", peer: 2 });
    swarm.comes(4);
    swarm.after(EXCHANGE_MS - 1_000);
    expect(swarm.told()).toEqual(new Map([[4, { added: [at(1), at(3)], dropped: [] }]]));
    swarm.after(1_000);
    expect(swarm.told()).toEqual(new Map([[1, { added: [at(4)], dropped: [at(2)] }]]));
    swarm.after(EXCHANGE_MS);
    expect(swarm.told().size).toBe(0);
  });

  it("but not those of a private torrent", () => {
    const swarm = new ExchangingSwarm({ private: true });
    for (const key of [1, 2]) swarm.comes(key);
    swarm.after(EXCHANGE_FIRST_MS);
    expect(swarm.told().size).toBe(0);
    expect(swarm.hears(1, [at(9)])).toEqual([]);
  });

  it("and not of addresses of a private network that they are not in", () => {
    const swarm = new ExchangingSwarm();
    const abroad = { host: "192.0.1.9", port: 6_881 };
    swarm.comes(1);
    swarm.comes(2, abroad);
    swarm.take();
    swarm.after(EXCHANGE_FIRST_MS);
    expect(swarm.told()).toEqual(new Map([[1, { added: [abroad], dropped: [] }]]));
    expect(swarm.hears(2, [at(9), { host: "127.0.0.1", port: 22 }])).toEqual([]);
    const other = { ...abroad, port: 6_882 };
    expect(swarm.hears(1, [at(9), other])).toEqual([at(9), other]);
  });

  it("and not of addresses of this machine, unless they are on it", () => {
    const swarm = new ExchangingSwarm();
    const here = { host: "127.0.0.1", port: 6_881 };
    swarm.comes(1);
    swarm.comes(2, here);
    swarm.take();
    swarm.after(EXCHANGE_FIRST_MS);
    expect(swarm.told()).toEqual(new Map([[2, { added: [at(1)], dropped: [] }]]));
    expect(swarm.hears(1, [{ host: "127.0.0.1", port: 22 }])).toEqual([]);
    expect(swarm.hears(2, [{ host: "127.0.0.1", port: 6_882 }])).toEqual([{ host: "127.0.0.1", port: 6_882 }]);
  });

  it("by their IP addresses, also who was dialled by a name", () => {
    const swarm = new ExchangingSwarm();
    const abroad = (n: number) => ({ host: `192.0.1.${n}`, port: 6_881 });
    swarm.comes(1, abroad(1));
    swarm.comes(2, { host: "seed.example.org", port: 6_881 });
    Object.assign(swarm.swarm.peers.get(2)!.connected, { ip: abroad(2).host });
    swarm.take();
    swarm.after(EXCHANGE_FIRST_MS);
    expect(swarm.told()).toEqual(
      new Map([
        [1, { added: [abroad(2)], dropped: [] }],
        [2, { added: [abroad(1)], dropped: [] }],
      ]),
    );
    expect(swarm.hears(2, [abroad(9), at(9)])).toEqual([abroad(9)]);
  });
});

describe("what a peer tells of others", () => {
  it("is dialled, but nobody twice", () => {
    const swarm = new ExchangingSwarm();
    swarm.comes(1);
    expect(swarm.hears(1, [at(8), at(9)])).toEqual([at(8), at(9)]);
    swarm.now += LEAST_EXCHANGE_MS;
    expect(swarm.hears(1, [at(8), at(7)])).toEqual([at(7)]);
  });

  it("is not heard when it comes too often, or from one that did not say that it speaks of them", () => {
    const swarm = new ExchangingSwarm();
    swarm.comes(1);
    swarm.comes(2, at(2), false);
    expect(swarm.hears(1, [at(7)])).toEqual([at(7)]);
    swarm.now += LEAST_EXCHANGE_MS - 1;
    expect(swarm.hears(1, [at(8)])).toEqual([]);
    expect(swarm.hears(2, [at(9)])).toEqual([]);
  });

  it("is not heard sooner because it took back that it speaks of them and said it again", () => {
    const swarm = new ExchangingSwarm();
    swarm.comes(1);
    expect(swarm.hears(1, [at(7)])).toEqual([at(7)]);
    const speak = (speaks: boolean) =>
      swarm.say(1, { type: "extended-handshake", handshake: { extensions: new Map([["ut_pex", speaks ? 1 : 0]]) } });
    speak(false);
    speak(true);
    expect(swarm.hears(1, [at(8)])).toEqual([]);
    swarm.now += LEAST_EXCHANGE_MS;
    speak(false);
    expect(swarm.hears(1, [at(8)])).toEqual([]);
    speak(true);
    expect(swarm.hears(1, [at(8)])).toEqual([at(8)]);
  });
});

/** Virtual seconds until eight peers that know the slow seeder only have all of it. */
function secondsOf(exchangesPeers: boolean): number {
  const simulation = new Simulation({ seed: 1, pieceCount: 60, exchangesPeers });
  simulation.add("seeder", { held: "all", upBytesPerSecond: 200_000 });
  const leechers = Array.from({ length: 8 }, (_, i) => simulation.add(`leecher ${i}`, { held: "nothing" }));
  for (const leecher of leechers) {
    const [seeder] = simulation.nodes.values();
    leecher.handle({ type: "candidates", addresses: [seeder!.address], source: "given" });
  }
  simulation.run(600, () => leechers.every(({ swarm }) => swarm.isDone));
  expect(leechers.every(({ swarm }) => swarm.isDone)).toBe(true);
  return simulation.now / 1_000;
}

it("a swarm whose peers know one peer only becomes one in which all help", () => {
  expect(secondsOf(true)).toBeLessThan(secondsOf(false) / 3);
});
