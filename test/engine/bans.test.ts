import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Bans } from "../../source/engine/bans.ts";
import { MAX_BANNED } from "../../source/engine/limits.ts";
import { BAN_MS } from "../../source/swarm/limits.ts";
import { temporaryFolder } from "../storage/fixtures.ts";

const stranger = { host: "192.0.2.7", port: 6_881 };

async function listIn(folder: string, clock = { now: 1_800_000_000_000 }) {
  const problems: string[] = [];
  const path = join(folder, "bans");
  const bans = new Bans({ path, now: () => clock.now, onProblem: (text) => void problems.push(text) });
  await bans.load();
  return { bans, clock, problems, path };
}

it("keeps a host out for a day on any port, also after a restart", async () => {
  const folder = await temporaryFolder();
  const first = await listIn(folder);
  first.bans.add(stranger);
  await first.bans.close();
  const { bans, clock, path } = await listIn(folder);
  expect([bans.has(stranger), bans.has({ ...stranger, port: 1 }), bans.has({ host: "192.0.2.8", port: 1 })]).toEqual([
    true,
    true,
    false,
  ]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  clock.now += BAN_MS - 1;
  expect(bans.has(stranger)).toBe(true);
  clock.now += 1;
  expect(bans.has(stranger)).toBe(false);
});

it("keeps one port of the loopback address out, for one bad peer there is not all of them", async () => {
  const { bans } = await listIn(await temporaryFolder());
  bans.add({ host: "127.0.0.1", port: 1 });
  expect([bans.has({ host: "127.0.0.1", port: 1 }), bans.has({ host: "127.0.0.1", port: 2 })]).toEqual([true, false]);
  await bans.close();
});

it("forgets the oldest when there are more than 10 000, here and on disk", async () => {
  const folder = await temporaryFolder();
  const { bans } = await listIn(folder);
  const hostOf = (n: number) => ({ host: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, port: 1 });
  for (let n = 0; n < MAX_BANNED; n++) bans.add(hostOf(n));
  expect(bans.has(hostOf(0))).toBe(true);
  bans.add(hostOf(MAX_BANNED));
  expect([bans.has(hostOf(0)), bans.has(hostOf(1)), bans.has(hostOf(MAX_BANNED))]).toEqual([false, true, true]);
  await bans.close();
  const again = await listIn(folder);
  expect([again.bans.has(hostOf(0)), again.bans.has(hostOf(MAX_BANNED))]).toEqual([false, true]);
});

it("bans nobody for longer than a day, whatever the clock or the file says, and skips what is no line of it", async () => {
  const folder = await temporaryFolder();
  const { path } = await listIn(folder);
  await writeFile(path, `999999999999999 192.0.2.1\nnonsense\n1 192.0.2.2\n\0\n99999999999999999999 192.0.2.3\n`);
  const { bans, clock } = await listIn(folder);
  expect(["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((host) => bans.has({ host, port: 1 }))).toEqual([
    true,
    false,
    false,
  ]);
  clock.now += BAN_MS;
  expect(bans.has({ host: "192.0.2.1", port: 1 })).toBe(false);
});

it("bans for a day from then on when the clock is set back by ten years", async () => {
  const { bans, clock } = await listIn(await temporaryFolder());
  bans.add(stranger);
  clock.now -= 3_650 * BAN_MS;
  expect(bans.has(stranger)).toBe(true);
  clock.now += BAN_MS;
  expect(bans.has(stranger)).toBe(false);
  await bans.close();
});

it("says that the list cannot be read or kept, and bans all the same", async () => {
  const missing = await listIn(join(await temporaryFolder(), "missing"));
  expect(missing.problems).toEqual([]);
  missing.bans.add(stranger);
  await missing.bans.close();
  expect(missing.bans.has(stranger)).toBe(true);
  expect(missing.problems).toHaveLength(1);
});

it("is whole at every moment: a ban that comes while the list is saved is saved too", async () => {
  const folder = await temporaryFolder();
  const { bans, path } = await listIn(folder);
  bans.add(stranger);
  bans.add({ host: "192.0.2.9", port: 1 });
  await bans.close();
  expect((await readFile(path, "utf8")).split("\n").filter(Boolean)).toHaveLength(2);
});
