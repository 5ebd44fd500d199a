// What happens to the process itself: signals while it is busy, a suspended machine, few descriptors, little memory.
import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { digestOf, digestsOf, writeFileOf } from "../helpers/files.ts";
import { Lab, STA, untilSnapshot } from "../helpers/processes.ts";

const MB = 1_000_000;

/** One that shares `film.bin` of `bytes` at `rate` a second, and one that has begun to download it. */
async function busy(bytes: number, rate: number) {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("film.bin"), bytes, "film");
  const tracker = await lab.tracker();
  const flags = ["--tracker", tracker.address];
  const one = await lab.daemon("one", [...flags, "--limit-up", `${rate / MB}MB`]);
  expect(await lab.sta("one", ["share", lab.path("film.bin")]).end()).toMatchObject({ code: 0 });
  const two = await lab.daemon("two", flags);
  const engine = await lab.engine("two");
  await untilSnapshot(engine, "the catalogue", ({ catalogue }) => catalogue.some(({ holders }) => holders > 0));
  expect(await engine.send({ method: "download", target: "film.bin" })).toMatchObject({ ok: true });
  await untilSnapshot(engine, "pieces", ({ transfers }) => (transfers[0]?.heldPieces ?? 0) > 5);
  return { lab, tracker, one: one.running, two: two.running, engine, flags };
}

test.for(["SIGTERM", "SIGINT"] as const)(
  "%s while it downloads saves, takes leave and ends it within 5 s",
  async (signal) => {
    const { lab, one, two, engine, flags } = await busy(200 * MB, 20 * MB);
    const shown = engine.getSnapshot().transfers[0]!.heldPieces;
    const sharing = await lab.engine("one");
    await untilSnapshot(sharing, "its peer", ({ transfers }) => transfers[0]?.peers.length === 1);
    const at = performance.now();
    two.child.kill(signal);
    expect(await two.end()).toEqual({ code: 0, signal: null });
    expect(performance.now() - at).toBeLessThan(5_000);
    await untilSnapshot(sharing, "its leave", ({ transfers }) => transfers[0]?.peers.length === 0, 1_000);
    await lab.daemon("two", flags);
    const again = await lab.engine("two");
    const row = again.getSnapshot().transfers[0]!;
    expect(row.heldPieces).toBeGreaterThanOrEqual(shown);
    expect(row.state).not.toBe("checking");
    expect(one.hasEnded).toBe(false);
  },
);

test("a second signal ends it at once, while it waits for a tracker that does not answer", async () => {
  const { tracker, two } = await busy(200 * MB, 20 * MB);
  tracker.running.child.kill("SIGSTOP");
  onTestFinished(() => void tracker.running.child.kill("SIGCONT"));
  two.child.kill("SIGTERM");
  await delay(500);
  expect(two.hasEnded).toBe(false);
  const at = performance.now();
  two.child.kill("SIGTERM");
  await two.end();
  const ms = performance.now() - at;
  console.log(`ended ${ms.toFixed(0)} ms after a second signal`);
  expect(ms).toBeLessThan(500);
});

/**
 * Longer than what a clock may jump before the time counts as lost. The long form is what a suspend is like: trackers and peers have given
 * us up meanwhile, or we them.
 */
const SUSPENSIONS: readonly (readonly ["one" | "two", number])[] = process.env["STA_LONG"]
  ? [
      ["two", 120],
      ["one", 120],
    ]
  : [["two", 12]];

