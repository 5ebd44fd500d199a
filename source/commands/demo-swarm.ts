// DemoSwarm: a tracker and engines in processes of their own, on real files in a temporary folder that goes with them.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, open, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ControlClient } from "../control/client.ts";
import { controlSocketPath } from "../control/socket-path.ts";
import { createTorrent } from "../storage/hash-files.ts";
import { writeNotes, writePicture, writeRecording } from "./demo-files.ts";
import { binPath, distPath, type RunningEngine } from "./engine-access.ts";
import { NoEngineError } from "./no-engine-error.ts";

/** What a peer has of a file. */
type Share = "whole" | "first half" | "second half";

interface DemoFile {
  readonly name: string;
  readonly make: (path: string) => Promise<void>;
  /** By peer, `one`, `two` and `three`; the last one leaves and returns now and then. */
  readonly shares: Readonly<Record<string, Share>>;
}

const FILES: readonly DemoFile[] = [
  {
    name: "ocean-recording.wav",
    make: (path) => writeRecording(path, 390),
    shares: { one: "whole", two: "first half", three: "second half" },
  },
  {
    name: "night-sky.png",
    make: (path) => writePicture(path, 1_400),
    shares: { two: "second half", three: "first half" },
  },
  { name: "birdsong.wav", make: (path) => writeRecording(path, 60), shares: { three: "whole" } },
  { name: "read-me-first.txt", make: writeNotes, shares: { one: "whole" } },
];

/** Bytes a second that each peer gives: slow enough to watch. */
const PEER_RATE = "1.5MB";

/** How long the peer that comes and goes stays, and how long it is away. */
const STAYS_MS = 25_000;
const AWAY_MS = 8_000;

const STOP_MS = 5_000;

/** Bytes of a piece of the demo's files. */
const PIECE_BYTES = 512 * 1024;

export class DemoSwarm {
  readonly #folder: string;
  readonly #children = new Map<string, ChildProcess>();
  #tracker = "";
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** A folder for a new swarm; nothing runs yet. */
  static async create(): Promise<DemoSwarm> {
    return new DemoSwarm(await mkdtemp(join(tmpdir(), "sta-demo-")));
  }

  /** Makes the files, starts tracker and peers, and returns the engine of whoever watches. Throws NoEngineError. */
  async start(): Promise<RunningEngine> {
    await this.#makeFiles();
    this.#tracker = await this.#startTracker();
    await Promise.all(["one", "two", "three"].map((peer) => this.#startPeer(peer)));
    await this.#startEngine("you", []);
    this.#leaveLater();
    return this.#connect("you");
  }

  /** Ends all processes and removes the folder. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await Promise.all([...this.#children.keys()].map((name) => this.#stop(name)));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #makeFiles(): Promise<void> {
    for (const peer of ["one", "two", "three", "you"])
      await mkdir(join(this.#folder, peer, "files"), { recursive: true });
    await Promise.all(FILES.map((file) => this.#makeFile(file)));
  }

  async #makeFile(file: DemoFile): Promise<void> {
    const original = join(this.#folder, file.name);
    await file.make(original);
    const { metainfo } = await createTorrent(original, { pieceLength: PIECE_BYTES });
    await writeFile(this.#torrentOf(file), metainfo.bytes);
    for (const [peer, share] of Object.entries(file.shares)) {
      const copy = join(this.#folder, peer, "files", file.name);
      await copyFile(original, copy);
      if (share !== "whole") await blank(copy, share === "first half" ? "second half" : "first half");
    }
    await rm(original);
  }

  #torrentOf(file: DemoFile): string {
    return join(this.#folder, `${file.name}.torrent`);
  }

  async #startTracker(): Promise<string> {
    const bin = join(distPath(), "tracker", "bin.js");
    const dir = join(this.#folder, "tracker");
    const line = await this.#spawn("tracker", [
      bin,
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--dir",
      dir,
      "--until-stdin-ends",
    ]);
    return line.slice(line.lastIndexOf(" ") + 1);
  }

  async #startPeer(peer: string): Promise<void> {
    await this.#startEngine(peer, ["--limit-up", PEER_RATE]);
    const engine = await this.#connect(peer);
    for (const file of FILES) {
      const share = file.shares[peer];
      if (!share) continue;
      const folder = join(this.#folder, peer, "files");
      const reply = await engine.send({
        method: "share",
        path: this.#torrentOf(file),
        folder,
        partial: share !== "whole",
      });
      if (!reply.ok) throw new NoEngineError(reply.text);
    }
    await engine.close();
  }

  async #startEngine(peer: string, flags: readonly string[]): Promise<void> {
    const files = join(this.#folder, peer, "files");
    const common = [
      "--tracker",
      this.#tracker,
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--dir",
      files,
      "--until-stdin-ends",
    ];
    await this.#spawn(peer, [binPath(), "daemon", ...common, ...flags]);
  }

  #homeOf(peer: string): string {
    return join(this.#folder, peer, "state");
  }

  #connect(peer: string): Promise<ControlClient> {
    return ControlClient.connect(controlSocketPath(this.#homeOf(peer), { STA_HOME: this.#homeOf(peer) }));
  }

  /** Starts a process that ends when we do, whatever becomes of us; resolves with its first line. */
  #spawn(name: string, argv: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [...argv], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, STA_HOME: this.#homeOf(name) },
      // Not in the terminal's group: Ctrl-C is for the viewer, which then ends them.
      detached: true,
    });
    this.#children.set(name, child);
    child.stdin.on("error", () => undefined);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1_000);
    });
    return new Promise((resolve, reject) => {
      createInterface(child.stdout).once("line", resolve);
      child.once("error", reject);
      child.once("close", () => reject(new NoEngineError(`The demo's ${name} did not start: ${said.trim()}`)));
    });
  }

  #leaveLater(): void {
    this.#timer = setTimeout(() => void this.#leaveAndReturn(), STAYS_MS);
  }

  async #leaveAndReturn(): Promise<void> {
    await this.#stop("three");
    if (this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#startPeer("three").then(
        () => this.#leaveLater(),
        () => undefined,
      );
    }, AWAY_MS);
  }

  async #stop(name: string): Promise<void> {
    const child = this.#children.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** Overwrites one half of a file with zeros. */
async function blank(path: string, half: "first half" | "second half"): Promise<void> {
  const { size } = await stat(path);
  // Between two pieces, so that the halves make a whole.
  const middle = Math.floor(size / 2 / PIECE_BYTES) * PIECE_BYTES;
  const file = await open(path, "r+");
  try {
    const start = half === "first half" ? 0 : middle;
    const zeros = new Uint8Array(half === "first half" ? middle : size - middle);
    await file.write(zeros, 0, zeros.length, start);
  } finally {
    await file.close();
  }
}
