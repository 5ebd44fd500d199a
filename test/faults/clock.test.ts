// The wall clock of a whole swarm is set, by an hour and by ten years, while it is at work: monotonic time alone moves it. Needs libfaketime.
import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { Lab, STA_TRACKER, untilSnapshot } from "../helpers/processes.ts";

const MB = 1_000_000;
const RATE = 20 * MB;
const HOUR_MS = 3_600_000;

/** What the clock is set to, as libfaketime has it, and by how many milliseconds that is wrong. */
const CLOCKS = [
  ["+1h", HOUR_MS],
  ["-1h", -HOUR_MS],
  ["+10y", 10 * 365 * 24 * HOUR_MS],
  ["+0", 0],
] as const;

const [libfaketime] = globSync("/usr/lib/*/faketime/libfaketimeMT.so.1");
if (!libfaketime) console.warn("SKIPPED: the test of clocks that are set needs libfaketime (Debian: faketime).");

test.skipIf(!libfaketime)("clocks that are set by an hour and by ten years are of no account", async () => {
  const lab = await Lab.open(onTestFinished);
  const clock = lab.path("clock");
  const set = (to: string) => writeFile(clock, `${to}\n`);
  await set("+0");
  const env = {
    LD_PRELOAD: libfaketime!,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    NO_FAKE_STAT: "1",
  };
  await writeFileOf(lab.path("film.bin"), 8 * RATE, "film");
  const where = ["--host", "127.0.0.1", "--port", "0", "--until-stdin-ends"];
  const tracker = lab.start(process.execPath, [STA_TRACKER, ...where, "--keep", "1", "--dir", lab.path("t")], { env });
  const address = (await tracker.line((line) => line.includes("listening on"))).split(" ").at(-1)!;
  const daemon = async (home: string, flags: readonly string[] = []) => {
    const own = [...where, "--dir", lab.path(`${home}-files`), "--tracker", address, ...flags];
    const running = lab.sta(home, ["daemon", "--json", ...own], { env });
    await running.json("listening");
    return { running, engine: await lab.engine(home) };
  };
  await daemon("one", ["--limit-up", `${RATE / MB}MB`]);
  const torrent = lab.path("film.torrent");
  const create = ["create", lab.path("film.bin"), "-o", torrent, "--announce", `http://${address}/announce`];
  expect(await lab.sta("one", create).end()).toMatchObject({ code: 0 });
  expect(await lab.sta("one", ["share", torrent, "--dir", lab.folder]).end()).toMatchObject({ code: 0 });
  let two = await daemon("two");
  expect(await two.engine.send({ method: "download", target: torrent })).toMatchObject({ ok: true });
  const row = () => two.engine.getSnapshot().transfers[0]!;
  await untilSnapshot(two.engine, "pieces", ({ transfers }) => (transfers[0]?.heldPieces ?? 0) > 5);
  await untilSnapshot(two.engine, "an announce", () => row().trackers[0]?.state === "working");

  const announces = async () => {
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    return Number(/^sta_tracker_announces_total (\d+)$/m.exec(metrics)![1]);
  };
  const before = await announces();
  const peer = row().peers[0]!.key;
  for (const [wrong, byMs] of CLOCKS) {
    await set(wrong);
    const { downloadedBytes } = row();
    const at = performance.now();
    await untilSnapshot(two.engine, `bytes at ${wrong}`, () => row().downloadedBytes > downloadedBytes + RATE);
    expect(performance.now() - at, wrong).toBeLessThan(10_000);
    expect(row().peers.map(({ key }) => key)).toEqual([peer]);
    // What is shown goes with the clock on the wall.
    const inMs = row().trackers[0]!.nextAnnounceAt! - (Date.now() + byMs);
    expect(inMs, wrong).toBeGreaterThan(0);
    expect(inMs, wrong).toBeLessThan(HOUR_MS);
    expect(two.engine.getSnapshot().trackers[0]!.state, wrong).toBe("connected");
  }
  expect((await announces()) - before).toBe(0);
  await untilSnapshot(two.engine, "the whole", () => row().state === "seeding");
  expect(row().downloadedBytes).toBe(8 * RATE);
  expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));

  for (const [wrong] of CLOCKS) {
    await two.running.kill();
    await set(wrong);
    two = await daemon("two");
    expect(row(), wrong).toMatchObject({ state: "seeding", heldBytes: 8 * RATE });
  }
  expect(two.engine.getSnapshot().broadcasts.filter(({ kind }) => kind === "problem")).toEqual([]);
});
