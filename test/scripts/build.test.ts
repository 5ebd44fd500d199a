// What is built: what a command loads before it knows that it needs it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const CHUNKS = join(import.meta.dirname, "../../dist/source/chunks");
const textOf = (name: string) => readFileSync(join(CHUNKS, name), "utf8");

/** The chunk and all that it imports, and what they import. */
function loadedWith(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, file] of textOf(name).matchAll(/^import (?:[^;]* from )?"\.\/([^"]+)";/gm)) loadedWith(file!, seen);
  return seen;
}

test.each([
  ["the engine, which another process is", "class Engine "],
  ["the table of emoji, which takes longer than all the rest", "RGI_Emoji"],
  ["WebSockets", "Sec-WebSocket-Key"],
])("a command that asks a running engine does not load %s", (_what, sign) => {
  const cli = /import\("\.\/chunks\/(cli-[^"]+)"\)/.exec(textOf("../bin.js"))![1]!;
  const ls = /import\("\.\/(ls-[^"]+)"\)/.exec(textOf(cli))![1]!;
  const having = readdirSync(CHUNKS).filter((name) => textOf(name).includes(sign));
  const loaded = loadedWith(ls, loadedWith(cli));
  expect(having).not.toEqual([]);
  expect(having.filter((name) => loaded.has(name))).toEqual([]);
});
