import { spawn } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { untilReady } from "../../source/commands/engine-access.ts";
import { Lab } from "../helpers/processes.ts";

/** Ends the engine that a command of the lab has left running. */
async function stopEngine(lab: Lab, home: string): Promise<void> {
  await lab.sta(home, ["stop"]).end();
}

async function openLab(): Promise<Lab> {
  return Lab.open(onTestFinished);
}

const LOCAL = ["--host", "127.0.0.1", "--port", "0"];

test("commands that start an engine at the same time end with one engine, and all of them work", async () => {
  const lab = await openLab();
  await writeFile(lab.path("a.txt"), "a");
  const commands = ["a.txt", "a.txt", "a.txt"].map((path) => lab.sta("home", ["share", path, "--json", ...LOCAL]));
  onTestFinished(() => stopEngine(lab, "home"));
  for (const command of commands) expect({ ...(await command.end()), said: command.stderr }).toMatchObject({ code: 0 });
  const ports = commands.map(({ stdout }) => (JSON.parse(stdout) as { port: number }).port);
  expect(new Set(ports).size).toBe(1);
});

test("--standalone exits 3 while another engine owns the state", async () => {
  const lab = await openLab();
  const { running } = await lab.daemon("home");
  await writeFile(lab.path("a.txt"), "a");
  const command = lab.sta("home", ["share", "a.txt", "--standalone", ...LOCAL]);
  expect(await command.end()).toMatchObject({ code: 3 });
  expect(command.stderr).toContain(`process ${running.pid}`);
  const second = lab.sta("home", ["daemon", ...LOCAL]);
  expect(await second.end()).toMatchObject({ code: 3 });
});

test("an engine that is started by a command gets its token, and no command line shows it", async () => {
  const lab = await openLab();
  const { address } = await lab.tracker(["--token", "secret-word"]);
  await writeFile(lab.path("a.txt"), "a");
  onTestFinished(() => stopEngine(lab, "home"));
  const share = lab.sta("home", ["share", "a.txt", "--tracker", address, "--token", "secret-word", ...LOCAL]);
  expect(await share.end()).toMatchObject({ code: 0 });
  const engine = await lab.engine("home");
  const { pid } = engine.getSnapshot().engine;
  expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain("secret-word");
  expect(await readFile(`/proc/${pid}/environ`, "utf8")).toContain("STA_TOKEN=secret-word");
});

test("a relative STA_HOME means the same folder for the command and for the engine it starts", async () => {
  const lab = await openLab();
  await writeFile(lab.path("a.txt"), "a");
  const env = { STA_HOME: relative(lab.folder, lab.path("home")) };
  const share = lab.sta("home", ["share", "a.txt", ...LOCAL], { env });
  onTestFinished(() => stopEngine(lab, "home"));
  expect({ ...(await share.end()), said: share.stderr }).toMatchObject({ code: 0 });
  await lab.engine("home");
});

test("what only a new engine could heed is told of when one runs", async () => {
  const lab = await openLab();
  await lab.daemon("home");
  await writeFile(lab.path("a.txt"), "a");
  const share = lab.sta("home", ["share", "a.txt", "--port", "7000"]);
  expect(await share.end()).toMatchObject({ code: 0 });
  expect(share.stderr).toContain("--port");
  const unheeded = lab.sta("home", ["share", "a.txt", "--no-dht", "--dht-node", "127.0.0.1:1"]);
  expect(await unheeded.end()).toMatchObject({ code: 0 });
  expect(unheeded.stderr).toContain("--no-dht and --dht-node are for one that starts");
  const quiet = lab.sta("home", ["share", "a.txt"]);
  expect(await quiet.end()).toMatchObject({ code: 0 });
  expect(quiet.stderr).toBe("");
});

test("who listens on loopback is no peer of the networks of this machine, unless it is said, and asks no router", async () => {
  const lab = await openLab();
  const partsOf = async (home: string, ...flags: string[]) => {
    await writeFile(lab.path("a.txt"), "a");
    expect(await lab.sta(home, ["share", lab.path("a.txt"), ...LOCAL, ...flags]).end()).toMatchObject({ code: 0 });
    onTestFinished(() => stopEngine(lab, home));
    const doctor = lab.sta(home, ["doctor", "--json"]);
    await doctor.end();
    return JSON.parse(doctor.stdout) as unknown;
  };
  expect(await partsOf("quiet", "--no-port-mapping")).toMatchObject({ lan: null, portMapping: null });
  expect(JSON.parse(await readFile(lab.path("quiet", "settings.json"), "utf8"))).toMatchObject({ portMapping: false });
  expect(await partsOf("told", "--lan", "--port-mapping")).toMatchObject({ lan: { state: "idle" }, portMapping: null });
});

