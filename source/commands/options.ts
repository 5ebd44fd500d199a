// Options: the flags of all commands, checked.
import { resolve } from "node:path";
import { type Filter, parseFilter } from "../control/filter.ts";
import { PUSH_POLICIES, type PushPolicy } from "../engine/push-policy.ts";
import { parseAddress } from "../engine/parse-address.ts";
import { type TrackerAddress, parseTrackerAddress } from "../engine/tracker-address.ts";
import { MAX_PIECE_LENGTH } from "../metainfo/limits.ts";
import { columnsAtMost, displayText } from "../protocol/display-text.ts";
import type { Allocation } from "../storage/allocate.ts";
import type { Address } from "../swarm/events.ts";
import { stateHome } from "../storage/state-folder.ts";
import { THEME_NAMES, type ThemeName } from "../ui/theme.ts";
import { parseDuration } from "./durations.ts";
import { parseFileNumbers } from "./file-numbers.ts";
import { parseSize } from "./sizes.ts";
import { UsageError } from "./usage-error.ts";

/** Flags as they come from the command line. */
export interface Flags {
  readonly tracker?: readonly string[] | undefined;
  readonly forgetTracker?: readonly string[] | undefined;
  readonly dir?: string | undefined;
  readonly watch?: string | undefined;
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  readonly token?: string | undefined;
  readonly dht?: boolean | undefined;
  readonly dhtNode?: readonly string[] | undefined;
  readonly lan?: boolean | undefined;
  readonly portMapping?: boolean | undefined;
  readonly limitDown?: string | undefined;
  readonly limitUp?: string | undefined;
  readonly activeDownloads?: number | undefined;
  readonly ratio?: string | undefined;
  readonly seedTime?: string | undefined;
  readonly acceptPushes?: string | undefined;
  readonly allocation?: string | undefined;
  readonly keepFree?: string | undefined;
  readonly sequential?: boolean | undefined;
  readonly files?: string | undefined;
  readonly filesFirst?: string | undefined;
  readonly withData?: boolean | undefined;
  readonly standalone?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly filter?: string | undefined;
  readonly seed?: boolean | undefined;
  readonly partial?: boolean | undefined;
  readonly peer?: readonly string[] | undefined;
  readonly count?: number | undefined;
  readonly keep?: boolean | undefined;
  readonly stop?: boolean | undefined;
  readonly output?: string | undefined;
  readonly pieceLength?: string | undefined;
  readonly announce?: readonly string[] | undefined;
  readonly webSeed?: readonly string[] | undefined;
  readonly private?: boolean | undefined;
  readonly ascii?: boolean | undefined;
  readonly theme?: string | undefined;
  readonly lowBandwidth?: boolean | undefined;
  readonly fps?: number | undefined;
  readonly untilStdinEnds?: boolean | undefined;
}

export interface Options {
  /** The state folder, absolute. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly trackers: readonly TrackerAddress[];
  /** Known no longer. */
  readonly forgottenTrackers: readonly TrackerAddress[];
  /** Absolute; undefined: not said. */
  readonly folder: string | undefined;
  /** Absolute; null: none is watched any more. */
  readonly watchedFolder: string | null | undefined;
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly token: string | undefined;
  /** Peers are looked for in the DHT; undefined: not said. */
  readonly dht: boolean | undefined;
  /** Nodes of the DHT to begin with; undefined: not said. */
  readonly dhtNodes: readonly Address[] | undefined;
  /** Peers are looked for in our own networks; undefined: not said. */
  readonly lan: boolean | undefined;
  /** The router is asked to forward our ports; undefined: not said. */
  readonly portMapping: boolean | undefined;
  /** Bytes a second; undefined: not said. */
  readonly limitDown: number | undefined;
  readonly limitUp: number | undefined;
  /** 0: no limit. */
  readonly activeDownloads: number | undefined;
  /** null: none. */
  readonly ratio: number | null | undefined;
  /** Seconds; null: none. */
  readonly seedTime: number | null | undefined;
  readonly acceptPushes: PushPolicy | undefined;
  readonly allocation: Allocation | undefined;
  /** Bytes; undefined: not said. */
  readonly keepFree: number | undefined;
  readonly sequential: boolean | undefined;
  /** Indexes of the files that are wanted, and of those that are wanted first. */
  readonly files: ReadonlySet<number> | "all" | undefined;
  readonly filesFirst: ReadonlySet<number> | undefined;
  readonly withData: boolean;
  readonly standalone: boolean;
  readonly json: boolean;
  /** Which rows are shown; undefined: all. */
  readonly filter: Filter | undefined;
  readonly seed: boolean;
  readonly partial: boolean;
  readonly peers: readonly string[];
  readonly count: number;
  readonly keep: boolean;
  readonly stop: boolean;
  readonly output: string | undefined;
  readonly pieceLength: number | undefined;
  readonly announce: readonly string[];
  readonly webSeeds: readonly string[];
  readonly private: boolean;
  readonly ascii: boolean;
  readonly theme: ThemeName | undefined;
  readonly lowBandwidth: boolean;
  /** Frames a second at most. */
  readonly fps: number | undefined;
  /** The engine ends when its stdin does: for children that must not outlive their parent. */
  readonly untilStdinEnds: boolean;
}

