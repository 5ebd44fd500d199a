// What a typed line asks for: the `:` line, and the lines of `a` and `s`.
import type { Command } from "../control/contract.ts";
import { cut } from "./format/columns.ts";
import { parseBytes, parseSeconds } from "../control/quantities.ts";

/** Where typed paths begin: the engine runs on the viewer's machine. Absolute paths. */
export interface Places {
  readonly home: string;
  readonly folder: string;
}

export type TypedLine =
  | { readonly type: "command"; readonly command: Command }
  /** For each of the transfers that are chosen. */
  | { readonly type: "transfers"; readonly commandFor: (infoHash: string) => Command }
  | { readonly type: "leave" }
  | { readonly type: "help" }
  /** Nothing is done; `text` says what was expected. */
  | { readonly type: "wrong"; readonly text: string };

/** What the `:` line takes, as help and completion show it. */
export const COMMAND_LINES = [
  { word: "download ", usage: "DOWNLOAD: NAME", help: "download; or a hash, magnet, path" },
  { word: "upload ", usage: "UPLOAD: NAME", help: "give each peer one random piece" },
  { word: "share ", usage: "share PATH", help: "share a file or a folder" },
  { word: "tracker ", usage: "tracker HOST:PORT", help: "connect to a tracker, remember it" },
  { word: "untrack ", usage: "untrack HOST:PORT", help: "let a tracker go, forget it" },
  { word: "limit-down ", usage: "limit-down RATE", help: "all we get: 500k, 2MB; 0: no limit" },
  { word: "limit-up ", usage: "limit-up RATE", help: "all we give: 500k, 2MB; 0: no limit" },
  { word: "active-downloads ", usage: "active-downloads 3", help: "so many downloads at once; 0: all" },
  { word: "set limit-down ", usage: "set limit-down 1M", help: "the selected transfer gets" },
  { word: "set limit-up ", usage: "set limit-up 1M", help: "the selected transfer gives" },
  { word: "ratio ", usage: "ratio 2", help: "it gives until then; none: for ever" },
  { word: "seed-time ", usage: "seed-time 2h", help: "it gives for so long; none: for ever" },
  { word: "sequential ", usage: "sequential on, off", help: "its pieces in their order (S)" },
  { word: "move ", usage: "move top, bottom", help: "its place in the queue; up, down" },
  { word: "doctor", usage: "doctor", help: "how the engine does" },
  { word: "help", usage: "help", help: "this help" },
  { word: "quit", usage: "exit, quit", help: "leave" },
] as const;

const HELP = ":help shows all";

/** Reads the `:` line. `DOWNLOAD: name` is the old way to write `download name`; both are read in any case. */
export function parseCommandLine(line: string, places: Places): TypedLine {
  const match = /^([a-z-]+)\s*:?\s*(.*)$/is.exec(line.trim());
  const word = match?.[1]?.toLowerCase() ?? "";
  const rest = match?.[2]?.trim() ?? "";
  switch (word) {
    case "exit":
    case "quit":
    case "q":
      return rest === "" ? { type: "leave" } : wrong(`"${word}" stands alone.`);
    case "doctor":
      return rest === "" ? command({ method: "doctor" }) : wrong(`"${word}" stands alone.`);
    case "help":
      return rest === "" ? { type: "help" } : wrong(`"${word}" stands alone.`);
    case "download":
      return rest === "" ? wrong("DOWNLOAD: wants the name of a file.") : parseDownload(rest, places);
    case "upload":
    case "push":
      return rest === ""
        ? wrong("UPLOAD: wants the name of a file.")
        : command({ method: "push", target: rest, count: 1 });
    case "share":
      return rest === "" ? wrong("share wants the path of a file or folder.") : parseShare(rest, places);
    case "tracker":
    case "untrack":
      return /^[^\s:]+:\d{1,5}$|^\[[^\]\s]+\]:\d{1,5}$/.test(rest)
        ? command({ method: word === "tracker" ? "add-tracker" : "remove-tracker", address: rest })
        : wrong(`${word} wants HOST:PORT.`);
    case "limit-down":
    case "limit-up":
    case "active-downloads":
      return parseLimits(word, rest);
    case "set":
    case "ratio":
    case "seed-time":
    case "sequential":
    case "move":
      return parseTransferLine(word, rest);
    default:
      return wrong(word === "" ? `a word comes first, ${HELP}.` : `"${cut(word, 20)}" is no command, ${HELP}.`);
  }
}

/** Reads what `DOWNLOAD:` names. */
export function parseDownload(line: string, places: Places): TypedLine {
  return command({ method: "download", target: targetOf(line.trim(), places) });
}

/** Reads the line of `a`, to be looked at before it is added. */
export function parseAdd(line: string, places: Places): TypedLine {
  return command({ method: "inspect", target: targetOf(line.trim(), places) });
}

