import { expect, it } from "vitest";
import type { SwarmCommand } from "../../source/swarm/events.ts";
import { Announcements } from "../../source/swarm/announcements.ts";
import { HAVE_GATHER_MS } from "../../source/swarm/limits.ts";

function announce(...keys: number[]) {
  const commands: SwarmCommand[] = [];
  const peers = new Map(keys.map((key) => [key, {}]));
  const announcements = new Announcements({ peers, emit: (command) => commands.push(command) });
  const said = () =>
    commands
      .splice(0)
      .map((command) =>
        command.type === "send" && command.message.type === "have" ? `${command.peer}: ${command.message.index}` : "?",
      );
  return { announcements, said };
}

it("tells of a piece at once, and of those that follow closely together, peer by peer", () => {
  const { announcements, said } = announce(1, 2);
  announcements.add(7, 1_000);
  expect(said()).toEqual(["1: 7", "2: 7"]);
  for (let index = 0; index < 3; index++) announcements.add(index, 1_000 + index);
  announcements.tellDue(1_000 + HAVE_GATHER_MS - 1);
  expect(said()).toEqual([]);
  expect(announcements.dueAt).toBe(1_000 + HAVE_GATHER_MS);
  announcements.tellDue(1_000 + HAVE_GATHER_MS);
  expect(said()).toEqual(["1: 0", "1: 1", "1: 2", "2: 0", "2: 1", "2: 2"]);
  expect(announcements.dueAt).toBeUndefined();
});

it("tells what waits when it must, and nothing twice", () => {
  const { announcements, said } = announce(1);
  announcements.add(1, 0);
  announcements.add(2, 1);
  said();
  announcements.tell(2);
  announcements.tell(3);
  expect(said()).toEqual(["1: 2"]);
});
