// The filter language, one for the viewer, for commands and for rules: words match names, `size>1G & (holders<3 | !done)`.
// A text becomes a test of rows, or a mistake and its place. Pure, and as long as its text: never throws, never loops.
import type { BroadcastRow, CatalogueRow, TransferRow } from "./contract.ts";
import { parseBytes, parseSeconds } from "./quantities.ts";

/** What can be filtered. A row that lacks a field matches no comparison with it. */
export type FilteredRow = CatalogueRow | TransferRow | BroadcastRow;

export type ParsedFilter =
  | { readonly ok: true; readonly matches: Filter }
  /** `at`: where in the text, in UTF-16 units, at most its length. `text`: a sentence without its subject, which is the text there. */
  | { readonly ok: false; readonly at: number; readonly text: string };

/** Whether a row is in. */
export type Filter = (row: FilteredRow) => boolean;

/** As much as a person types. */
const MAX_LENGTH = 1_000;
const MAX_DEPTH = 50;

/**
 * Reads a filter:
 *
 *     any   = all *( "|" all )
 *     all   = one *( [ "&" ] one )
 *     one   = "!" one | "(" any ")" | FLAG | FIELD OPERATOR VALUE | WORD
 *
 * A word or value in double quotes is taken as it is. All texts are compared without their case. An empty filter matches everything.
 */
export function parseFilter(text: string): ParsedFilter {
  if (text.trim() === "") return { ok: true, matches: () => true };
  try {
    return { ok: true, matches: new Parser(text).parse() };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { ok: false, at: Math.min(error.at, text.length), text: error.message };
  }
}

/** The fields, as help shows them. */
export const FILTER_FIELDS: readonly { readonly usage: string; readonly help: string }[] = [
  { usage: "two words", help: "both in the name, in any case" },
  { usage: '"a & b"', help: "these characters, as they are" },
  { usage: "size>1G", help: "also < >= <= = !=; 500k, 1.5GB, 2GiB" },
  { usage: "holders<3", help: "also seeds, peers, pieces, files" },
  { usage: "rate>0", help: "bytes a second; down and up alone" },
  { usage: "progress<50", help: "percent; also ratio, left<10m" },
  { usage: "peer~10.0.", help: "part of: peer, client, tracker, hash" },
  { usage: "state=paused", help: "also folder, name; !~ and != for not" },
  { usage: "done, private", help: "what it is; !done for what it is not" },
  { usage: "a & b | (c !d)", help: "and, or, groups, not" },
];

type Field =
  | { readonly kind: keyof typeof NUMBERS; readonly of: (row: FilteredRow) => number | null | undefined }
  | { readonly kind: "text"; readonly of: (row: FilteredRow) => readonly string[] };

const isTransfer = (row: FilteredRow): row is TransferRow => "pieceMap" in row;
const isListed = (row: FilteredRow): row is CatalogueRow => "holders" in row;
const isFile = (row: FilteredRow): row is TransferRow | CatalogueRow => "length" in row;

const inTransfer =
  <T>(of: (row: TransferRow) => T) =>
  (row: FilteredRow): T | undefined =>
    isTransfer(row) ? of(row) : undefined;

const holdersOf = (row: TransferRow): number => row.peers.filter(({ progress }) => progress > 0).length;
const percentOf = ({ wantedBytes, wantedHeldBytes }: TransferRow): number =>
  wantedBytes === 0 ? 100 : (wantedHeldBytes / wantedBytes) * 100;
const seedsOf = (row: TransferRow): number => row.peers.filter(({ progress }) => progress >= 1).length;

