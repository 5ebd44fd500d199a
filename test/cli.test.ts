import { readFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { Lab } from "./helpers/processes.ts";

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
  ...Object.entries(EACH).map(([flag, value]) => [["ls", flag, value], "Wrong format"] as const),
  [["ls", "--dance"], "--dance"],
  [["ls", "--port", "1", "--port", "2"], "--port"],
] as readonly (readonly [readonly string[], string])[])("%j is wrong usage", async ([argv, says]) => {
  const lab = await Lab.open(onTestFinished);
  const command = lab.sta("home", argv);
  expect(await command.end()).toMatchObject({ code: 2 });
  expect(command.stderr).toContain(says);
  expect(command.stderr).not.toMatch(/^\s+at /m);
  expect(command.stdout).toBe("");
});

test("--version and --help are printed and exit 0", async () => {
  const lab = await Lab.open(onTestFinished);
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  const asked = lab.sta("home", ["--version"]);
  expect(await asked.end()).toMatchObject({ code: 0 });
  expect(asked.stdout).toBe(`${version}\n`);
  for (const argv of [["--help"], ["-h"], ["get", "--help"], ["ls", "--json", "--help"]]) {
    const help = lab.sta("home", argv);
    expect(await help.end()).toMatchObject({ code: 0 });
    expect(help.stdout).toContain("sta get NAME|INFO_HASH|X.torrent");
  }
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