/** Checks the flags. Throws UsageError. */
export function parseOptions(flags: Flags, environment: Readonly<Record<string, string | undefined>>): Options {
  const { port, count = 1 } = flags;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new UsageError("Wrong format: --port takes a number from 0 to 65535.");
  }
  if (!(Number.isInteger(count) && count >= 1 && count <= 1_000)) {
    throw new UsageError("Wrong format: --count takes a number from 1 to 1000.");
  }
  const { activeDownloads } = flags;
  if (activeDownloads !== undefined && !(Number.isInteger(activeDownloads) && activeDownloads >= 0)) {
    throw new UsageError("Wrong format: --active-downloads takes a number, 0 for no limit.");
  }
  const { fps } = flags;
  if (fps !== undefined && !(Number.isInteger(fps) && fps >= 1 && fps <= 60)) {
    throw new UsageError("Wrong format: --fps takes a number from 1 to 60.");
  }
  if (flags.dir === "") throw new UsageError("Wrong format: --dir takes a folder.");
  if (flags.watch === "") throw new UsageError("Wrong format: --watch takes a folder, or none.");
  // Node would listen on every address.
  if (flags.host === "") throw new UsageError("Wrong format: --host takes an address to listen on.");
  if (flags.output === "") throw new UsageError("Wrong format: --output takes a file.");
  for (const peer of flags.peer ?? []) {
    if (!parseAddress(peer)) throw new UsageError(`Wrong format: "${peer}" is no HOST:PORT of a peer.`);
  }
  return {
    home: resolve(stateHome(environment)),
    environment,
    trackers: (flags.tracker ?? []).map(parseTracker),
    forgottenTrackers: (flags.forgetTracker ?? []).map(parseTracker),
    folder: flags.dir === undefined ? undefined : resolve(flags.dir),
    watchedFolder: flags.watch === undefined ? undefined : flags.watch === "none" ? null : resolve(flags.watch),
    port,
    host: flags.host,
    token: flags.token ?? environment.STA_TOKEN,
    dht: flags.dht,
    dhtNodes: flags.dhtNode?.map(parseNode),
    lan: flags.lan,
    portMapping: flags.portMapping,
    limitDown: parseRate(flags.limitDown, "--limit-down"),
    limitUp: parseRate(flags.limitUp, "--limit-up"),
    activeDownloads,
    ratio: unlessNone(flags.ratio, parseRatio),
    seedTime: unlessNone(flags.seedTime, (text) => parseDuration(text, "--seed-time")),
    acceptPushes: flags.acceptPushes === undefined ? undefined : parsePushPolicy(flags.acceptPushes),
    allocation: flags.allocation === undefined ? undefined : parseAllocation(flags.allocation),
    keepFree: flags.keepFree === undefined ? undefined : parseSize(flags.keepFree, "--keep-free"),
    sequential: flags.sequential,
    files: flags.files === undefined ? undefined : parseFiles(flags.files),
    filesFirst: flags.filesFirst === undefined ? undefined : parseFileNumbers(flags.filesFirst, "--files-first"),
    withData: flags.withData ?? false,
    standalone: flags.standalone ?? false,
    json: flags.json ?? false,
    filter: flags.filter === undefined ? undefined : readFilter(flags.filter),
    seed: flags.seed ?? false,
    partial: flags.partial ?? false,
    peers: flags.peer ?? [],
    count,
    keep: flags.keep ?? false,
    stop: flags.stop ?? false,
    output: flags.output,
    pieceLength: flags.pieceLength === undefined ? undefined : parsePieceLength(flags.pieceLength),
    announce: flags.announce ?? [],
    webSeeds: flags.webSeed ?? [],
    private: flags.private ?? false,
    ascii: flags.ascii ?? false,
    theme: flags.theme === undefined ? undefined : parseTheme(flags.theme),
    lowBandwidth: flags.lowBandwidth ?? false,
    fps: flags.fps,
    untilStdinEnds: flags.untilStdinEnds ?? false,
  };
}

