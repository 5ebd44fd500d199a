// The viewer and the demo in real terminals: what a terminal does never reaches a download, and nothing stays behind.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { Lab, until, untilSnapshot } from "../helpers/processes.ts";
import { type LabTerminal, openTerminal } from "../helpers/terminal.ts";
import { HIDDEN, writtenText } from "../helpers/written-text.ts";

const MB = 1_000_000;

/** A download of 4 s at its limit, under way. */
async function startDownload(lab: Lab) {
  await writeFileOf(lab.path("film.bin"), 40 * MB, "film");
  const tracker = await lab.tracker();
  await lab.daemon("one", ["--tracker", tracker.address, "--limit-up", "10MB"]);
  expect(await lab.sta("one", ["share", lab.path("film.bin")]).end()).toMatchObject({ code: 0 });
  await lab.daemon("two", ["--tracker", tracker.address]);
  const engine = await lab.engine("two");
  return { engine, get: () => lab.sta("two", ["get", "film.bin", "--json"]) };
}

async function expectInTime(lab: Lab, get: ReturnType<Lab["sta"]>): Promise<void> {
  expect(await get.end(), get.stderr).toMatchObject({ code: 0 });
  const { seconds } = await get.json("done");
  expect(Number(seconds)).toBeLessThan(10);
  expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
}

test("a viewer that is killed does not touch the download", async () => {
  const lab = await Lab.open(onTestFinished);
  const { engine, get } = await startDownload(lab);
  const viewer = openTerminal(lab, "two");
  onTestFinished(() => viewer.kill());
  await viewer.written("film.bin");
  const getting = get();
  await untilSnapshot(engine, "a tenth", ({ transfers: [row] }) => (row?.heldBytes ?? 0) > 4 * MB);
  process.kill(viewer.pid, "SIGKILL");
  await viewer.ended;
  await expectInTime(lab, getting);
});

test("a terminal that is never read does not slow the download", async () => {
  const lab = await Lab.open(onTestFinished);
  const { get } = await startDownload(lab);
  const viewer = openTerminal(lab, "two");
  onTestFinished(() => viewer.kill());
  await viewer.written("film.bin");
  viewer.pty.pause();
  // As somebody who leans on a key: far more frames than a pseudo terminal holds.
  const typing = setInterval(() => viewer.pty.write("?\u001b[B\u001b[A"), 5);
  onTestFinished(() => clearInterval(typing));
  await expectInTime(lab, get());
  expect(viewer.hasEnded).toBe(false);
});

test("names of a real swarm reach the terminal as text and nothing else", async () => {
  const lab = await Lab.open(onTestFinished);
  const tracker = await lab.tracker();
  const folder = await lab.makeFolder("album", "\u001b]0;title\u0007");
  for (const name of ["\u001b[2J\u001b[1;1Howned", "a\u009b5mb", "\u202egpj.exe", "\u001b]52;c;ZXZpbA==\u0007"]) {
    await writeFileOf(lab.path(`${name}.bin`), 2 * MB, name);
    await writeFileOf(join(folder, name), MB, name);
  }
  const shared = readdirSync(lab.folder).filter((name) => name.endsWith(".bin") || name === "album");
  await lab.daemon("one", ["--tracker", tracker.address]);
  expect(await lab.sta("one", ["share", ...shared.map((name) => lab.path(name))]).end()).toMatchObject({ code: 0 });
  await lab.daemon("two", ["--tracker", tracker.address]);
  const engine = await lab.engine("two");
  const viewer = openTerminal(lab, "two");
  onTestFinished(() => viewer.kill());
  await untilSnapshot(engine, "the catalogue", ({ catalogue }) => catalogue.length === shared.length);
  await viewer.written("owned");
  viewer.pty.write("V\r");
  await untilSnapshot(
    engine,
    "all files",
    ({ transfers }) => transfers.length === shared.length && transfers.every(({ state }) => state === "seeding"),
  );
  for (const keys of ["2lX", "n\r", "\t", "\t", "\t", "\t", "\t", "\u001b", "3k", "z"]) {
    const { length } = viewer.bytes;
    viewer.pty.write(keys);
    await until("a frame", () => viewer.bytes.length > length || undefined);
  }
  viewer.pty.write("q");
  await viewer.ended;
  expect(writtenText(viewer.bytes).match(HIDDEN)).toBeNull();
});

test("what a running engine does not heed is said in the viewer", async () => {
  const lab = await Lab.open(onTestFinished);
  await lab.daemon("two");
  const viewer = openTerminal(lab, "two", ["--keep-free", "1GB"]);
  onTestFinished(() => viewer.kill());
  await viewer.written("An engine runs already; --keep-free is for one that starts");
});

/** Process ids of all that runs with the lab's environment, the demo's own engines and tracker among them. From /proc. */
function processesOf(lab: Lab): number[] {
  const pids = readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  return pids.filter((pid) => environmentOf(pid).includes(lab.folder)).map(Number);
}

/** Empty for a process that is not ours, or has ended meanwhile. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

/** Elsewhere nobody can tell which processes are the demo's. */
const hasProc = existsSync("/proc/self/environ");

const demoFolders = (lab: Lab) => readdirSync(lab.folder).filter((name) => name.startsWith("sta-demo-"));

async function startDemo(lab: Lab): Promise<LabTerminal> {
  const demo = openTerminal(lab, "demo", ["demo"]);
  onTestFinished(() => demo.kill());
  await demo.written("ocean-recording.wav");
  // The viewer, a tracker and four engines.
  expect(processesOf(lab)).toHaveLength(6);
  expect(demoFolders(lab)).toHaveLength(1);
  return demo;
}

async function expectNothingLeft(lab: Lab): Promise<void> {
  await until("the end of all processes", () => processesOf(lab).length === 0 || undefined);
  await until("the end of the folder", () => demoFolders(lab).length === 0 || undefined);
}

test.skipIf(!hasProc)("the demo downloads at Enter, shows it, and q leaves nothing behind", async () => {
  const lab = await Lab.open(onTestFinished);
  const demo = await startDemo(lab);
  const before = demo.bytes.length;
  demo.pty.write("\r");
  const engine = await lab.engine(join(demoFolders(lab)[0]!, "you", "state"));
  await untilSnapshot(engine, "a piece", ({ transfers: [row] }) => (row?.heldBytes ?? 0) > 0 && row!.peers.length > 0);
  await until("frames of it", () => demo.bytes.length > before + 2_000 || undefined);
  demo.pty.write("q");
  expect(await demo.ended).toMatchObject({ exitCode: 0 });
  await expectNothingLeft(lab);
});

const ENDS: readonly { readonly what: string; readonly end: (demo: LabTerminal) => void }[] = [
  { what: "Ctrl-C", end: (demo) => demo.pty.write("\u0003") },
  { what: "SIGTERM", end: (demo) => process.kill(demo.pid, "SIGTERM") },
  { what: "the loss of its terminal", end: (demo) => demo.hangUp() },
];

test.skipIf(!hasProc).for(ENDS)("after $what, the demo leaves nothing behind", async ({ end }) => {
  const lab = await Lab.open(onTestFinished);
  const demo = await startDemo(lab);
  end(demo);
  await expectNothingLeft(lab);
});

test.skipIf(!hasProc)("Ctrl-C while the demo starts leaves nothing behind", async () => {
  const lab = await Lab.open(onTestFinished);
  const demo = openTerminal(lab, "demo", ["demo"]);
  onTestFinished(() => demo.kill());
  await demo.written("Starting a tracker");
  demo.pty.write("\u0003");
  await demo.ended;
  await expectNothingLeft(lab);
});
