// When things are wrong: each command says in a sentence what happened, with the right exit code and without a stack trace.
import { createServer } from "node:net";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFileOf } from "../helpers/files.ts";
import { freePort, Lab, STA_TRACKER } from "../helpers/processes.ts";

let lab: Lab;
/** A tracker with `mine.bin` of engine `one`, and `nobody.bin` that nobody holds now. */
let tracker: string;
let takenPort: number;
let nobodyPort: number;

beforeAll(async () => {
  lab = await Lab.open();
  await writeFileOf(lab.path("mine.bin"), 100_000, "mine");
  await writeFileOf(lab.path("nobody.bin"), 100_000, "nobody");
  await writeFile(lab.path("no.torrent"), "this is no torrent\n");
  await writeFile(lab.path("cut.torrent"), "d4:infod4:name3:abc");
  await writeFile(lab.path("a-file"), "in place of a folder\n");
  tracker = (await lab.tracker()).address;
  const local = ["--host", "127.0.0.1", "--port", "0", "--tracker", tracker];
  const leaving = lab.sta("leaver", ["share", lab.path("nobody.bin"), "--standalone", "--json", ...local]);
  await leaving.json("seeding");
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  takenPort = (taken.address() as { port: number }).port;
  closeTaken = () => taken.close();
  nobodyPort = await freePort();
  await lab.daemon("one", ["--tracker", tracker]);
  await lab.sta("one", ["share", lab.path("mine.bin")]).end();
  await leaving.kill();
});
let closeTaken: () => void = () => undefined;

afterAll(async () => {
  closeTaken();
  await lab.close();
});

interface Wrong {
  readonly what: string;
  /** State folder: `one` has a running engine. */
  readonly home?: string;
  readonly args: () => string[];
  readonly code: number;
  readonly says: RegExp;
}

const alone = (dir = lab.path("down")) => ["--standalone", "--host", "127.0.0.1", "--port", "0", "--dir", dir];
const inSwarm = () => [...alone(), "--tracker", tracker];

