import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { EngineLog } from "../../source/commands/engine-log.ts";
import { temporaryHome } from "./support.ts";

const LINE = /^\d{4}-\d\d-\d\dT\S+Z (.*)$/;

async function linesOf(path: string): Promise<string[]> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  return lines.map((line) => LINE.exec(line)![1]!);
}

test("each line has its time, behind what an earlier engine wrote", async () => {
  const home = await temporaryHome();
  for (const text of ["first", "second"]) {
    const log = new EngineLog(home);
    log.write(text);
    await log.close();
  }
  expect(await linesOf(join(home, "engine.log"))).toEqual(["first", "second"]);
});

test("a full log begins anew, and the one before it stays: two files, however much is said", async () => {
  const home = await temporaryHome();
  const log = new EngineLog(home, 200);
  for (let i = 0; i < 100; i++) log.write(`line ${i}`);
  await log.close();
  const [before, now] = [await linesOf(join(home, "engine.log.old")), await linesOf(join(home, "engine.log"))];
  expect([...before, ...now]).toEqual([...before, ...now].map((_, i, all) => `line ${100 - all.length + i}`));
  expect((await readdir(home)).filter((name) => name.startsWith("engine.log"))).toHaveLength(2);
  expect((await readFile(join(home, "engine.log.old"))).length).toBeLessThanOrEqual(200);
});

test("a log that was full before the start begins anew, and one long line is written whole", async () => {
  const home = await temporaryHome();
  await writeFile(join(home, "engine.log"), "x".repeat(300));
  const log = new EngineLog(home, 200);
  log.write("y".repeat(500));
  await log.close();
  expect(await linesOf(join(home, "engine.log"))).toEqual(["y".repeat(500)]);
  expect(await readFile(join(home, "engine.log.old"), "utf8")).toBe("x".repeat(300));
});

test("a log that cannot be written ends nothing", async () => {
  const home = await temporaryHome();
  await mkdir(join(home, "engine.log"));
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => said.mockRestore());
  const log = new EngineLog(home);
  log.write("first");
  log.write("second");
  await log.close();
  expect(said.mock.calls.map(([text]) => text)).toEqual(
    Array(2).fill(expect.stringMatching(/^sta: engine\.log cannot be written: EISDIR/)),
  );
});