const FIELDS: Readonly<Record<string, Field>> = {
  size: { kind: "bytes", of: (row) => (isFile(row) ? row.length : undefined) },
  pieces: { kind: "count", of: (row) => (isFile(row) ? row.pieceCount : undefined) },
  holders: { kind: "count", of: (row) => (isListed(row) ? row.holders : inTransfer(holdersOf)(row)) },
  seeds: { kind: "count", of: (row) => (isListed(row) ? row.seeds : inTransfer(seedsOf)(row)) },
  peers: { kind: "count", of: inTransfer(({ peers }) => peers.length) },
  files: { kind: "count", of: inTransfer(({ fileCount }) => fileCount) },
  rate: { kind: "bytes", of: inTransfer((row) => row.downBytesPerSecond + row.upBytesPerSecond) },
  down: { kind: "bytes", of: inTransfer((row) => row.downBytesPerSecond) },
  up: { kind: "bytes", of: inTransfer((row) => row.upBytesPerSecond) },
  ratio: { kind: "count", of: inTransfer(({ ratio }) => ratio) },
  progress: { kind: "percent", of: inTransfer(percentOf) },
  left: { kind: "seconds", of: inTransfer(({ secondsLeft }) => secondsLeft) },
  name: { kind: "text", of: (row) => [nameOf(row)] },
  hash: { kind: "text", of: (row) => (isFile(row) ? [row.infoHash] : []) },
  state: { kind: "text", of: (row) => (isTransfer(row) ? [row.state] : isListed(row) ? [] : [row.kind]) },
  folder: { kind: "text", of: (row) => (isTransfer(row) ? [row.folder] : []) },
  peer: { kind: "text", of: (row) => (isTransfer(row) ? row.peers.map(({ address }) => address) : []) },
  client: { kind: "text", of: (row) => (isTransfer(row) ? row.peers.map(({ client }) => client) : []) },
  tracker: {
    kind: "text",
    of: (row) =>
      isListed(row) ? [row.tracker] : isTransfer(row) ? row.trackers.map(({ address }) => address as string) : [],
  },
};

const FLAGS: Readonly<Record<string, Filter>> = {
  done: (row) => (isListed(row) ? row.ours === "complete" : isTransfer(row) && row.wantedHeldBytes >= row.wantedBytes),
  private: (row) => isFile(row) && row.private,
};

/** How numbers are written. */
const NUMBERS = {
  bytes: { read: parseBytes, example: "a size such as 500k or 1.5GB comes here" },
  count: { read: plainNumber, example: "a number comes here" },
  percent: { read: (text: string) => plainNumber(text.replace(/%$/, "")), example: "a number of percent comes here" },
  seconds: { read: parseSeconds, example: "a time such as 90s, 10m or 2h comes here" },
};

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

const TEXT_TESTS: Readonly<Record<string, (texts: readonly string[], wanted: string) => boolean>> = {
  "~": (texts, wanted) => texts.some((text) => text.toLowerCase().includes(wanted)),
  "=": (texts, wanted) => texts.some((text) => text.toLowerCase() === wanted),
  "!~": (texts, wanted) => texts.every((text) => !text.toLowerCase().includes(wanted)),
  "!=": (texts, wanted) => texts.every((text) => text.toLowerCase() !== wanted),
};

function nameOf(row: FilteredRow): string {
  return "name" in row ? row.name : row.text;
}

