import { expect, test } from "vitest";
import { ArgvError, parseArgv } from "../../source/program/parse-argv.ts";

const SPECS = {
  json: { type: "boolean" },
  limitDown: { type: "string" },
  port: { type: "number" },
  tracker: { type: "string", multiple: true },
  output: { type: "string", short: "o" },
  trustProxy: { type: "string", valueOptional: true },
  help: { type: "boolean", short: "h" },
} as const;

test.each([
  [[], [], {}],
  [["get", "x y", "z"], ["get", "x y", "z"], {}],
  [["--json", "ls", "-h"], ["ls"], { json: true, help: true }],
  [["--no-json"], [], { json: false }],
  [["--no-json", "--json"], [], { json: true }],
  [["--limit-down", "1M", "get"], ["get"], { limitDown: "1M" }],
  [["--limit-down=-1"], [], { limitDown: "-1" }],
  [["--limit-down="], [], { limitDown: "" }],
  [["--port", "0"], [], { port: 0 }],
  [["--port", "x"], [], { port: Number.NaN }],
  [["--port="], [], { port: Number.NaN }],
  [["--tracker", "a", "get", "--tracker=b"], ["get"], { tracker: ["a", "b"] }],
  [["-o", "x.torrent"], [], { output: "x.torrent" }],
  [["-ox.torrent"], [], { output: "x.torrent" }],
  [["--trust-proxy"], [], { trustProxy: "" }],
  [["--trust-proxy", "--json"], [], { trustProxy: "", json: true }],
  [["--trust-proxy", "10.0.0.1"], [], { trustProxy: "10.0.0.1" }],
  [["get", "--", "--json", "-o"], ["get", "--json", "-o"], {}],
])("%j is understood", (argv, operands, flags) => {
  expect(parseArgv(argv, SPECS)).toEqual({ operands, flags });
});

test.each([
  [["--dance"], "There is no option --dance."],
  [["--limitDown", "1"], "There is no option --limitDown."],
  [["--no-port"], "There is no option --no-port."],
  [["--__proto__=x"], "There is no option --__proto__."],
  [["--constructor"], "There is no option --constructor."],
  [["-x"], "There is no option -x."],
  [["-hx"], "There is no option -x."],
  [["--json=yes"], "--json takes no value."],
  [["--limit-down"], "--limit-down needs a value."],
  [["--limit-down", "--json"], "--limit-down needs a value."],
  [["-o"], "-o needs a value."],
  [["--port", "1", "--port", "2"], "--port can only be said once."],
])("%j is refused in a sentence", (argv, sentence) => {
  expect(() => parseArgv(argv, SPECS)).toThrow(new ArgvError(sentence));
});