test("settings that cannot be read are a sentence, and an engine that runs goes on without", async () => {
  const lab = await openLab();
  await mkdir(join(await lab.makeFolder("home"), "settings.json"));
  await writeFile(lab.path("a.txt"), "a");
  const share = lab.sta("home", ["share", "a.txt", ...LOCAL]);
  expect(await share.end()).toMatchObject({ code: 1 });
  expect(share.stderr).toMatch(/^sta: [^\n]*settings\.json[^\n]*\n$/);
  expect(share.stderr).not.toContain("mistake");

  const { running } = await lab.daemon("other");
  await mkdir(lab.path("other", "settings.json"));
  const set = lab.sta("other", ["set", "--limit-up", "1MB"]);
  expect(await set.end()).toMatchObject({ code: 0 });
  expect(set.stdout).toMatch(/^The limits are set: [^\n]* The next start will not know: [^\n]*settings\.json[^\n]*\n$/);
  expect(running.hasEnded).toBe(false);
});

test.for(["not..valid", "192.0.2.1"])("--host %s, which is not of this machine, is a sentence", async (host) => {
  const lab = await openLab();
  const daemon = lab.sta("home", ["daemon", "--host", host, "--port", "0"]);
  expect(await daemon.end()).toMatchObject({ code: 1 });
  expect(daemon.stderr).toContain(`The address ${host} cannot be listened on`);
});

test.for([
  ["/proc/x", "STA_HOME"],
  ["/proc/x/y", "STA_HOME"],
  ["/dev/null", "STA_HOME"],
  ["/etc/passwd", "STA_HOME"],
])("a state folder that cannot be had, %s, is a sentence soon", async ([home, says]) => {
  const lab = await openLab();
  await writeFile(lab.path("a.txt"), "a");
  const commands = [
    ["share", "a.txt"],
    ["share", "a.txt", "--standalone"],
    ["share", "a.txt", "--tracker", "127.0.0.1:9"],
    ["daemon"],
  ].map((argv) => lab.sta("home", [...argv, ...LOCAL], { env: { STA_HOME: home! } }));
  for (const command of commands) {
    expect(await command.end()).toMatchObject({ code: 1 });
    expect(command.stderr).toMatch(/^sta: [^\n]+\.\n$/);
    expect(command.stderr).toContain(home);
    expect(command.stderr).toContain(says);
  }
});

test("an engine that starts and says nothing is a sentence that names its process and its log", async () => {
  const child = spawn(process.execPath, ["-e", "console.error('here'); setInterval(() => 0, 1000)"], { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const problem = await untilReady(child, {
    log: "/state/engine.log",
    patienceMs: 300,
    warn: () => undefined,
  });
  expect(problem).toMatchObject({ code: 1 });
  expect(problem!.text).toContain(`(process ${child.pid})`);
  expect(problem!.text).toContain("/state/engine.log");
  expect(child.exitCode).toBeNull();
});

test("what an engine says of its settings while it starts is heard by who started it", async () => {
  const lab = await openLab();
  await lab.makeFolder("home");
  await writeFile(lab.path("home", "settings.json"), "{");
  await writeFile(lab.path("a.txt"), "a");
  const share = lab.sta("home", ["share", "a.txt", ...LOCAL]);
  expect(await share.end()).toMatchObject({ code: 0 });
  expect(share.stderr).toBe(`sta: ${lab.path("home", "settings.json")} is damaged and not used: mend or remove it.\n`);
  await lab.sta("home", ["stop"]).end();
});

test("a control socket that cannot be made is a sentence", async () => {
  const lab = await openLab();
  await writeFile(lab.path("runtime"), "");
  const env = { STA_HOME: "", XDG_RUNTIME_DIR: lab.path("runtime", "gone") };
  const daemon = lab.sta("home", ["daemon", ...LOCAL], { env });
  expect(await daemon.end()).toMatchObject({ code: 1 });
  expect(daemon.stderr).toContain(lab.path("runtime"));
  expect(daemon.stderr).not.toContain("mistake");
});