function parseTracker(text: string): TrackerAddress {
  const address = parseTrackerAddress(text);
  if (!address) throw new UsageError(`Wrong format: "${text}" is no HOST:PORT of a tracker.`);
  return address;
}

function parseNode(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new UsageError(`Wrong format: "${text}" is no HOST:PORT of a node of the DHT.`);
  return address;
}

/** `none` lifts a limit. */
function unlessNone(text: string | undefined, parse: (text: string) => number): number | null | undefined {
  if (text === undefined) return undefined;
  return text === "none" ? null : parse(text);
}

/** Bytes a second; 0, which `none` means too: no limit. */
function parseRate(text: string | undefined, what: string): number | undefined {
  return unlessNone(text, (rate) => parseSize(rate, what)) ?? (text === undefined ? undefined : 0);
}

function parseRatio(text: string): number {
  if (!/^[0-9]+(?:\.[0-9]+)?$/.test(text)) {
    throw new UsageError(`Wrong format: --ratio takes a number such as 1.5, or none, not "${text}".`);
  }
  return Number(text);
}

function parseFiles(text: string): ReadonlySet<number> | "all" {
  return text === "all" ? text : parseFileNumbers(text, "--files");
}

function parseTheme(text: string): ThemeName {
  const theme = THEME_NAMES.find((name) => name === text);
  if (!theme) throw new UsageError(`Wrong format: --theme takes ${THEME_NAMES.join(", ")}, not "${text}".`);
  return theme;
}

function readFilter(text: string): Filter {
  const filter = parseFilter(text);
  if (filter.ok) return filter.matches;
  // Spaces, whatever they are, keep their places: the caret stands under the mistake.
  const before = text.slice(0, filter.at).replaceAll(/\s/g, " ");
  throw new UsageError(
    `Wrong format: --filter: ${filter.text}:\n  ${displayText(text.replaceAll(/\s/g, " "))}\n  ${" ".repeat(columnsAtMost(displayText(before)))}^\n`,
  );
}

function parseAllocation(text: string): Allocation {
  if (text === "sparse" || text === "full") return text;
  throw new UsageError(`Wrong format: --allocation takes sparse or full, not "${text}".`);
}

function parsePushPolicy(text: string): PushPolicy {
  const policy = PUSH_POLICIES.find((one) => one === text);
  if (!policy) throw new UsageError(`Wrong format: --accept-pushes takes wanted, catalogue or never, not "${text}".`);
  return policy;
}

/** What every client takes: a power of 2, not below a block. */
function parsePieceLength(text: string): number {
  const bytes = parseSize(text, "--piece-length");
  if (bytes < 16_384 || bytes > MAX_PIECE_LENGTH || !Number.isInteger(Math.log2(bytes))) {
    const is = `${bytes}` === text ? "" : `, which is ${bytes} bytes`;
    throw new UsageError(`Wrong format: --piece-length takes a power of 2 from 16KiB to 256MiB, not "${text}"${is}.`);
  }
  return bytes;
}
