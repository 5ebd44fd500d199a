// The layers: who may import whom, and what the pure rooms may touch. A new arrow is a new word in this table.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** Each room may import itself and the rooms named here. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  program: [],
  protocol: [],
  metainfo: ["protocol"],
  swarm: ["metainfo", "protocol"],
  storage: ["metainfo", "protocol"],
  discovery: ["protocol"],
  contract: ["protocol"],
  control: ["contract", "protocol"],
  engine: ["swarm", "storage", "discovery", "metainfo", "protocol", "contract"],
  ui: ["contract"],
  commands: ["program", "ui", "control", "contract", "engine", "swarm", "storage", "discovery", "metainfo", "protocol"],
  cli: ["commands", "program"],
  tracker: ["metainfo", "protocol", "program"],
};

/** Rooms and files without a system below them, and the only modules of Node they may use. */
const PURE: readonly (readonly [path: string, node: readonly string[]])[] = [
  ["source/protocol/", []],
  ["source/metainfo/", ["node:crypto"]],
  ["source/swarm/", []],
  ["source/discovery/dht/addresses.ts", []],
  ["source/discovery/dht/asking.ts", []],
  ["source/discovery/dht/address-votes.ts", []],
  ["source/discovery/dht/flood-guard.ts", []],
  ["source/discovery/dht/lookup.ts", []],
  ["source/discovery/dht/node.ts", []],
  ["source/discovery/dht/outstanding.ts", []],
  ["source/discovery/dht/peer-store.ts", []],
  ["source/discovery/dht/routing-table.ts", []],
  ["source/discovery/dht/saved-state.ts", []],
  ["source/discovery/dht/searches.ts", []],
  ["source/discovery/lan/announces.ts", []],
  ["source/control/contract.ts", []],
  ["source/control/filter.ts", []],
  ["source/control/quantities.ts", []],
  ["tracker/age-list.ts", []],
  ["tracker/catalogue.ts", []],
  ["tracker/peer-dictionary.ts", []],
  ["tracker/peer-key.ts", []],
  ["tracker/swarms.ts", []],
];

/** Clocks, chance and the console: what a pure file is given as arguments. */
const IMPURE =
  /\b(Date\.now|new Date\(\)|Math\.random|performance\.|console\.|process\.|setTimeout|setInterval|setImmediate|queueMicrotask|fetch\()/;

const files = ["source", "tracker"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => `${folder}/${name}`),
);

/** `source/control/contract.ts` is a room of its own, with what people type about its rows: the one that ui and engine meet in. */
function roomOf(file: string): string {
  if (/^source\/control\/(?:contract|filter|quantities)\.ts$/.test(file)) return "contract";
  const [top = "", room = ""] = file.split("/");
  if (top === "tracker") return "tracker";
  return room.includes(".") ? "cli" : room;
}

/** Text without comments, so that a sentence about a clock is no clock. */
function codeOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8").replaceAll(/\/\*[^]*?\*\/|(?<!:)\/\/.*$/gm, "");
}

/** What a file imports, statically, dynamically or for its types. */
function importsOf(code: string): string[] {
  const specifiers = /(?:\bfrom\s*|\bimport\s*\(?\s*)"([^"]+)"/g;
  return [...code.matchAll(specifiers)].map((match) => match[1]!);
}

function arrowOf(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = relative(ROOT, resolve(ROOT, dirname(file), specifier));
  if (target === "package.json") return undefined;
  const [from, to] = [roomOf(file), roomOf(target)];
  return from === to || MAY_IMPORT[from]?.includes(to) ? undefined : `${file} (${from}) imports ${target} (${to})`;
}

/** The first circle of the arrows, as it is walked; undefined when there is none. */
function circleOf(next: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const circle = walk(to, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const circle = walk(file, []);
    if (circle) return circle;
  }
  return undefined;
}

test("a room imports only what stands below it", () => {
  const wrong = files.flatMap((file) => importsOf(codeOf(file)).flatMap((specifier) => arrowOf(file, specifier) ?? []));
  expect(wrong).toEqual([]);
});

test("every folder is a room of the table", () => {
  expect(files.filter((file) => !(roomOf(file) in MAY_IMPORT))).toEqual([]);
});

test("no arrow of the table leads back", () => {
  const reaches = (from: string, to: string): boolean =>
    MAY_IMPORT[from]!.some((next) => next === to || reaches(next, to));
  expect(Object.keys(MAY_IMPORT).filter((room) => reaches(room, room))).toEqual([]);
});

test("no file imports one that leads back to it, not even for a type", () => {
  const next = new Map(
    files.map((file) => [
      file,
      importsOf(codeOf(file)).flatMap((to) =>
        to.startsWith(".") ? [relative(ROOT, resolve(ROOT, dirname(file), to))] : [],
      ),
    ]),
  );
  expect(circleOf(next)).toBeUndefined();
  const circle = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["d", ["b"]],
  ]);
  expect(circleOf(circle)).toEqual(["b", "d", "b"]);
});

test.for(PURE)("%s has no system, no clock, no chance and no console", ([path, allowed]) => {
  const wrong = files
    .filter((file) => file.startsWith(path))
    .flatMap((file) => {
      const code = codeOf(file);
      const modules = importsOf(code).filter((name) => name.startsWith("node:") && !allowed.includes(name));
      const touched = IMPURE.exec(code)?.[0];
      return [...modules, ...(touched === undefined ? [] : [touched])].map((what) => `${file}: ${what}`);
    });
  expect(wrong).toEqual([]);
});

test("what reaches up, sideways or out is seen", () => {
  expect(arrowOf("source/swarm/x.ts", "../storage/y.ts")).toContain("(swarm) imports source/storage/y.ts (storage)");
  expect(arrowOf("source/ui/panes/x.tsx", "../../control/client.ts")).toContain("(control)");
  expect(arrowOf("source/ui/panes/x.tsx", "../../control/contract.ts")).toBeUndefined();
  expect(
    importsOf('import type { A } from "./a.ts"; await import("./b.ts"); export * from "./c.ts"; import "./d.ts"'),
  ).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts"]);
  expect(IMPURE.test("Date.now()")).toBe(true);
});
