import { expect, it } from "vitest";
import { LEAST_WAIT_MS, MAX_WAITING_AN_ADDRESS, MAX_WAITING_INBOUND } from "../../source/engine/limits.ts";
import { WaitingRoom } from "../../source/engine/waiting-room.ts";

function room() {
  const waiting = new WaitingRoom<{ close: (reason: string) => void }>();
  const closed: string[] = [];
  const enter = (name: string, host: string, now = 0) => {
    const guest = {
      close: () => {
        closed.push(name);
        waiting.leave(guest);
      },
    };
    waiting.enter(guest, host, now);
    return guest;
  };
  return { waiting, closed, enter };
}

it("has room for 3 of an address, and again when one of them has said its handshake", () => {
  const { waiting, enter } = room();
  const guests = [];
  for (let n = 0; n < MAX_WAITING_AN_ADDRESS; n++) {
    expect(waiting.hasRoomFor("192.0.2.1", 0)).toBe(true);
    guests.push(enter(`${n}`, "192.0.2.1"));
  }
  expect([waiting.hasRoomFor("192.0.2.1", 0), waiting.hasRoomFor("192.0.2.2", 0)]).toEqual([false, true]);
  waiting.leave(guests[1]!);
  expect(waiting.hasRoomFor("192.0.2.1", 0)).toBe(true);
});

it("counts the addresses of one IPv6 network together", () => {
  const { waiting, enter } = room();
  for (let n = 0; n < MAX_WAITING_AN_ADDRESS; n++) enter(`${n}`, `2001:db8::${n}`);
  expect([waiting.hasRoomFor("2001:db8::9", 0), waiting.hasRoomFor("2001:db8:0:1::9", 0)]).toEqual([false, true]);
});

it.each(["127.0.0.1", "127.255.0.9", "::1"])("has room for any number of %s, this very machine", (host) => {
  const { waiting, enter } = room();
  for (let n = 0; n < MAX_WAITING_INBOUND; n++) enter(`${n}`, host);
  expect(waiting.hasRoomFor(host, LEAST_WAIT_MS)).toBe(true);
});

it("pushes nobody out that has just come: a flood is refused instead", () => {
  const { waiting, enter } = room();
  for (let n = 0; n < MAX_WAITING_INBOUND - 1; n++) enter(`${n}`, `192.0.2.${n}`, 1_000);
  expect(waiting.hasRoomFor("192.0.2.200", 1_000)).toBe(true);
  enter("last", "127.0.0.1", 1_000);
  for (const host of ["192.0.2.200", "127.0.0.1"]) {
    expect(waiting.hasRoomFor(host, 1_000 + LEAST_WAIT_MS - 1)).toBe(false);
    expect(waiting.hasRoomFor(host, 1_000 + LEAST_WAIT_MS)).toBe(true);
  }
});

it.each([
  [MAX_WAITING_INBOUND - 1, []],
  [MAX_WAITING_INBOUND, []],
  [MAX_WAITING_INBOUND + 1, ["0"]],
])("of %d that wait closes %j", (count, expected) => {
  const { closed, enter, waiting } = room();
  for (let n = 0; n < count; n++) enter(`${n}`, `192.0.2.${n}`);
  expect(closed).toEqual(expected);
  expect([...waiting.guests]).toHaveLength(count - expected.length);
});