class Mistake extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    if (text.length > MAX_LENGTH) throw new Mistake(MAX_LENGTH, `a filter has at most ${MAX_LENGTH} characters`);
    this.#text = text;
  }

  parse(): Filter {
    const test = this.#any();
    if (this.#at < this.#text.length) throw new Mistake(this.#at, 'this ")" closes nothing');
    return test;
  }

  #any(): Filter {
    const tests = [this.#all()];
    while (this.#took("|")) tests.push(this.#all());
    return tests.length === 1 ? tests[0]! : (row) => tests.some((test) => test(row));
  }

  #all(): Filter {
    const tests = [this.#one()];
    while (this.#took("&") || !["", "|", ")"].includes(this.#next())) tests.push(this.#one());
    return tests.length === 1 ? tests[0]! : (row) => tests.every((test) => test(row));
  }

  #one(): Filter {
    if (++this.#depth > MAX_DEPTH) throw new Mistake(this.#at, "this is nested too deeply");
    const test = this.#took("!") ? not(this.#one()) : this.#next() === "(" ? this.#group() : this.#plain();
    this.#depth--;
    return test;
  }

  #group(): Filter {
    const opened = this.#at;
    this.#at++;
    const test = this.#any();
    if (!this.#took(")")) throw new Mistake(opened, 'this "(" is not closed');
    return test;
  }

  #plain(): Filter {
    const next = this.#next();
    if (next === '"') return this.#named(this.#quoted());
    const begin = this.#at;
    const word = this.#word(/[\s&|"<>=~]/);
    const name = word.toLowerCase();
    const operator = this.#operator();
    if (operator === "") {
      if (word === "") throw new Mistake(begin, "a word or a comparison comes here");
      return Object.hasOwn(FLAGS, name) ? FLAGS[name]! : this.#named(word);
    }
    if (name === "") throw new Mistake(begin, "the name of a field comes before this");
    if (Object.hasOwn(FLAGS, name)) throw new Mistake(begin, `"${name}" stands alone, or as !${name}`);
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (field === undefined)
      throw new Mistake(begin, `there is no field of this name, but ${Object.keys(FIELDS).join(", ")}`);
    return this.#comparison(name, field, operator, begin + word.length);
  }

  #comparison(name: string, field: Field, operator: string, operatorAt: number): Filter {
    const quoted = this.#next() === '"';
    const begin = this.#at;
    const value = (quoted ? this.#quoted() : this.#word(field.kind === "text" ? /[\s&|"]/ : /[\s&|"!]/)).toLowerCase();
    if (field.kind === "text") {
      const test = TEXT_TESTS[operator];
      if (test === undefined) throw new Mistake(operatorAt, `${name} is a text: ~ = !~ and != compare it`);
      if (value === "" && !quoted) throw new Mistake(begin, "a text comes here");
      return (row) => test(field.of(row), value);
    }
    const compare = COMPARISONS[operator];
    if (compare === undefined) throw new Mistake(operatorAt, `${name} is a number: < <= > >= = and != compare it`);
    const { read, example } = NUMBERS[field.kind];
    const wanted = read(value);
    if (wanted === null) throw new Mistake(begin, example);
    return (row) => {
      const is = field.of(row);
      return is !== undefined && is !== null && compare(is, wanted);
    };
  }

  #named(word: string): Filter {
    const wanted = word.toLowerCase();
    return (row) => nameOf(row).toLowerCase().includes(wanted);
  }

  #quoted(): string {
    const begin = this.#at;
    const end = this.#text.indexOf('"', begin + 1);
    if (end < 0) throw new Mistake(begin, "this quotation mark is not closed");
    this.#at = end + 1;
    return this.#text.slice(begin + 1, end);
  }

  /** Up to what ends it. Parentheses in pairs are part of it: `video(1).mkv`. */
  #word(ends: RegExp): string {
    const begin = this.#at;
    let open = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text[this.#at]!;
      if (ends.test(character) || (character === "!" && /^![=~]/.test(this.#text.slice(this.#at, this.#at + 2)))) break;
      if (character === "(") open++;
      if (character === ")" && --open < 0) break;
    }
    return this.#text.slice(begin, this.#at);
  }

  /** Empty, and nothing is read, when none comes. */
  #operator(): string {
    const found = /^(?:<=?|>=?|=|~|!=|!~)/.exec(this.#text.slice(this.#skipped(), this.#skipped() + 2))?.[0] ?? "";
    if (found !== "") this.#at = this.#skipped() + found.length;
    return found;
  }

  /** The next character behind spaces, which are read; empty at the end. */
  #next(): string {
    this.#at = this.#skipped();
    return this.#text[this.#at] ?? "";
  }

  #took(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }

  #skipped(): number {
    let at = this.#at;
    while (/\s/.test(this.#text[at] ?? "")) at++;
    return at;
  }
}

function not(test: Filter): Filter {
  return (row) => !test(row);
}

function plainNumber(text: string): number | null {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : null;
}
