// Four engines that are told one thing after the other at random, while they, their tracker and their files are taken from under them.
// Whatever came before: once they are left in peace and asked for everything, all have everything, byte for byte.
// STA_LONG=1: for 90 s instead of 15. STA_SEED=N: the commands of another run; how they meet is up to the machine.
import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { ControlClient } from "../../source/control/client.ts";
import type { Command, Reply } from "../../source/control/contract.ts";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import { DEADLINE_MS, Lab, type Running, until } from "../helpers/processes.ts";
import { seededRandom } from "../helpers/simulation.ts";

const SEED = Number(process.env["STA_SEED"] ?? 1);
const CHAOS_MS = process.env["STA_LONG"] ? 90_000 : 15_000;
const PEACE_MS = 60_000;
const PEERS = ["one", "two", "three", "four"];

/** A file of 18 pieces, one of 7, a folder of 40 files, and one of so many that threads write them; some are empty. */
const SHARED = ["large.bin", "small.bin", "folder", "many"];
const LOST: Readonly<Record<string, string>> = { folder: "folder/3", many: "many/100" };

async function makeShared(lab: Lab): Promise<void> {
  await writeFileOf(lab.path("shared", "large.bin"), 9_000_000, "large");
  await writeFileOf(lab.path("shared", "small.bin"), 3_333_333, "small");
  for (let i = 0; i < 40; i++) await writeFileOf(lab.path("shared", "folder", `${i}`), 1 + i * 7_001, `folder ${i}`);
  for (let i = 0; i < 400; i++)
    await writeFileOf(lab.path("shared", "many", `${i}`), i % 17 ? i * 301 : 0, `many ${i}`);
}

test("engines told random things, killed and robbed have everything in the end", { timeout: 300_000 }, async () => {
  const lab = await Lab.open(onTestFinished);
  await makeShared(lab);
  let tracker = await lab.tracker();
  const daemons = new Map<string, Running>();
  const start = async (home: string) => {
    const { running } = await lab.daemon(home, ["--tracker", tracker.address, "--limit-up", "6MB"]);
    daemons.set(home, running);
  };
  for (const home of ["seeder", ...PEERS]) await start(home);
  const seeder = await lab.engine("seeder");
  const infoHashes = new Map<string, string>();
  for (const name of SHARED) {
    const reply = await seeder.send({ method: "share", path: lab.path("shared", name) });
    if (!reply.ok) throw new Error(reply.text);
    infoHashes.set(name, reply.infoHash!);
  }

  const told: string[] = [];
  onTestFinished(({ task }) => {
    if (task.result?.state === "fail") console.error(told.slice(-200).join("\n"));
  });
  const endsAt = performance.now() + CHAOS_MS;
  const chaos = PEERS.map(async (home, lane) => {
    const random = seededRandom(SEED * PEERS.length + lane);
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
    while (performance.now() < endsAt) {
      const name = pick(SHARED);
      const act = random();
      if (act < 0.06) {
        const signal = pick(["SIGKILL", "SIGTERM"] as const);
        told.push(`${home} ${signal}`);
        await daemons.get(home)!.kill(signal);
        await start(home);
      } else if (act < 0.1) {
        told.push(`${home} loses ${LOST[name] ?? name}`);
        await rm(lab.path(`${home}-files`, LOST[name] ?? name), { force: true });
      } else {
        const engine = await lab.engine(home);
        const commands = Array.from({ length: random() < 0.2 ? 3 : 1 }, () =>
          randomCommand(pick, name, infoHashes.get(name)!),
        );
        await Promise.all(commands.map(async (command) => told.push(`${home} ${await answered(engine, command)}`)));
        await engine.close();
      }
      await delay(random() * 700);
    }
  });
  const shaken = (async () => {
    const random = seededRandom(SEED);
    for (;;) {
      await delay(6_000 + random() * 6_000);
      if (performance.now() > endsAt) return;
      await tracker.running.kill("SIGKILL");
      await delay(random() * 2_000);
      tracker = await lab.tracker([], tracker.port);
    }
  })();
  await Promise.all([...chaos, shaken]);

  for (const home of PEERS) {
    const engine = await lab.engine(home);
    await engine.send({ method: "set-limits", downBytesPerSecond: 0, activeDownloads: 0 });
    for (const [name, infoHash] of infoHashes) {
      // A file that was lost a moment ago is noticed by looking.
      await engine.send({ method: "check", infoHash });
      await until(`${name} on ${home}`, async () => {
        const { ok } = await engine.send({ method: "download", target: infoHash, files: "all" });
        return ok || undefined;
      });
    }
    await until(`everything on ${home}`, () => hasAll(engine) || undefined, PEACE_MS);
  }
  const expected = await digestsOf(lab.path("shared"));
  for (const home of PEERS) expect(await digestsOf(lab.path(`${home}-files`)), home).toEqual(expected);
  for (const [home, { stderr }] of daemons) expect(stderr, home).not.toMatch(/mistake of sta|\bat .*:\d+:\d+/);
});

function hasAll(engine: ControlClient): boolean {
  const { transfers } = engine.getSnapshot();
  return (
    transfers.length === SHARED.length && transfers.every(({ heldPieces, pieceCount }) => heldPieces === pieceCount)
  );
}

function randomCommand(pick: <Item>(items: readonly Item[]) => Item, name: string, infoHash: string): Command {
  const files = [
    { index: 0, priority: pick(["off", "normal", "high"] as const) },
    { index: name in LOST ? 33 : 0, priority: pick(["off", "normal"] as const) },
  ];
  const download: Command = { method: "download", target: pick([name, infoHash]) };
  return pick<Command>([
    download,
    download,
    download,
    { ...download, files: "all" },
    { method: "pause", infoHash },
    { method: "resume", infoHash },
    { method: "check", infoHash },
    { method: "remove", infoHash, withData: false },
    { method: "remove", infoHash, withData: true },
    { method: "set-files", infoHash, files },
    { method: "set-transfer", infoHash, sequential: pick([true, false]) },
    { method: "set-limits", downBytesPerSecond: pick([0, 2_000_000]), activeDownloads: pick([0, 1, 2]) },
    { method: "push", target: infoHash, count: 3, keep: pick([true, false]) },
  ]);
}

/** The command and its answer. Rejects when none comes. */
async function answered(engine: ControlClient, command: Command): Promise<string> {
  const late = delay(DEADLINE_MS, undefined, { ref: false }).then((): Reply | undefined => undefined);
  const reply = await Promise.race([engine.send(command), late]);
  const said = JSON.stringify(command);
  if (!reply) throw new Error(`no answer to ${said}`);
  expect(reply.text, said).toMatch(/^[^\n]+\.$/);
  return `${said}: ${reply.text}`;
}