/** A name, an info hash, a magnet link, an http(s) address or the path of a .torrent. */
function targetOf(typed: string, places: Places): string {
  if (/^[0-9a-f]{40}$/i.test(typed)) return typed.toLowerCase();
  return isPath(typed) ? absolutePath(typed, places) : typed;
}

/** Reads the line of `s`: a path. */
export function parseShare(line: string, places: Places): TypedLine {
  const typed = line.trim();
  return typed === ""
    ? wrong("type the path of a file or folder.")
    : command({ method: "share", path: absolutePath(typed, places) });
}

/** `typed` from the root: `~` is the home, everything else begins where the viewer was started. A `/` at the end stays. */
export function absolutePath(typed: string, places: Places): string {
  if (typed.startsWith("/")) return typed;
  if (typed === "~") return `${places.home}/`;
  if (typed.startsWith("~/")) return `${places.home}/${typed.slice(2)}`;
  return `${places.folder}/${typed.replace(/^(?:\.\/)+/, "")}`;
}

/** Whether this can only be a torrent. */
export function namesTorrent(line: string): boolean {
  return /^magnet:/i.test(line) || /^[0-9a-f]{40}$/i.test(line) || /\.torrent['"]?$/i.test(line);
}

/** Whether what was typed for `a` is meant as a path, not as a name of the catalogue. */
export function isPath(typed: string): boolean {
  if (/^(?:https?|magnet):/i.test(typed)) return false;
  return /^(?:\/|~\/|\.{1,2}\/)/.test(typed) || /\.torrent$/i.test(typed);
}

/** Limits of all transfers together. */
function parseLimits(word: "limit-down" | "limit-up" | "active-downloads", rest: string): TypedLine {
  if (word === "active-downloads") {
    return /^\d{1,4}$/.test(rest)
      ? command({ method: "set-limits", activeDownloads: Number(rest) })
      : wrong(`${word} wants a number, 0 for no limit.`);
  }
  const bytesPerSecond = parseBytes(rest);
  if (bytesPerSecond === null) return wrong(`${word} ${WANTS_RATE}`);
  return command({ method: "set-limits", [RATES[word]]: bytesPerSecond });
}

/** What goes on differently with the transfers that are chosen, or the one that is selected. */
function parseTransferLine(word: string, rest: string): TypedLine {
  const none = rest.toLowerCase() === "none";
  switch (word) {
    case "set": {
      const [setting = "", value = ""] = rest.split(/\s+/);
      return /^(?:limit-down|limit-up|ratio|seed-time|sequential)$/i.test(setting)
        ? parseTransferLine(setting.toLowerCase(), value)
        : wrong("set wants limit-up, limit-down, ratio or seed-time.");
    }
    case "limit-down":
    case "limit-up": {
      const bytesPerSecond = none ? 0 : parseBytes(rest);
      if (bytesPerSecond === null) return wrong(`set ${word} ${WANTS_RATE}`);
      return forTransfers((infoHash) => ({ method: "set-transfer", infoHash, [RATES[word]]: bytesPerSecond }));
    }
    case "ratio": {
      if (!none && !/^\d{1,6}(?:\.\d+)?$/.test(rest)) return wrong("ratio wants a number such as 1.5, or none.");
      const ratioLimit = none ? null : Number(rest);
      return forTransfers((infoHash) => ({ method: "set-transfer", infoHash, ratioLimit }));
    }
    case "seed-time": {
      const seedSecondsLimit = none ? null : parseSeconds(rest);
      if (!none && seedSecondsLimit === null) return wrong("seed-time wants a time such as 90m or 2h, or none.");
      return forTransfers((infoHash) => ({ method: "set-transfer", infoHash, seedSecondsLimit }));
    }
    case "sequential": {
      if (!/^(?:on|off)$/i.test(rest)) return wrong("sequential wants on or off.");
      const sequential = rest.toLowerCase() === "on";
      return forTransfers((infoHash) => ({ method: "set-transfer", infoHash, sequential }));
    }
    case "move": {
      const to = (["top", "up", "down", "bottom"] as const).find((place) => place === rest.toLowerCase());
      if (to === undefined) return wrong("move wants top, up, down or bottom.");
      return forTransfers((infoHash) => ({ method: "move", infoHash, to }));
    }
    default:
      throw new RangeError(`${word} is no line for transfers`);
  }
}

const RATES = { "limit-down": "downBytesPerSecond", "limit-up": "upBytesPerSecond" } as const;
const WANTS_RATE = "wants a rate such as 500k, 2MB or 0 for no limit.";

function forTransfers(commandFor: (infoHash: string) => Command): TypedLine {
  return { type: "transfers", commandFor };
}

function command(value: Command): TypedLine {
  return { type: "command", command: value };
}

function wrong(text: string): TypedLine {
  return { type: "wrong", text: `Wrong format: ${text}` };
}
