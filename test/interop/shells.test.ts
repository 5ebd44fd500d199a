// Tab in the shells themselves, with sta on the path and an engine that has something.
import { execFile } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { writeFileOf } from "../helpers/files.ts";
import { Lab, STA } from "../helpers/processes.ts";
import { describeClient } from "./foreign-client.ts";

const NAME = "a file & more.bin";

/** Prints what a line goes on with, one a line. */
const SHELLS = [
  {
    name: "bash",
    packages: "bash",
    probe: ["bash", "--version"],
    ask: (words: readonly string[]) => [
      "bash",
      "-c",
      `eval "$(sta completion bash)"; COMP_WORDS=(sta "$@"); COMP_CWORD=$#; _sta; printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      ...words,
    ],
  },
  {
    name: "zsh",
    packages: "zsh",
    probe: ["zsh", "--version"],
    ask: (words: readonly string[]) => [
      "zsh",
      "-fc",
      `compdef() { :; }; compadd() { print -l -- "\${(@P)2}"; }; _files() { :; }
       eval "$(sta completion zsh)"; words=(sta "$@"); CURRENT=\${#words}; _sta`,
      "zsh",
      ...words,
    ],
  },
  {
    name: "fish",
    packages: "fish",
    probe: ["fish", "--version"],
    ask: (words: readonly string[]) => [
      "fish",
      "-Nc",
      `sta completion fish | source; complete -C "sta ${words.join(" ")}"`,
    ],
  },
] as const;

describe.each(SHELLS)("$name", (shell) => {
  describeClient({ ...shell, probe: [...shell.probe] }, () => {
    test("commands, options and names are completed", async ({ onTestFinished }) => {
      const lab = await Lab.open(onTestFinished);
      const bin = await lab.makeFolder("bin");
      await writeFile(`${bin}/sta`, `#!/bin/sh\nexec ${process.execPath} ${STA} "$@"\n`);
      await chmod(`${bin}/sta`, 0o755);
      await lab.daemon("engine");
      await writeFileOf(lab.path(NAME), 100, "shells");
      await lab.sta("engine", ["share", lab.path(NAME), "--json"]).json("seeding");
      const env = { ...lab.environment(), PATH: `${bin}:${process.env.PATH}`, STA_HOME: lab.path("engine") };
      const complete = async (...words: string[]) => {
        const [file, ...args] = shell.ask(words);
        const { stdout } = await promisify(execFile)(file!, args, { env, cwd: bin });
        return stdout.split("\n").filter((line) => line !== "");
      };
      expect(await complete("pau")).toEqual(["pause"]);
      expect(await complete("get", "--accept-p")).toEqual(["--accept-pushes"]);
      expect(await complete("pause", "a")).toEqual([NAME]);
      expect(await complete("pause", "x")).toEqual([]);
    });
  });
});
