import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryHome } from "./support.ts";

test("a promise that nobody minds ends the process, and its log says why and where", async () => {
  const log = join(await temporaryHome(), "engine.log");
  const module = new URL("../../source/commands/last-words.ts", import.meta.url);
  const code = `import { keepLastWords } from ${JSON.stringify(module.href)};
    keepLastWords(${JSON.stringify(log)});
    void Promise.reject(new TypeError("nobody minds"));`;
  expect(spawnSync(process.execPath, ["--input-type=module", "-e", code]).status).not.toBe(0);
  expect(await readFile(log, "utf8")).toMatch(/^\S+Z This is a mistake of sta itself: TypeError: nobody minds\n +at /);
});
