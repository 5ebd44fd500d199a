import { describe, expect, it } from "vitest";
import {
  FLAPS_MS,
  IDLE_MS,
  KEEP_ALIVE_MS,
  MAX_CHOKE_FLAPS,
  SNUB_MS,
  STALL_MS,
  SUSPENDED_MS,
  TICK_MS,
} from "../../source/swarm/limits.ts";
import { countFlap, endOf, forgiveSuspension, needsKeepAlive, speakSoon, stalls } from "../../source/swarm/patience.ts";

const NOW = 1_000_000;

interface Since {
  readonly heardMs?: number;
  readonly saidMs?: number;
  readonly progressMs?: number;
  readonly outstanding?: number;
  readonly rejects?: number;
  readonly snubbed?: boolean;
}

const peer = ({
  heardMs = 0,
  saidMs = 0,
  progressMs = 0,
  outstanding = 0,
  rejects = 0,
  snubbed = false,
}: Since = {}) => ({
  heardAt: NOW - heardMs,
  saidAt: NOW - saidMs,
  requests: { outstanding: { size: outstanding }, rejects, progressAt: NOW - progressMs, snubbed },
});

describe("patience with a peer", () => {
  it.each([
    [IDLE_MS - 1, undefined],
    [IDLE_MS, undefined],
    [IDLE_MS + 1, "it was silent for too long"],
  ])("that said nothing for %d ms: %s", (heardMs, expected) => {
    expect(endOf(peer({ heardMs }), NOW)).toBe(expected);
  });

  it.each([
    [STALL_MS - 1, undefined],
    [STALL_MS, undefined],
    [STALL_MS + 1, "it was asked for blocks and sent none"],
  ])("that was asked and sent nothing for %d ms: %s", (progressMs, expected) => {
    expect(endOf(peer({ progressMs, outstanding: 1 }), NOW)).toBe(expected);
    expect(endOf(peer({ progressMs, rejects: 1 }), NOW)).toBe(expected);
  });

  it.each([
    [SNUB_MS - 1, false],
    [SNUB_MS, false],
    [SNUB_MS + 1, true],
  ])("whose requests have waited for %d ms: to others with them? %s", (progressMs, expected) => {
    expect(stalls(peer({ progressMs, outstanding: 1 }), NOW)).toBe(expected);
    expect(stalls(peer({ progressMs, outstanding: 1, snubbed: true }), NOW)).toBe(false);
  });

  it("that was asked for nothing has no end", () => {
    expect(endOf(peer({ progressMs: NOW }), NOW)).toBeUndefined();
    expect(stalls(peer({ progressMs: NOW }), NOW)).toBe(false);
  });

  it.each([
    [KEEP_ALIVE_MS, false],
    [KEEP_ALIVE_MS + 1, true],
  ])("to which we said nothing for %d ms: a keep-alive? %s", (saidMs, expected) => {
    expect(needsKeepAlive(peer({ saidMs }), NOW)).toBe(expected);
  });

  it("is told something at once after a sleep", () => {
    const heard = peer({ saidMs: 0 });
    speakSoon([heard]);
    expect(needsKeepAlive(heard, NOW)).toBe(true);
  });

  it("that chokes ends with the 61st choke of a minute, and begins anew with the next", () => {
    const flapper = { flaps: 0, flapsSince: 0 };
    const choke = (times: number, now: number) => {
      for (let i = 0; i < times; i++) countFlap(flapper, now);
    };
    choke(MAX_CHOKE_FLAPS, 0);
    expect(() => choke(1, FLAPS_MS)).toThrow(expect.objectContaining({ code: "choke-flapping" }));
    choke(MAX_CHOKE_FLAPS, FLAPS_MS + 1);
    expect(() => choke(1, 2 * FLAPS_MS + 1)).toThrow("chokes and unchokes");
  });
});

describe("a suspended machine", () => {
  it("gives the time that was lost back, never more than has passed", () => {
    const old = peer({ heardMs: 3_700_000, progressMs: 3_610_000, outstanding: 1 });
    const young = peer({ heardMs: 500, progressMs: 500, outstanding: 1 });
    forgiveSuspension([old, young], 3_600_000 + TICK_MS, NOW);
    expect([NOW - old.heardAt, NOW - old.requests.progressAt]).toEqual([100_000, 10_000]);
    expect([young.heardAt, young.requests.progressAt]).toEqual([NOW, NOW]);
  });

  it.each([
    [0, 0],
    [TICK_MS + SUSPENDED_MS - 1, 0],
    [TICK_MS + SUSPENDED_MS, SUSPENDED_MS],
  ])("is one whose tick came after %d ms: %d ms given back", (sinceTickMs, given) => {
    const one = peer({ heardMs: 60_000 });
    forgiveSuspension([one], sinceTickMs, NOW);
    expect(one.heardAt).toBe(NOW - 60_000 + given);
  });
});
