import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { defaultFolder, run } from "../../tracker/cli.ts";
import { RawClient, startTracker, temporaryFolder } from "./support.ts";

async function runWith(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const home = await temporaryFolder();
  const code = await run(argv, {
    env: { STA_HOME: home },
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    onHangup: () => undefined,
    isTerminal: true,
    ended: () => Promise.resolve(),
  });
  return { code, out, err };
}

test("it says where it listens, and ends when asked to", async () => {
  const { code, out, err } = await runWith("--host", "127.0.0.1", "--port", "0");
  expect(code).toBe(0);
  expect(out).toEqual([expect.stringMatching(/^sta-tracker listening on 127\.0\.0\.1:\d+$/)]);
  expect(err).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d info  started /),
    expect.stringMatching(/^\d\d:\d\d:\d\d info  stopped$/),
  ]);
});

test.each([
  [false, "there is no certificate to read anew"],
  [true, undefined],
])("SIGHUP without a certificate ends it only with its terminal (%s)", async (isTerminal, says) => {
  const err: string[] = [];
  let hangUp: (() => void) | undefined;
  const code = await run(["--host", "127.0.0.1", "--port", "0"], {
    env: { STA_HOME: await temporaryFolder() },
    out: () => undefined,
    err: (line) => err.push(line),
    onHangup: (callback) => void (hangUp = callback),
    isTerminal,
    ended: async () => hangUp?.(),
  });
  expect(code).toBe(0);
  expect(hangUp !== undefined).toBe(says !== undefined);
  if (says !== undefined) expect(err.join("\n")).toContain(says);
});

test.for([
  [["--port", "x"], "--port is a number from 0 to 65535, not x."],
  [["--port", "65536"], "--port is a number from 0 to 65535, not 65536."],
  [["--prot", "1"], "There is no option --prot."],
  [["--cert", "x"], "--cert and --key need each other."],
  [["--keep", "long"], "--keep is a number of days, not long."],
  [["--keep", "0"], "--keep is a number of days, not 0."],
  [["--log-level", "loud"], "--log-level is one of error, warn, info, debug, not loud."],
  [["--trust-proxy", "nginx"], "--trust-proxy takes IP addresses, and nginx is none."],
  [["extra"], "there is nothing to do with extra."],
  [["--token="], "--token needs a value."],
  [["--port", "1", "--port", "2"], "--port can only be said once."],
] as const)("%o is wrong usage", async ([argv, sentence]) => {
  const { code, out, err } = await runWith(...argv);
  expect(code).toBe(2);
  expect(out).toEqual([]);
  expect(err).toEqual([expect.stringContaining(`${sentence} See sta-tracker --help.`)]);
});

test("help and version are printed", async () => {
  const help = await runWith("--help");
  expect(help.code).toBe(0);
  for (const option of ["--host", "--port", "--dir", "--open", "--token"]) expect(help.out[0]).toContain(option);
  expect((await runWith("--version")).out).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
});

test("what keeps it from starting is one sentence", async () => {
  const taken = await startTracker();
  const inUse = await runWith("--host", "127.0.0.1", "--port", String(taken.port));
  expect(inUse).toMatchObject({ code: 1, err: [expect.stringContaining(`127.0.0.1:${taken.port} is in use`)] });

  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "");
  const noFolder = await runWith("--port", "0", "--dir", file);
  expect(noFolder).toMatchObject({ code: 1, err: [`sta-tracker: ${file} is no folder; choose another --dir.`] });
  const nowhere = await runWith("--port", "0", "--dir", "/proc/no/such");
  expect(nowhere).toMatchObject({ code: 1, err: [expect.stringContaining("/proc/no/such cannot be")] });
});

test("torrents are kept where the environment says", () => {
  expect(defaultFolder({ STA_HOME: "/s" })).toBe("/s/tracker");
  expect(defaultFolder({ XDG_DATA_HOME: "/x" })).toBe("/x/sta-tracker");
  expect(defaultFolder({})).toMatch(/\/\.local\/share\/sta-tracker$/);
});

/** A tracker in a process of its own, which goes with the test. */
async function spawned(...argv: string[]) {
  const bin = join(import.meta.dirname, "../../tracker/bin.ts");
  const dir = await temporaryFolder();
  const child = spawn(process.execPath, [bin, "--host", "127.0.0.1", "--port", "0", "--dir", dir, ...argv], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, port: Number(/^sta-tracker listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1]) };
}

test.for([
  ["SIGTERM", []],
  ["SIGINT", []],
  ["SIGTERM", ["--until-stdin-ends"]],
] as const)("%s ends the process within 2 s with its clients told, started with %o", async ([signal, argv]) => {
  const { child, port } = await spawned(...argv);
  const client = new RawClient(port);
  await client.hello(1);
  const exited = once(child, "exit");
  const askedAt = performance.now();
  child.kill(signal);
  expect((await client.closed).code).toBe(1001);
  expect(await exited).toEqual([0, null]);
  expect(performance.now() - askedAt).toBeLessThan(2_000);
});

test("the end of its input ends it, if asked", async () => {
  const { child } = await spawned("--until-stdin-ends");
  const exited = once(child, "exit");
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});
