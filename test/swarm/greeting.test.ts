import { describe, expect, it } from "vitest";
import { Bitfield } from "../../source/metainfo/bitfield.ts";
import { MAX_QUEUED_REQUESTS } from "../../source/protocol/peer/limits.ts";
import { extendedHandshake, greeting } from "../../source/swarm/greeting.ts";

const us = { client: "sta 1", listenPort: 6_881, private: false };
const some = Bitfield.of(10, [0, 9]);

describe("the greeting", () => {
  it.each([
    ["all, to one that speaks BEP 6", Bitfield.full(10), true, [{ type: "have-all" }]],
    ["nothing, to one that speaks BEP 6", Bitfield.empty(10), true, [{ type: "have-none" }]],
    ["some, to one that speaks BEP 6", some, true, [{ type: "bitfield", bytes: Uint8Array.of(0x80, 0x40) }]],
    ["all", Bitfield.full(10), false, [{ type: "bitfield", bytes: Uint8Array.of(0xff, 0xc0) }]],
    ["nothing, which nobody need say", Bitfield.empty(10), false, []],
    ["some", some, false, [{ type: "bitfield", bytes: Uint8Array.of(0x80, 0x40) }]],
  ])("says that we hold %s", (_, held, fast, expected) => {
    expect(greeting(us, { fast, extended: false }, { held, uploadOnly: false })).toEqual(expected);
  });

  it("begins with the extended handshake where the peer speaks BEP 10, and promises no more than we queue", () => {
    const [first, second] = greeting(us, { fast: true, extended: true }, { held: some, uploadOnly: true });
    expect(second?.type).toBe("bitfield");
    if (first?.type !== "extended-handshake") throw new Error(`${first?.type} came first`);
    expect(first.handshake).toMatchObject({ client: "sta 1", port: 6_881, uploadOnly: true });
    expect(first.handshake.extensions.get("sta_push")).toBeGreaterThan(0);
    expect(first.handshake.requestQueue).toBeLessThanOrEqual(MAX_QUEUED_REQUESTS);
  });

  it("offers to exchange peers, but not those of a private torrent", () => {
    const speaks = (isPrivate: boolean) => {
      const said = extendedHandshake({ ...us, private: isPrivate }, false);
      return said.type === "extended-handshake" && said.handshake.extensions.has("ut_pex");
    };
    expect([speaks(false), speaks(true)]).toEqual([true, false]);
  });

  it("names no port when none takes peers", () => {
    const [first] = greeting(
      { client: "sta", listenPort: undefined, private: false },
      { fast: true, extended: true },
      { held: some, uploadOnly: true },
    );
    expect(first).not.toHaveProperty("handshake.port");
  });
});
