// All commands: the help text and the dispatch are made from this table.
import type { CommandTable } from "./command.ts";
import type { Flags } from "./options.ts";

const some = { min: 1, max: 1_000, what: "a name or an info hash" };
const none = { min: 0, max: 0, what: "" };

/** Of commands that start an engine, and pass on to one that runs what it can still heed. */
const engine = [
  "tracker",
  "token",
  "dir",
  "port",
  "host",
  "dht",
  "dhtNode",
  "lan",
  "portMapping",
  "acceptPushes",
  "allocation",
  "keepFree",
] as const satisfies readonly (keyof Flags)[];
const limits = ["limitDown", "limitUp", "ratio", "seedTime"] as const satisfies readonly (keyof Flags)[];
const looks = ["ascii", "theme", "lowBandwidth", "fps"] as const satisfies readonly (keyof Flags)[];

export const COMMANDS = {
  open: {
    usage: "",
    summary: "the viewer; starts the engine if none runs",
    operands: none,
    flags: [...engine, ...limits, "watch", "activeDownloads", "standalone", ...looks],
    load: () => import("./open.ts"),
  },
  get: {
    usage: "NAME|INFO_HASH|MAGNET|URL|X.torrent [--peer HOST:PORT] [--files 0,3-5] [--seed]",
    summary: "download a file of the swarm and wait for it",
    operands: { min: 1, max: 1, what: "a name, an info hash, a magnet link or a .torrent file" },
    flags: [...engine, ...limits, "standalone", "json", "peer", "files", "filesFirst", "sequential", "seed"],
    load: () => import("./get.ts"),
  },
  share: {
    usage: "PATH... [--dir FOLDER] [--partial]",
    summary: "hash, publish and seed files or folders; seed X.torrent from FOLDER",
    operands: { min: 1, max: 1_000, what: "a file, a folder or a .torrent file" },
    flags: [...engine, ...limits, "standalone", "json", "partial", "untilStdinEnds"],
    load: () => import("./share.ts"),
  },
  push: {
    usage: "NAME [--count N] [--keep] [--stop]",
    summary: "give random pieces to every connected sta peer",
    operands: { min: 1, max: 1, what: "a name or an info hash" },
    flags: [...engine, "standalone", "json", "count", "keep", "stop"],
    load: () => import("./push.ts"),
  },
  create: {
    usage: "PATH [-o FILE] [--piece-length 512KiB] [--announce URL] [--web-seed URL] [--private]",
    summary: "make a .torrent file",
    operands: { min: 1, max: 1, what: "a file or a folder" },
    flags: ["json", "output", "pieceLength", "announce", "webSeed", "private"],
    load: () => import("./create.ts"),
  },
  ls: {
    usage: "[--filter FILTER]",
    summary: "what the swarm offers and what is under way",
    operands: none,
    flags: ["json", "filter"],
    load: () => import("./ls.ts"),
  },
  files: {
    usage: "NAME|INFO_HASH|X.torrent",
    summary: "the files of a torrent, with their numbers",
    operands: { min: 1, max: 1, what: "a name, an info hash or a .torrent file" },
    flags: ["json"],
    load: () => import("./files.ts"),
  },
  pause: {
    usage: "NAME...",
    summary: "stop transfers for a while",
    operands: some,
    flags: ["json"],
    load: () => import("./pause.ts"),
  },
  resume: {
    usage: "NAME...",
    summary: "let them go on",
    operands: some,
    flags: ["json"],
    load: () => import("./resume.ts"),
  },
  reannounce: {
    usage: "NAME...",
    summary: "ask trackers, the DHT and neighbours for more peers now",
    operands: some,
    flags: ["json"],
    load: () => import("./reannounce.ts"),
  },
  remove: {
    usage: "NAME... [--with-data]",
    summary: "forget transfers; their data stays unless you say so",
    operands: some,
    flags: ["json", "withData"],
    load: () => import("./remove.ts"),
  },
  set: {
    usage: "[NAME] [--limit-up RATE] [--ratio 2] [--seed-time 2h] [--files 0,3-5|all] ...",
    summary: "how one transfer goes on, or without a name the engine; none lifts a limit",
    operands: { min: 0, max: 1, what: "a name or an info hash" },
    flags: [...limits, "activeDownloads", "json", "sequential", "files", "filesFirst"],
    load: () => import("./set.ts"),
  },
  check: {
    usage: "NAME",
    summary: "hash what lies on disk again",
    operands: { min: 1, max: 1, what: "a name or an info hash" },
    flags: ["json"],
    load: () => import("./check.ts"),
  },
  events: {
    usage: "",
    summary: "what happens in the engine, as it happens",
    operands: none,
    flags: ["json"],
    load: () => import("./events.ts"),
  },
  peers: {
    usage: "[NAME]",
    summary: "who is connected, what moves, and why nothing does",
    operands: { min: 0, max: 1, what: "a name or an info hash" },
    flags: ["json"],
    load: () => import("./peers.ts"),
  },
  trackers: {
    usage: "",
    summary: "each tracker: its state, what went wrong, when it is asked next",
    operands: none,
    flags: ["json"],
    load: () => import("./trackers.ts"),
  },
  doctor: {
    usage: "",
    summary: "how the engine itself does: delays, memory, descriptors",
    operands: none,
    flags: ["json"],
    load: () => import("./doctor.ts"),
  },
  stop: { usage: "", summary: "stop the engine", operands: none, flags: ["json"], load: () => import("./stop.ts") },
  daemon: {
    usage: "",
    summary: "run the engine in the foreground",
    operands: none,
    flags: [...engine, ...limits, "watch", "activeDownloads", "json", "untilStdinEnds"],
    load: () => import("./daemon.ts"),
  },
  completion: {
    usage: "bash|zsh|fish",
    summary: 'Tab completes commands, options and names: eval "$(sta completion bash)"',
    operands: { min: 1, max: 10_000, what: "the name of a shell" },
    flags: [],
    load: () => import("./completion.ts"),
  },
  demo: {
    usage: "",
    summary: "a swarm of real processes on this machine, and the viewer on it",
    operands: none,
    flags: looks,
    load: () => import("./demo.ts"),
  },
} satisfies CommandTable;

export type CommandName = keyof typeof COMMANDS;
