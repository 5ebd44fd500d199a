import { readdir, readFile, writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { commandHelpText } from "../source/commands/help-text.ts";
import { Lab, STA, untilSnapshot } from "./helpers/processes.ts";

const EACH = { "--port": "x", "--count": "0", "--limit-up": "fast", "--tracker": "", "--peer": "nobody" };

test.for([
  [["dance"], 'There is no command "dance".'],
  [["get"], "sta get needs a name"],
  [["share"], "sta share needs a file"],
  [["push"], "sta push needs a name"],
  [["create"], "sta create needs a file"],
  [["get", "a", "b"], '"b" is too much'],
  [["ls", "more"], '"more" is too much'],
  [["toString"], "There is no command"],
  [["share", ""], "sta share: an empty name or path names nothing."],
  ...Object.entries(EACH).map(([flag, value]) => [["ls", flag, value], "Wrong format"] as const),
  [["ls", "--dance"], 'sta: There is no option --dance. "sta ls --help" shows how it goes.\n'],
  [["dance", "--help"], 'sta: There is no command "dance". "sta --help" shows all commands.\n'],
  [["--dance-more=x"], "There is no option --dance-more."],
  [["ls", "-x"], "There is no option -x."],
  [["ls", "--port", "1", "--port", "2"], "--port"],
  [["ls", "--tracker", "10.0.0.1"], "sta ls does not take --tracker."],
  [["pause", "x", "--limit-up", "1M"], "sta pause does not take --limit-up."],
  [["get", "x", "--active-downloads", "2"], "sta get does not take --active-downloads."],
  [["daemon", "--standalone"], "sta daemon does not take --standalone."],
  [["--peer", "10.0.0.1:1"], "The viewer does not take --peer."],
  [["set", "x", "--active-downloads", "2"], "sta set NAME does not take --active-downloads"],
  [["set", "--files", "0"], "sta set needs the name of a transfer for --sequential, --files and --files-first."],
  [["set"], "sta set needs what to set"],
] as readonly (readonly [readonly string[], string])[])("%j is wrong usage", async ([argv, says]) => {
  const lab = await Lab.open(onTestFinished);
  const command = lab.sta("home", argv);
  expect(await command.end()).toMatchObject({ code: 2 });
  expect(command.stderr).toContain(says);
  expect(command.stderr).toMatch(/^sta: [^\n]+\n$/);
  expect(command.stdout).toBe("");
});

test("--version and --help are printed and exit 0", async () => {
  const lab = await Lab.open(onTestFinished);
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  const asked = lab.sta("home", ["--version"]);
  expect(await asked.end()).toMatchObject({ code: 0 });
  expect(asked.stdout).toBe(`${version}\n`);
  for (const argv of [["--help"], ["-h"], ["help"], ["--json", "--help"]]) {
    const help = lab.sta("home", argv);
    expect(await help.end()).toMatchObject({ code: 0 });
    expect(help.stdout).toContain("sta get NAME|INFO_HASH|MAGNET|URL|X.torrent");
  }
});

test.each([[["stop", "--help"]], [["--help", "stop"]], [["help", "stop"]]])(
  "%j tells of stop, and stops nothing",
  async (argv) => {
    const lab = await Lab.open(onTestFinished);
    await lab.daemon("home");
    const help = lab.sta("home", argv);
    expect(await help.end()).toMatchObject({ code: 0 });
    expect(help.stdout).toBe(`${commandHelpText("stop")}\n`);
    expect(await lab.sta("home", ["doctor"]).end()).toMatchObject({ code: 0 });
  },
);

test("npm run sta takes paths from where npm was called", async () => {
  const lab = await Lab.open(onTestFinished);
  await lab.makeFolder("called-from");
  await writeFile(lab.path("called-from", "note.txt"), "a note");
  const env = { npm_lifecycle_event: "sta", INIT_CWD: lab.path("called-from") };
  expect(await lab.sta("home", ["create", "note.txt"], { env }).end()).toMatchObject({ code: 0 });
  expect(await readdir(lab.path("called-from"))).toEqual(["note.txt", "note.txt.torrent"]);
});

test("a mistake in --filter stands alone, with how to go on below it", async () => {
  const lab = await Lab.open(onTestFinished);
  const command = lab.sta("home", ["ls", "--filter", "size>"]);
  expect(await command.end()).toMatchObject({ code: 2 });
  expect(command.stderr).toMatch(/\n {2}size>\n {7}\^\n"sta ls --help" shows how it goes\.\n$/);
});

test("--forget-tracker forgets a remembered tracker, without an engine and in one that runs", async () => {
  const lab = await Lab.open(onTestFinished);
  const forget = ["--forget-tracker", "127.0.0.1:9"];
  const unknown = lab.sta("home", forget);
  expect(await unknown.end()).toMatchObject({ code: 1 });
  expect(unknown.stderr).toBe('sta: The tracker 127.0.0.1:9 is not known: "sta ls" shows those that are.\n');
  await lab.makeFolder("home");
  const settings = lab.path("home", "settings.json");
  const known = JSON.stringify({ trackers: ["127.0.0.1:9", "127.0.0.1:10"] });
  await writeFile(settings, known);
  const alone = lab.sta("home", forget);
  expect(await alone.end()).toMatchObject({ code: 0 });
  expect(alone.stderr).toBe("Forgot the tracker 127.0.0.1:9.\n");
  expect(JSON.parse(await readFile(settings, "utf8"))).toEqual({ trackers: ["127.0.0.1:10"] });
  await writeFile(settings, known);
  await lab.daemon("home");
  const before = lab.sta("home", ["ls", ...forget]);
  expect(await before.end()).toMatchObject({ code: 0 });
  expect(before.stdout).toContain("tracker 127.0.0.1:10");
  expect(before.stdout).not.toContain("tracker 127.0.0.1:9:");
  expect(JSON.parse(await readFile(settings, "utf8"))).toEqual({ trackers: ["127.0.0.1:10"] });
});

test("a tracker that a viewer names is remembered by the engine", async () => {
  const lab = await Lab.open(onTestFinished);
  const { address } = await lab.tracker();
  const { running } = await lab.daemon("home", ["--tracker", "127.0.0.1:9"]);
  const engine = await lab.engine("home");
  const named = [address, "127.0.0.1:10"].map((one) => engine.send({ method: "add-tracker", address: one }));
  for (const reply of await Promise.all(named)) expect(reply.ok).toBe(true);
  await untilSnapshot(engine, "the tracker", ({ trackers }) => trackers.some(({ state }) => state === "connected"));
  await running.kill();
  const settings = lab.path("home", "settings.json");
  expect(JSON.parse(await readFile(settings, "utf8"))).toEqual({ trackers: [address] });
});

test("limits that are set while the engine runs hold when it is started again", async () => {
  const lab = await Lab.open(onTestFinished);
  const { running } = await lab.daemon("home", ["--limit-down", "3MB"]);
  const set = lab.sta("home", ["set", "--limit-up", "1MB", "--active-downloads", "2", "--ratio", "1.5"]);
  expect(await set.end()).toMatchObject({ code: 0 });
  expect(set.stdout).toBe(
    "The limits are set: down 3.0 MB/s, up 1.0 MB/s, 2 downloads at once, and what is added is shared until its ratio is 1.5.\n",
  );
  await running.kill("SIGKILL");
  await lab.daemon("home");
  const { engine } = (await lab.engine("home")).getSnapshot();
  expect(engine).toMatchObject({
    downLimitBytesPerSecond: 3_000_000,
    upLimitBytesPerSecond: 1_000_000,
    activeDownloads: 2,
    ratioLimit: 1.5,
    seedSecondsLimit: null,
  });
});

test("without an engine, ls fails in a sentence and stop has nothing to do", async () => {
  const lab = await Lab.open(onTestFinished);
  const ls = lab.sta("home", ["ls"]);
  expect(await ls.end()).toMatchObject({ code: 1 });
  expect(ls.stderr).toContain("No engine is running");
  expect(await lab.sta("home", ["stop"]).end()).toMatchObject({ code: 0 });
});

test("a reader that goes before the end is no fault, and no stack trace", async () => {
  const lab = await Lab.open(onTestFinished);
  await lab.daemon("home");
  for (const argv of [["ls"], ["ls", "--json"], ["--help"]]) {
    const command = lab.sta("home", argv);
    command.child.stdout!.destroy();
    expect(await command.end()).toMatchObject({ code: 0 });
    expect(command.stderr).toBe("");
  }
});

test("in a folder that is gone a path is refused in one sentence", async () => {
  const lab = await Lab.open(onTestFinished);
  const folder = await lab.makeFolder("gone");
  const command = lab.start("sh", [
    "-c",
    'cd "$1" && rmdir "$1" && "$2" "$3" create x',
    "sh",
    folder,
    process.execPath,
    STA,
  ]);
  expect(await command.end()).toMatchObject({ code: 1 });
  expect(command.stderr).toBe("sta: The folder you are in is gone; go to another one.\n");
});
