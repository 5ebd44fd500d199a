// Whole swarms of real processes: much data, sudden deaths, a tracker that goes and comes.
import { stat } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Snapshot } from "../../source/control/contract.ts";
import { digestOf, digestsOf, writeFileOf } from "../helpers/files.ts";
import { Lab, untilSnapshot } from "../helpers/processes.ts";

const MB = 1_000_000;

const isThere = ({ transfers }: Snapshot) =>
  transfers.length > 0 &&
  transfers.every(({ state, heldPieces, pieceCount }) => state === "seeding" && heldPieces === pieceCount);

test("a folder of 2 000 small files and a file of 200 MB cross a swarm of three", { timeout: 90_000 }, async () => {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("big.bin"), 200 * MB, "big");
  for (let i = 0; i < 2_000; i++)
    await writeFileOf(lab.path("many", `${i % 20}`, `${i}.bin`), i % 50 === 0 ? 0 : (i * 37) % 9_000, `small ${i}`);
  const tracker = await lab.tracker();
  const flags = ["--tracker", tracker.address];
  await lab.daemon("one", flags);
  await lab.daemon("two", flags);
  await lab.daemon("three", flags);
  expect(await lab.sta("one", ["share", lab.path("big.bin"), lab.path("many")]).end()).toMatchObject({ code: 0 });
  const gets = ["two", "three"].flatMap((home) => ["big.bin", "many"].map((name) => lab.sta(home, ["get", name])));
  for (const get of gets) expect(await get.end(60_000), get.stderr).toMatchObject({ code: 0 });
  const many = await digestsOf(lab.path("many"));
  expect(Object.keys(many)).toHaveLength(2_000);
  for (const home of ["two", "three"]) {
    expect(await digestOf(lab.path(`${home}-files`, "big.bin"))).toBe(await digestOf(lab.path("big.bin")));
    expect(await digestsOf(lab.path(`${home}-files`, "many"))).toEqual(many);
  }
});

test("a leecher that is killed goes on where it was", { timeout: 60_000 }, async () => {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("film.bin"), 60 * MB, "film");
  const tracker = await lab.tracker();
  await lab.daemon("one", ["--tracker", tracker.address, "--limit-up", "30MB"]);
  expect(await lab.sta("one", ["share", lab.path("film.bin")]).end()).toMatchObject({ code: 0 });

  const { running } = await lab.daemon("two", ["--tracker", tracker.address]);
  const before = await lab.engine("two");
  lab.sta("two", ["get", "film.bin"]);
  const half = await untilSnapshot(before, "a half", ({ transfers }) => (transfers[0]?.heldBytes ?? 0) > 25 * MB);
  await running.kill("SIGKILL");
  await before.close();
  const held = half.transfers[0]!.heldBytes;

  await lab.daemon("two", ["--tracker", tracker.address]);
  const after = await lab.engine("two");
  const { transfers } = await untilSnapshot(after, "the whole", isThere);
  expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
  // What it had shown as held was not fetched again, but for the last moment before its death.
  const one = await lab.engine("one");
  const sent = (await untilSnapshot(one, "an upload", ({ transfers: [row] }) => (row?.uploadedBytes ?? 0) > 0))
    .transfers[0]!;
  expect(sent.uploadedBytes).toBeLessThanOrEqual(1.15 * 60 * MB);
  expect(held).toBeGreaterThan(25 * MB);
  expect(transfers[0]!.wastedBytes).toBeLessThan(MB);
  expect((await stat(lab.path("two-files", "film.bin"))).size).toBe(60 * MB);
});

test(
  "a tracker that dies in mid swarm stops no download, and its catalogue is right again",
  { timeout: 60_000 },
  async () => {
    const lab = await Lab.open(onTestFinished);
    await writeFileOf(lab.path("film.bin"), 40 * MB, "film");
    await writeFileOf(lab.path("other.bin"), 3 * MB, "other");
    const first = await lab.tracker();
    const flags = ["--tracker", first.address];
    await lab.daemon("one", [...flags, "--limit-up", "8MB"]);
    expect(await lab.sta("one", ["share", lab.path("film.bin"), lab.path("other.bin")]).end()).toMatchObject({
      code: 0,
    });
    await lab.daemon("two", flags);
    const get = lab.sta("two", ["get", "film.bin"]);
    const two = await lab.engine("two");
    const bytes = (snapshot: Snapshot) => snapshot.transfers[0]?.heldBytes ?? 0;
    await untilSnapshot(two, "the beginning", (snapshot) => bytes(snapshot) > 2 * MB);

    await first.running.kill("SIGKILL");
    const alone = await untilSnapshot(two, "the loss", ({ trackers }) => trackers[0]!.state !== "connected");
    await untilSnapshot(two, "more without a tracker", (snapshot) => bytes(snapshot) > bytes(alone) + 5 * MB);
    await lab.tracker([], first.port);
    const names = ({ catalogue }: Snapshot) => catalogue.filter(({ holders }) => holders > 0).map(({ name }) => name);
    const back = (snapshot: Snapshot) =>
      snapshot.trackers[0]!.state === "connected" && names(snapshot).toSorted().join() === "film.bin,other.bin";
    await untilSnapshot(two, "the catalogue", back, 10_000);

    expect(await get.end(), get.stderr).toMatchObject({ code: 0 });
    expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
  },
);
