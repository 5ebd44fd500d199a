// What a typed line asks for: the `:` line, and the lines of `a` and `s`.
import type { Command } from "../control/contract.ts";
import { cut } from "./format/columns.ts";

/** Where typed paths begin: the engine runs on the viewer's machine. Absolute paths. */
export interface Places {
  readonly home: string;
  readonly folder: string;
}

export type TypedLine =
  | { readonly type: "command"; readonly command: Command }
  | { readonly type: "leave" }
  | { readonly type: "help" }
  /** Nothing is done; `text` says what was expected. */
  | { readonly type: "wrong"; readonly text: string };

/** What the `:` line takes, as help and completion show it. */
export const COMMAND_LINES = [
  { word: "download ", usage: "DOWNLOAD: NAME", help: "download; also a hash, magnet or path" },
  { word: "upload ", usage: "UPLOAD: NAME", help: "give each peer one random piece" },
  { word: "share ", usage: "share PATH", help: "share a file or a folder" },
  { word: "tracker ", usage: "tracker HOST:PORT", help: "connect to a tracker, remember it" },
  { word: "untrack ", usage: "untrack HOST:PORT", help: "let a tracker go, forget it" },
  { word: "limit-down ", usage: "limit-down RATE", help: "500k, 2MB; 0 for no limit" },
  { word: "limit-up ", usage: "limit-up RATE", help: "the same for what we give" },
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
    case "help":
      return rest === "" ? { type: "help" } : wrong(`"${word}" stands alone.`);
    case "download":
      return rest === "" ? wrong("DOWNLOAD: wants the name of a file.") : parseAdd(rest, places);
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
      return parseLimit(word, rest);
    default:
      return wrong(word === "" ? `a word comes first, ${HELP}.` : `"${cut(word, 20)}" is no command, ${HELP}.`);
  }
}

/** Reads the line of `a`: a name, an info hash, a magnet link or the path of a .torrent. */
export function parseAdd(line: string, places: Places): TypedLine {
  const typed = line.trim();
  if (typed === "") return wrong("type a name, an info hash, a magnet link or a path.");
  if (/^magnet:/i.test(typed)) return command({ method: "download", target: typed });
  if (/^[0-9a-f]{40}$/i.test(typed)) return command({ method: "download", target: typed.toLowerCase() });
  return command({ method: "download", target: isPath(typed) ? absolutePath(typed, places) : typed });
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

/** Whether what was typed for `a` is meant as a path, not as a name of the catalogue. */
export function isPath(typed: string): boolean {
  return /^(?:\/|~\/|\.{1,2}\/)/.test(typed) || /\.torrent$/i.test(typed);
}

function parseLimit(word: "limit-down" | "limit-up", rest: string): TypedLine {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(i?)b?(?:\/s)?$/i.exec(rest);
  if (match === null) return wrong(`${word} wants a rate such as 500k, 2MB or 0 for no limit.`);
  const power = ["", "k", "m", "g"].indexOf(match[2]!.toLowerCase());
  const bytesPerSecond = Math.round(Number(match[1]) * (match[3] === "" ? 1000 : 1024) ** power);
  return command(
    word === "limit-down"
      ? { method: "set-limits", downBytesPerSecond: bytesPerSecond }
      : { method: "set-limits", upBytesPerSecond: bytesPerSecond },
  );
}

function command(value: Command): TypedLine {
  return { type: "command", command: value };
}

function wrong(text: string): TypedLine {
  return { type: "wrong", text: `Wrong format: ${text}` };
}