test.for(SUSPENSIONS)(
  "goes on after %s, of one that shares and two that downloads, was suspended for %d s",
  { timeout: 300_000 },
  async ([who, suspendedSeconds]) => {
    const bytes = 120 * MB;
    const started = await busy(bytes, 20 * MB);
    const { lab, tracker, engine } = started;
    const { child } = started[who];
    const announces = async () => {
      const metrics = await (await fetch(`http://${tracker.address}/metrics`)).text();
      return Number(/^sta_tracker_announces_total (\d+)$/m.exec(metrics)![1]);
    };
    const before = await announces();
    child.kill("SIGSTOP");
    onTestFinished(() => void child.kill("SIGCONT"));
    await delay(suspendedSeconds * 1_000);
    const { downloadedBytes } = engine.getSnapshot().transfers[0]!;
    child.kill("SIGCONT");
    const at = performance.now();
    await untilSnapshot(engine, "more", ({ transfers }) => transfers[0]!.downloadedBytes > downloadedBytes + 20 * MB);
    const seconds = (performance.now() - at) / 1_000;
    const engines = [engine, await lab.engine("one")];
    for (const each of engines) {
      await untilSnapshot(each, "its tracker", ({ trackers }) => trackers[0]?.state === "connected", 15_000);
    }
    const announced = (await announces()) - before;
    console.log(
      `suspended for ${suspendedSeconds} s: 20 MB more after ${seconds.toFixed(1)} s, ${announced} announces after ${before}`,
    );
    expect(seconds).toBeLessThan(15);
    expect(announced).toBeLessThanOrEqual(2);
    const { transfers } = await untilSnapshot(engine, "the whole", (now) => now.transfers[0]!.state === "seeding");
    // What was under way came once more at most, and nobody is held to have sent something wrong.
    expect(transfers[0]!.downloadedBytes).toBeLessThan(1.02 * bytes);
    expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
    for (const home of ["one", "two"]) expect(await readdir(lab.path(home))).not.toContain("bans");
  },
);

test(
  "64 descriptors are enough for a folder of 200 files from two peers, and it says what to raise",
  { timeout: 60_000 },
  async () => {
    const lab = await Lab.open(onTestFinished);
    const folder = lab.path("many");
    for (let n = 0; n < 200; n++) await writeFileOf(`${folder}/${n % 7}/${n}`, 20_000 + n, `${n}`);
    const tracker = await lab.tracker();
    const flags = ["--tracker", tracker.address];
    for (const home of ["one", "three"]) {
      await lab.daemon(home, flags);
      expect(await lab.sta(home, ["share", folder]).end()).toMatchObject({ code: 0 });
    }
    const own = ["--host", "127.0.0.1", "--port", "0", "--dir", lab.path("down"), "--until-stdin-ends", ...flags];
    const command = ["ulimit -n 64", `exec "$0" "$@"`].join("; ");
    const home = lab.path("few");
    const few = lab.start("bash", ["-c", command, process.execPath, STA, "daemon", "--json", ...own], {
      env: { STA_HOME: home },
    });
    await few.json("listening");
    expect(await lab.sta("few", ["get", "many"]).end()).toMatchObject({ code: 0 });
    expect(await digestsOf(lab.path("down", "many"))).toEqual(await digestsOf(folder));
    const doctor = lab.sta("few", ["doctor"]);
    await doctor.end();
    expect(doctor.stdout).toMatch(/Only \d+ peers fit .* raise "ulimit -n"/);
  },
);

test(
  "96 MB of heap are enough for 200 MB, and for a torrent of half a million pieces",
  { timeout: 60_000 },
  async () => {
    const lab = await Lab.open(onTestFinished);
    await writeFileOf(lab.path("film.bin"), 200 * MB, "film");
    const tracker = await lab.tracker();
    const flags = ["--tracker", tracker.address];
    await lab.daemon("one", flags);
    expect(await lab.sta("one", ["share", lab.path("film.bin")]).end()).toMatchObject({ code: 0 });
    const own = ["--host", "127.0.0.1", "--port", "0", "--dir", lab.path("down"), "--until-stdin-ends", ...flags];
    const little = lab.sta("little", ["daemon", "--json", ...own], {
      env: { NODE_OPTIONS: "--max-old-space-size=96" },
    });
    await little.json("listening");
    const pieces = 490_000;
    const head = `d4:infod6:lengthi${pieces * 65_536}e4:name4:huge12:piece lengthi65536e6:pieces${pieces * 20}:`;
    await writeFile(
      lab.path("huge.torrent"),
      Buffer.concat([Buffer.from(head), randomBytes(pieces * 20), Buffer.from("ee")]),
    );
    const engine = await lab.engine("little");
    const added = await engine.send({ method: "download", target: lab.path("huge.torrent"), peers: ["127.0.0.1:9"] });
    expect(added.text).toMatch(/^(?:Downloading huge|huge: The disk)/);
    expect(await lab.sta("little", ["get", "film.bin"]).end()).toMatchObject({ code: 0 });
    expect(await digestOf(lab.path("down", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
    expect(little.hasEnded).toBe(false);
  },
);
