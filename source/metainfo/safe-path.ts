// safePaths: the one place where names from a torrent become names on disk.
// No component it makes is empty, `.` or `..`, holds a separator or a control character, or is longer than a file system takes.
import { utf8 } from "../protocol/bencode.ts";
import { MetainfoError } from "./errors.ts";
import { MAX_COMPONENT_BYTES, MAX_PATH_BYTES, MAX_PATH_DEPTH, MAX_TWINS } from "./limits.ts";
import type { Metainfo } from "./metainfo.ts";

/**
 * The components of each file's path below the download folder, in the order of the files; the torrent's own folder is the first
 * component of a torrent with many files.
 *
 * `portable` is for files that we make: no names that Windows reserves or cannot end, and no two files that are one in a file system
 * which ignores case or Unicode normal form; the later of such twins is renamed (`name (2).txt`).
 * `exact` keeps all that this system can name, for files that are there already under the torrent's own names.
 *
 * Throws MetainfoError (`limit`) for a path too deep or too long, and for too many twins.
 */
export function safePaths(
  metainfo: Pick<Metainfo, "name" | "files" | "singleFile">,
  style: "portable" | "exact" = "portable",
): string[][] {
  const root: Folder = new Map();
  const twins = { left: MAX_TWINS };
  const paddings = new Set<string>();
  return metainfo.files.map((file, index) => {
    const named = file.padding ? paddingPath(file.path, index, paddings) : file.path;
    const wanted = metainfo.singleFile ? [metainfo.name] : [metainfo.name, ...named];
    if (wanted.length > MAX_PATH_DEPTH + 1) {
      throw new MetainfoError("limit", `A path in the torrent is deeper than ${MAX_PATH_DEPTH} folders.`);
    }
    const path = place(
      root,
      wanted.map((part) => safeComponent(part, style)),
      style,
      twins,
    );
    if (utf8(path.join("/")).length > MAX_PATH_BYTES) {
      throw new MetainfoError("limit", `A path in the torrent is longer than ${MAX_PATH_BYTES} bytes.`);
    }
    return path;
  });
}

// Names that are devices on Windows, whatever their extension.
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i;

/** One component from a stranger's text: what could lead elsewhere or cannot be a name becomes `_`, one for one. */
export function safeComponent(text: string, style: "portable" | "exact" = "portable"): string {
  let safe = text.toWellFormed().replace(style === "exact" ? /[/\0]/g : /[/\\\p{Cc}]/gu, "_");
  if (style === "portable" && RESERVED.test(safe)) safe = `_${safe}`;
  safe = clipped(safe, extensionOf(safe));
  if (style === "portable") safe = safe.replace(/[. ]+$/, (end) => "_".repeat(end.length));
  return /^\.{0,2}$/.test(safe) ? "_".repeat(Math.max(1, safe.length)) : safe;
}

/** What one folder holds, by folded name: a file, or a folder and what it is called. */
type Folder = Map<string, "file" | { readonly name: string; readonly children: Folder }>;

/** Finds every component a name that is free, or that is the same folder, and remembers it. */
function place(
  root: Folder,
  wanted: readonly string[],
  style: "portable" | "exact",
  twins: { left: number },
): string[] {
  let folder = root;
  return wanted.map((component, depth) => {
    const isFile = depth === wanted.length - 1;
    for (let attempt = 1; ; attempt++) {
      if (attempt > MAX_TWINS + 1) throw tooManyTwins();
      const name = attempt === 1 ? component : numbered(component, attempt);
      const key = style === "exact" ? name : folded(name);
      const there = folder.get(key);
      if (there === undefined) {
        if (attempt > 1 && --twins.left < 0) throw tooManyTwins();
        const children: Folder = new Map();
        folder.set(key, isFile ? "file" : { name, children });
        folder = children;
        return name;
      }
      if (!isFile && there !== "file") {
        folder = there.children;
        return there.name;
      }
    }
  });
}

/** Torrents call their padding by its length: what is called like one before it takes its number among the files, and is no twin. */
function paddingPath(path: readonly string[], file: number, before: Set<string>): readonly string[] {
  const name = path.join("/");
  if (before.has(name)) return [...path.slice(0, -1), `${path.at(-1)} ${file}`];
  before.add(name);
  return path;
}

function tooManyTwins(): MetainfoError {
  return new MetainfoError("limit", `More than ${MAX_TWINS} files of the torrent have the same name as another.`);
}

/** Equal for names that some file system takes for one: case and normal form ignored. */
function folded(name: string): string {
  return name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}

/** `name (2).txt` */
function numbered(name: string, number: number): string {
  const extension = extensionOf(name);
  return clipped(name, ` (${number})${extension}`, extension);
}

function extensionOf(name: string): string {
  return /(?<=.)\.[^. ]{1,15}$/u.exec(name)?.[0] ?? "";
}

/** `name` with `end` in the place of its own `extension`, its stem cut between characters so that all of it fits a component. */
function clipped(name: string, end: string, extension = end): string {
  const whole = name.slice(0, name.length - extension.length) + end;
  if (whole.length * 3 <= MAX_COMPONENT_BYTES || utf8(whole).length <= MAX_COMPONENT_BYTES) return whole;
  let left = MAX_COMPONENT_BYTES - utf8(end).length;
  let stem = "";
  for (const character of name.slice(0, name.length - extension.length)) {
    left -= utf8(character).length;
    if (left < 0) break;
    stem += character;
  }
  return stem + end;
}
