// `sta --help` and `sta COMMAND --help`, made from the table of commands and from this one of options.
import type { Flags } from "./options.ts";
import { COMMANDS, type CommandName } from "./table.ts";

/** How each option is written, and what it does. */
const OPTIONS: Readonly<Record<Exclude<keyof Flags, "untilStdinEnds">, readonly [usage: string, says: string]>> = {
  peer: ["--peer HOST:PORT", "ask this peer too; repeatable, and enough without a tracker"],
  seed: ["--seed", "with --standalone: share it afterwards, until a signal"],
  partial: ["--partial", "share what is there of it, and fetch nothing"],
  count: ["--count N", "so many pieces to each peer; 1 by default"],
  keep: ["--keep", "give until nobody lacks anything"],
  stop: ["--stop", "end what --keep began"],
  output: ["-o, --output FILE", "where it goes; NAME.torrent here by default"],
  pieceLength: ["--piece-length SIZE", "a power of 2 from 16KiB to 256MiB; 512KiB by default"],
  announce: ["--announce URL", "of a tracker, to stand in it; repeatable"],
  webSeed: ["--web-seed URL", "of a web server that has its files, to stand in it; repeatable"],
  private: ["--private", "its peers are told by its trackers alone"],
  withData: ["--with-data", "DELETE their data too"],
  tracker: ["--tracker HOST:PORT", "a sta-tracker (https://: over TLS); repeatable, remembered once it answers"],
  forgetTracker: ["--forget-tracker HOST:PORT", "forget one; repeatable, and without a command all that is done"],
  dir: ["--dir FOLDER", "where downloads go, or where the data of a .torrent lies"],
  watch: [
    "--watch FOLDER",
    "download what is put there: .torrent files, and .magnet files that hold a link; remembered until --watch none",
  ],
  port: ["--port 6881", "TCP port for peers, or the next free one; 0: any"],
  host: ["--host ADDRESS", "address to listen on, and to dial and announce from, as that of a VPN; all by default"],
  dht: [
    "--no-dht",
    "look for no peers in the DHT; remembered until --dht. What you share yourself is never told there",
  ],
  dhtNode: ["--dht-node HOST:PORT", "a node of the DHT to begin with, instead of the usual ones; repeatable"],
  lan: [
    "--no-lan",
    "look for no peers in your own network; remembered until --lan. Off with --host 127.0.0.1, unless --lan is given",
  ],
  portMapping: [
    "--no-port-mapping",
    "do not ask the router to forward the port that takes peers; remembered until --port-mapping",
  ],
  limitDown: [
    "--limit-down RATE",
    "at most so many bytes a second: 500k, 1.5MB, 2MiB; none: no limit. With get, share and set NAME for that transfer, otherwise for the engine, which remembers it",
  ],
  limitUp: ["--limit-up RATE", "the same for what is given"],
  acceptPushes: ["--accept-pushes WHICH", "gifts to take: wanted, catalogue (also of files never asked for) or never"],
  allocation: ["--allocation full", "a file takes all its room before its first piece; sparse by default"],
  keepFree: ["--keep-free 100MB", "leave so much of each disk to others"],
  activeDownloads: ["--active-downloads N", "download so many at once; the others wait for their turn; remembered"],
  ratio: [
    "--ratio 1.5",
    "give so many times what a file is long, then pause it. With get, share and set NAME for that transfer, otherwise for all that is added from now on, which is remembered",
  ],
  seedTime: [
    "--seed-time 2h",
    "share what is whole for so long, then pause it: 90s, 30m, 2h, 3d; for the same as --ratio",
  ],
  sequential: ["--sequential", "fetch the pieces in their order; --no-sequential: the rarest first"],
  files: ["--files 0,3-5", 'only these files, by the numbers of "sta files"; all for all of them'],
  filesFirst: ["--files-first 3", "these before the others"],
  token: ["--token SECRET", "what the tracker asks for"],
  standalone: ["--standalone", "run the engine inside this command and end it with the command"],
  json: ["--json", "one JSON object a line"],
  filter: [
    "--filter FILTER",
    'of "sta ls": only what matches, such as "mkv size>1G & !done"; words match names, and ? in the viewer shows all fields',
  ],
  ascii: ["--ascii", "the viewer without Unicode"],
  theme: ["--theme NAME", "terminal (its own colours), light, muted, high-contrast or mono"],
  lowBandwidth: ["--low-bandwidth", "the viewer for slow links, below 3 kB/s"],
  fps: ["--fps 10", "at most so many frames a second"],
};

const ENVIRONMENT = [
  ["NO_COLOR", "the viewer without colours, unless --theme is given"],
  ["STA_HOME", "moves all state: settings, torrents, the control socket"],
  ["STA_TOKEN", "as --token, which others on this machine can read"],
] as const;

/** All commands, and the options that several of them take. */
export function helpText(): string {
  return `
  sta: a swarm client for the terminal

  Usage
${commandNames().map(usageOf).join("\n")}

  Options
${rowsOf((flag) => flag === "forgetTracker" || takersOf(flag).length > 1)}
    --help, --version     "sta COMMAND --help" shows the options of one command

  Environment
${ENVIRONMENT.map(([name, says]) => row(name, says)).join("\n")}

  Exit codes
    0 done, 1 failed, 2 wrong usage, 3 another engine owns this state,
    130, 143 or 129: SIGINT, SIGTERM or SIGHUP came before it was done`;
}

/** One command, and all options that it takes. */
export function commandHelpText(name: CommandName): string {
  const rows = rowsOf((flag) => takersOf(flag).includes(name));
  return `\n  Usage\n${usageOf(name)}${rows && `\n\n  Options\n${rows}`}`;
}

function rowsOf(wanted: (flag: keyof Flags) => boolean): string {
  return Object.entries(OPTIONS)
    .filter(([flag]) => wanted(flag as keyof Flags))
    .map(([, [usage, says]]) => row(usage, says))
    .join("\n");
}

/** Commands that take it. */
function takersOf(flag: keyof Flags): CommandName[] {
  return commandNames().filter((name) => (COMMANDS[name].flags as readonly (keyof Flags)[]).includes(flag));
}

function commandNames(): CommandName[] {
  return Object.keys(COMMANDS) as CommandName[];
}

function usageOf(name: CommandName): string {
  const { usage, summary } = COMMANDS[name];
  const line = `sta ${name === "open" ? "" : name} ${usage}`.replaceAll(/\s+/g, " ").trim();
  return `    ${line}\n        ${summary}`;
}

/** Columns before what an option does, and of that. */
const INDENT = 26;
const WIDTH = 80 - INDENT;

function row(usage: string, says: string): string {
  const head = `    ${usage}`.padEnd(INDENT);
  const lines = wrapped(says).map((line, i) => (i === 0 && head.length === INDENT ? head : " ".repeat(INDENT)) + line);
  return [...(head.length > INDENT ? [head] : []), ...lines].join("\n");
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