const WRONG: readonly Wrong[] = [
  {
    what: "sharing a file that does not exist",
    home: "one",
    args: () => ["share", "missing.bin"],
    code: 1,
    says: /There is no file or folder .*missing\.bin/,
  },
  {
    what: "making a torrent of a file that does not exist",
    args: () => ["create", "missing.bin"],
    code: 1,
    says: /There is no file or folder .*missing\.bin/,
  },
  {
    what: "a name that is not in the catalogue",
    args: () => ["get", "unheard-of.mkv", ...inSwarm()],
    code: 1,
    says: /File does not exist in the swarm: unheard-of\.mkv/,
  },
  {
    what: "a name that is not in the catalogue, of a running engine",
    home: "one",
    args: () => ["get", "unheard-of.mkv"],
    code: 1,
    says: /File does not exist in the swarm: unheard-of\.mkv/,
  },
  {
    what: "an info hash that nobody knows",
    home: "one",
    args: () => ["get", "0123456789abcdef0123456789abcdef01234567"],
    code: 1,
    says: /File does not exist in the swarm/,
  },
  {
    what: "a file that nobody holds now",
    args: () => ["get", "nobody.bin", ...inSwarm()],
    code: 1,
    says: /No peer has the file nobody\.bin/,
  },
  {
    what: "giving a file that one does not have",
    home: "one",
    args: () => ["push", "nobody.bin"],
    code: 1,
    says: /do not have the file nobody\.bin/,
  },
  {
    what: "giving a file that nobody has heard of",
    home: "one",
    args: () => ["push", "unheard-of.mkv"],
    code: 1,
    says: /File does not exist in the swarm: unheard-of\.mkv/,
  },
  {
    what: "a name without a tracker",
    args: () => ["get", "film.mkv", ...alone()],
    code: 1,
    says: /File does not exist in the swarm.*--tracker/,
  },
  {
    what: "a tracker that is not there",
    args: () => ["get", "film.mkv", ...alone(), "--tracker", `127.0.0.1:${nobodyPort}`],
    code: 1,
    says: /tracker/i,
  },
  {
    what: "a torrent file that is none",
    home: "one",
    args: () => ["get", "no.torrent"],
    code: 1,
    says: /no\.torrent/,
  },
  {
    what: "a torrent file that is cut",
    home: "one",
    args: () => ["get", "cut.torrent"],
    code: 1,
    says: /cut\.torrent/,
  },
  {
    what: "sharing a torrent file that is none",
    args: () => ["share", "no.torrent", ...alone()],
    code: 1,
    says: /no\.torrent/,
  },
  {
    what: "a torrent file that does not exist",
    home: "one",
    args: () => ["get", "missing.torrent"],
    code: 1,
    says: /There is no file or folder .*missing\.torrent/,
  },
  {
    what: "a download folder that is a file",
    args: () => ["get", "mine.bin", ...alone(lab.path("a-file")), "--tracker", tracker],
    code: 1,
    says: /a-file/,
  },
  {
    what: "an output that cannot be written",
    args: () => ["create", "mine.bin", "-o", lab.path("a-file", "x.torrent")],
    code: 1,
    says: /a-file/,
  },
  {
    what: "a state folder that is a file",
    home: "a-file",
    args: () => ["share", "mine.bin", ...alone()],
    code: 1,
    says: /a-file/,
  },
  {
    what: "an address that is not this machine's",
    args: () => ["share", "mine.bin", "--standalone", "--host", "192.0.2.1"],
    code: 1,
    says: /192\.0\.2\.1.*--host/,
  },
  {
    what: "a second engine on the same state",
    home: "one",
    args: () => ["daemon", "--port", "0"],
    code: 3,
    says: /\b[0-9]+\b/,
  },
  {
    what: "a standalone command on the state of a running engine",
    home: "one",
    args: () => ["share", "mine.bin", "--standalone"],
    code: 3,
    says: /Another sta \(process [0-9]+\)/,
  },
  { what: "the viewer without a terminal", home: "one", args: () => [], code: 1, says: /terminal/ },
  { what: "the demo without a terminal", args: () => ["demo"], code: 1, says: /terminal/ },
  { what: "listing without an engine", args: () => ["ls"], code: 1, says: /No engine is running/ },
  { what: "an unknown command", args: () => ["frobnicate"], code: 2, says: /frobnicate.*--help/ },
  { what: "an unknown flag", args: () => ["ls", "--frobnicate"], code: 2, says: /frobnicate/ },
  { what: "get without a name", args: () => ["get"], code: 2, says: /sta get needs/ },
  { what: "get with two names", args: () => ["get", "a", "b"], code: 2, says: /too much/ },
  {
    what: "a peer without a port",
    args: () => ["get", "x", "--peer", "localhost"],
    code: 2,
    says: /Wrong format: "localhost"/,
  },
  { what: "a port that is none", args: () => ["daemon", "--port", "70000"], code: 2, says: /Wrong format: --port/ },
  { what: "a port that is no number", args: () => ["daemon", "--port", "abc"], code: 2, says: /--port/ },
  { what: "a rate that is none", args: () => ["daemon", "--limit-up", "fast"], code: 2, says: /Wrong format: "fast"/ },
  {
    what: "a tracker that is no address",
    args: () => ["ls", "--tracker", "a b"],
    code: 2,
    says: /Wrong format: "a b"/,
  },
  {
    what: "a piece length that is none",
    args: () => ["create", "mine.bin", "--piece-length", "7"],
    code: 2,
    says: /piece/i,
  },
  {
    what: "an announce URL that is none",
    args: () => ["create", "mine.bin", "--announce", "x y"],
    code: 2,
    says: /Wrong format: "x y"/,
  },
  { what: "a count of nothing", args: () => ["push", "mine.bin", "--count", "0"], code: 2, says: /--count/ },
];

function expectSentence(stderr: string, says: RegExp): void {
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/^\s+at |mistake of sta|node:internal|undefined|\[object/m);
  expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
}

test.for(WRONG)("$what", { timeout: 20_000 }, async ({ home = crypto.randomUUID(), args, code, says }) => {
  const running = lab.sta(home, args());
  expect(await running.end(), running.stderr).toEqual({ code, signal: null });
  expectSentence(running.stderr, says);
});

test.for([
  { what: "a port in use", args: () => ["--port", String(takenPort)], code: 1, says: /in use.*--port/ },
  {
    what: "a folder that is a file",
    args: () => ["--port", "0", "--dir", lab.path("a-file")],
    code: 1,
    says: /a-file.*--dir/,
  },
  { what: "an unknown flag", args: () => ["--frobnicate"], code: 2, says: /frobnicate/ },
  { what: "a port that is none", args: () => ["--port", "x"], code: 2, says: /--port/ },
])("sta-tracker: $what", async ({ args, code, says }) => {
  const running = lab.start(process.execPath, [STA_TRACKER, "--host", "127.0.0.1", ...args()]);
  expect(await running.end(), running.stderr).toEqual({ code, signal: null });
  expectSentence(running.stderr, says);
});

test("after all of this the engine still runs, and nothing is lost", async () => {
  const { transfers } = (await lab.engine("one")).getSnapshot();
  expect(transfers.map(({ name, state }) => `${name} ${state}`)).toEqual(["mine.bin seeding"]);
});
