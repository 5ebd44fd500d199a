// All commands: the help text and the dispatch are made from this table.
import type { Options } from "./options.ts";

interface CommandModule {
  /** Resolves to the exit code. */
  run(operands: readonly string[], options: Options): Promise<number>;
}

interface CommandRow {
  readonly usage: string;
  readonly summary: string;
  readonly operands: { readonly min: number; readonly max: number; readonly what: string };
  readonly load: () => Promise<CommandModule>;
}

const some = { min: 1, max: 1_000, what: "a name or an info hash" };
const none = { min: 0, max: 0, what: "" };

export const COMMANDS = {
  open: {
    usage: "",
    summary: "the viewer; starts the engine if none runs",
    operands: none,
    load: () => import("./open.ts"),
  },
  get: {
    usage: "NAME|INFO_HASH|MAGNET|URL|X.torrent [--peer HOST:PORT] [--files 0,3-5] [--seed]",
    summary: "download a file of the swarm and wait for it",
    operands: { min: 1, max: 1, what: "a name, an info hash, a magnet link or a .torrent file" },
    load: () => import("./get.ts"),
  },
  share: {
    usage: "PATH... [--dir FOLDER] [--partial]",
    summary: "hash, publish and seed files or folders; seed X.torrent from FOLDER",
    operands: { min: 1, max: 1_000, what: "a file, a folder or a .torrent file" },
    load: () => import("./share.ts"),
  },
  push: {
    usage: "NAME [--count N] [--keep] [--stop]",
    summary: "give random pieces to every connected sta peer",
    operands: { min: 1, max: 1, what: "a name or an info hash" },
    load: () => import("./push.ts"),
  },
  create: {
    usage: "PATH [-o X.torrent] [--piece-length 512KiB] [--announce URL] [--private]",
    summary: "make a .torrent file",
    operands: { min: 1, max: 1, what: "a file or a folder" },
    load: () => import("./create.ts"),
  },
  ls: {
    usage: "[--filter FILTER]",
    summary: "what the swarm offers and what is under way",
    operands: none,
    load: () => import("./ls.ts"),
  },
  files: {
    usage: "NAME|INFO_HASH|X.torrent",
    summary: "the files of a torrent, with their numbers",
    operands: { min: 1, max: 1, what: "a name, an info hash or a .torrent file" },
    load: () => import("./files.ts"),
  },
  pause: { usage: "NAME...", summary: "stop transfers for a while", operands: some, load: () => import("./pause.ts") },
  resume: { usage: "NAME...", summary: "let them go on", operands: some, load: () => import("./resume.ts") },
  remove: {
    usage: "NAME... [--with-data]",
    summary: "forget transfers; their data stays unless you say so",
    operands: some,
    load: () => import("./remove.ts"),
  },
  set: {
    usage: "NAME [--limit-up RATE] [--ratio 2] [--seed-time 2h] [--files 0,3-5] ...",
    summary: "how one transfer goes on; none lifts a limit",
    operands: { min: 1, max: 1, what: "a name or an info hash" },
    load: () => import("./set.ts"),
  },
  check: {
    usage: "NAME",
    summary: "hash what lies on disk again",
    operands: { min: 1, max: 1, what: "a name or an info hash" },
    load: () => import("./check.ts"),
  },
  events: {
    usage: "",
    summary: "what happens in the engine, as it happens",
    operands: none,
    load: () => import("./events.ts"),
  },
  peers: {
    usage: "[NAME]",
    summary: "who is connected, what moves, and why nothing does",
    operands: { min: 0, max: 1, what: "a name or an info hash" },
    load: () => import("./peers.ts"),
  },
  trackers: {
    usage: "",
    summary: "each tracker: its state, what went wrong, when it is asked next",
    operands: none,
    load: () => import("./trackers.ts"),
  },
  doctor: {
    usage: "",
    summary: "how the engine itself does: delays, memory, descriptors",
    operands: none,
    load: () => import("./doctor.ts"),
  },
  stop: { usage: "", summary: "stop the engine", operands: none, load: () => import("./stop.ts") },
  daemon: { usage: "", summary: "run the engine in the foreground", operands: none, load: () => import("./daemon.ts") },
  demo: {
    usage: "",
    summary: "a swarm of real processes on this machine, and the viewer on it",
    operands: none,
    load: () => import("./demo.ts"),
  },
} satisfies Record<string, CommandRow>;

export type CommandName = keyof typeof COMMANDS;
