// One download, killed at random moments: it goes on where it was, at once, and nothing that was held is fetched again.
// STA_LONG=1: 100 kills. A failure prints the moments. What somebody else changes after a kill is noticed.
import { readFile, writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Snapshot } from "../../source/control/contract.ts";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { Lab, untilSnapshot } from "../helpers/processes.ts";

const MB = 1_000_000;
const KILLS = process.env["STA_LONG"] ? 100 : 10;

/** Bytes a second, and of the file: the download lasts for all kills. */
const RATE = 12 * MB;
const BYTES = KILLS * 0.9 * RATE;

/** Fetched again at most for each kill: a second of the download, or this. */
const LOST_BYTES = 4 * 1024 * 1024;

/** Milliseconds between a byte seen and the kill. */
const MOMENTS = Array.from({ length: KILLS }, () => 50 + Math.round(Math.random() * 600));

const row = ({ transfers }: Snapshot) => transfers[0];

test(`a download that is killed ${KILLS} times loses nothing`, { timeout: 600_000 }, async () => {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("film.bin"), BYTES, "film");
  const tracker = await lab.tracker();
  const flags = ["--tracker", tracker.address];
  await lab.daemon("one", [...flags, "--limit-up", `${RATE / MB}MB`]);
  expect(await lab.sta("one", ["share", lab.path("film.bin")]).end()).toMatchObject({ code: 0 });
  let shown = 0;
  const firstBytesMs: number[] = [];
  for (const [kill, moment] of MOMENTS.entries()) {
    const { running } = await lab.daemon("two", flags);
    const engine = await lab.engine("two");
    if (kill === 0) {
      await untilSnapshot(engine, "the catalogue", ({ catalogue }) => catalogue.some(({ holders }) => holders > 0));
      expect(await engine.send({ method: "download", target: "film.bin" })).toMatchObject({ ok: true });
    }
    const begun = await untilSnapshot(engine, "the transfer", (snapshot) => row(snapshot) !== undefined);
    const why = `kill ${kill} of ${MOMENTS.join(" ")}`;
    expect(row(begun)!.heldBytes, why).toBeGreaterThanOrEqual(shown);
    const states = new Set<string>();
    onTestFinished(engine.subscribe(() => void states.add(row(engine.getSnapshot())?.state ?? "none")));
    const before = row(begun)!.downloadedBytes;
    await untilSnapshot(engine, `bytes, ${why}`, (snapshot) => row(snapshot)!.downloadedBytes > before);
    firstBytesMs.push(performance.now() - running.startedAt);
    await new Promise((later) => setTimeout(later, moment));
    shown = row(engine.getSnapshot())!.heldBytes;
    await running.kill("SIGKILL");
    await engine.close();
    expect([...states], why).not.toContain("checking");
    if (shown === BYTES) break;
  }
  await lab.daemon("two", flags);
  const engine = await lab.engine("two");
  await untilSnapshot(engine, "the whole", (snapshot) => row(snapshot)?.state === "seeding", 60_000);
  expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
  const one = await lab.engine("one");
  const { uploadedBytes } = row(one.getSnapshot())!;
  const again = (uploadedBytes - BYTES) / MOMENTS.length;
  console.log(
    `${KILLS} kills: sent ${(uploadedBytes / BYTES).toFixed(3)} times the file, ${(again / MB).toFixed(2)} MB again a kill; first bytes after ${Math.round(Math.max(...firstBytesMs))} ms at most`,
  );
  expect(again).toBeLessThanOrEqual(Math.max(LOST_BYTES, RATE));
  expect(uploadedBytes).toBeLessThanOrEqual(1.15 * BYTES);
  expect(firstBytesMs.toSorted((a, b) => a - b)[KILLS >> 1]).toBeLessThan(2_000);
});

test("what is changed 3 s after the kill of a download is fetched again, and that alone", async () => {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("film.bin"), 2 * RATE, "film");
  const tracker = await lab.tracker();
  const flags = ["--tracker", tracker.address];
  await lab.daemon("one", [...flags, "--limit-up", `${RATE / MB}MB`]);
  expect(await lab.sta("one", ["share", lab.path("film.bin")]).end()).toMatchObject({ code: 0 });
  const { running } = await lab.daemon("two", flags);
  let engine = await lab.engine("two");
  await untilSnapshot(engine, "the catalogue", ({ catalogue }) => catalogue.some(({ holders }) => holders > 0));
  expect(await engine.send({ method: "download", target: "film.bin" })).toMatchObject({ ok: true });
  const half = (snapshot: Snapshot) => (row(snapshot)?.heldBytes ?? 0) > RATE;
  const { pieceLength, pieceCount } = row(await untilSnapshot(engine, "a half", half))!;
  await running.kill("SIGKILL");
  const held = row(engine.getSnapshot())!.heldPieces;
  await new Promise((later) => setTimeout(later, 3_000));
  const path = lab.path("two-files", "film.bin");
  const [before, right] = [await readFile(path), await readFile(lab.path("film.bin"))];
  const isHeld = (piece: number) => {
    const [start, end] = [piece * pieceLength, (piece + 1) * pieceLength];
    return before.subarray(start, end).equals(right.subarray(start, end));
  };
  const changed = [...Array(pieceCount).keys()].find(isHeld)!;
  before[changed * pieceLength]! ^= 1;
  await writeFile(path, before, { flag: "r+" });

  await lab.daemon("two", flags);
  engine = await lab.engine("two");
  await untilSnapshot(engine, "the whole", (snapshot) => row(snapshot)?.state === "seeding");
  expect(await digestOf(path)).toBe(await digestOf(lab.path("film.bin")));
  // What was written and not yet told of at the kill is found, and counts.
  const fetched = Math.round(row(engine.getSnapshot())!.downloadedBytes / pieceLength);
  expect(fetched).toBeLessThanOrEqual(pieceCount - held + 1);
});
