// SHELL: announces one torrent to its HTTP trackers, tier by tier (BEP 3, BEP 12), for as long as it is shared.
import { performance } from "node:perf_hooks";
import { TrackerError } from "../protocol/errors.ts";
import type { InfoHash, PeerId } from "../protocol/ids.ts";
import type { Endpoint } from "../protocol/tracker/endpoint.ts";
import { type AnnounceEvent, encodeAnnounceQuery, parseAnnounceResponse } from "../protocol/tracker/http-announce.ts";
import { type GetLimits, type Resolve, TRACKER_GET, httpGet } from "./http-get.ts";

/** Bytes since the start; `left` is what is still wanted. */
export interface AnnounceStats {
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
}

export interface AnnouncerState {
  readonly state: "idle" | "announcing" | "working" | "failing";
  /** scheme://host:port of the tracker spoken to last: the rest of an announce URL may be a secret. */
  readonly tracker: string | null;
  /** Why it fails, as a sentence that may hold the tracker's own words; null when it does not. */
  readonly problem: string | null;
  /** Monotonic milliseconds, as performance.now(). */
  readonly nextAt: number | null;
  readonly seeds: number | null;
  readonly leechers: number | null;
}

export interface AnnouncerTiming {
  /** What a tracker's interval is clamped to; also the least time between announces without an event. */
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  /** After the first failure; doubles with each, +-20 %. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly stoppedMs: number;
}

export const ANNOUNCER_TIMING: AnnouncerTiming = {
  minIntervalMs: 60_000,
  maxIntervalMs: 6 * 3_600_000,
  firstRetryMs: 15_000,
  maxRetryMs: 3_600_000,
  stoppedMs: 5_000,
};

export interface HttpAnnouncerOptions {
  /** Announce URLs by tier; those that are not http or https are left to others. */
  readonly tiers: readonly (readonly string[])[];
  readonly infoHash: InfoHash;
  readonly peerId: PeerId;
  /** TCP port that takes peers, asked at every announce. */
  readonly listenPort: () => number;
  readonly stats: () => AnnounceStats;
  /** 0 <= x < 1, for the order in a tier and the jitter. */
  readonly random: () => number;
  /** Up to 200 peers, possibly ourselves among them. */
  readonly onPeers: (peers: readonly Endpoint[]) => void;
  readonly onState?: (state: AnnouncerState) => void;
  readonly timing?: Partial<AnnouncerTiming>;
  readonly limits?: Partial<GetLimits>;
  /** Stands in for the system's resolver in tests. */
  readonly resolve?: Resolve;
}

/** Peers taken of one answer: four times what is connected to for one torrent. */
const MAX_PEERS = 200;
const NUMWANT = 50;

export class HttpAnnouncer {
  readonly #options: HttpAnnouncerOptions;
  readonly #timing: AnnouncerTiming;
  readonly #limits: GetLimits;
  /** In the order in which they are tried: the one that answered moves to the front of its tier. */
  readonly #tiers: readonly string[][];
  readonly #abort = new AbortController();
  #state: AnnouncerState = {
    state: "idle",
    tracker: null,
    problem: null,
    nextAt: null,
    seeds: null,
    leechers: null,
  };
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  /** Said with the next announce; kept until a tracker has heard it. */
  #event: AnnounceEvent | undefined = "started";
  /** Where `stopped` goes: the tracker that knows us. */
  #known: string | undefined;
  #announcedAt = -Infinity;
  #minWaitMs = 0;
  /** `completed` came while a round was under way: another follows at once. */
  #again = false;

  constructor(options: HttpAnnouncerOptions) {
    this.#options = options;
    this.#timing = { ...ANNOUNCER_TIMING, ...options.timing };
    this.#limits = { ...TRACKER_GET, ...options.limits };
    this.#tiers = options.tiers
      .map((tier) => shuffled(tier.filter(isHttp), options.random))
      .filter((tier) => tier.length > 0);
  }

  get state(): AnnouncerState {
    return this.#state;
  }

  /** Announces `started` now, and from then on by itself. Does nothing without an HTTP tracker. */
  start(): void {
    if (this.#state.state === "idle") this.#schedule(0);
  }

  /** The last piece is held: said at once. */
  completed(): void {
    if (this.#state.state === "idle") return;
    // A tracker that was not yet sent `started` hears that alone, with nothing left.
    if (this.#running || this.#event === undefined) this.#event = "completed";
    if (this.#running) this.#again = true;
    else if (this.#failures === 0) this.#schedule(0);
  }

  /** More peers are wanted: announces as soon as the tracker's own minimum allows. */
  announceNow(): void {
    if (this.#state.state !== "working" || this.#running) return;
    this.#schedule(Math.max(0, this.#announcedAt + this.#minWaitMs - performance.now()));
  }

  /** Ends announcing; tells the tracker `stopped`, for 5 seconds at most. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#abort;
    if (signal.aborted) return;
    this.#abort.abort();
    await this.#running;
    if (this.#known !== undefined) {
      await this.#announce(this.#known, "stopped", AbortSignal.timeout(this.#timing.stoppedMs)).catch(expected);
    }
    this.#setState({ state: "idle", nextAt: null });
  }

  #schedule(delayMs: number): void {
    if (this.#abort.signal.aborted || this.#tiers.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#running = this.#round().finally(() => {
        this.#running = undefined;
        if (this.#again && this.#failures === 0) this.#schedule(0);
        this.#again = false;
      });
    }, delayMs);
    this.#setState({ nextAt: performance.now() + delayMs });
  }

  /** Tries each tracker in order until one answers. */
  async #round(): Promise<void> {
    let problem: TrackerError | undefined;
    for (const tier of this.#tiers) {
      for (const url of tier) {
        this.#setState({ state: "announcing", tracker: placeOf(url), nextAt: null });
        const failure = await this.#tell(url, tier);
        if (this.#abort.signal.aborted) return;
        if (!failure) return;
        problem = failure;
      }
    }
    const { firstRetryMs, maxRetryMs } = this.#timing;
    const wait = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures++);
    this.#setState({ state: "failing", problem: problem?.message ?? null });
    this.#schedule(wait * (0.8 + 0.4 * this.#options.random()));
  }

  /** One announce; what went wrong, if anything did. */
  async #tell(url: string, tier: string[]): Promise<TrackerError | undefined> {
    const event = this.#event;
    try {
      const answer = await this.#announce(url, event, this.#abort.signal);
      if (this.#abort.signal.aborted) return undefined;
      if (this.#event === event) this.#event = undefined;
      this.#failures = 0;
      this.#known = url;
      tier.unshift(...tier.splice(tier.indexOf(url), 1));
      this.#announcedAt = performance.now();
      const { minIntervalMs, maxIntervalMs } = this.#timing;
      const clamp = (seconds: number) => Math.min(maxIntervalMs, Math.max(minIntervalMs, seconds * 1000));
      this.#minWaitMs = clamp(answer.minInterval ?? 0);
      this.#setState({
        state: "working",
        problem: answer.warning ?? null,
        seeds: answer.complete ?? null,
        leechers: answer.incomplete ?? null,
      });
      this.#schedule(clamp(answer.interval));
      this.#options.onPeers(answer.peers.slice(0, MAX_PEERS).map(({ host, port }) => ({ host, port })));
      return undefined;
    } catch (error) {
      if (error instanceof TrackerError) return error;
      throw error;
    }
  }

  async #announce(url: string, event: AnnounceEvent | undefined, signal: AbortSignal) {
    const { infoHash, peerId, listenPort, stats, resolve } = this.#options;
    const query = encodeAnnounceQuery({
      infoHash,
      peerId,
      port: listenPort(),
      ...stats(),
      compact: true,
      numwant: event === "stopped" ? 0 : NUMWANT,
      ...(event === undefined ? {} : { event }),
    });
    const separator = url.includes("?") ? "&" : "?";
    const body = await httpGet(`${url}${separator}${query}`, {
      limits: this.#limits,
      signal,
      ...(resolve ? { resolve } : {}),
    });
    return parseAnnounceResponse(body);
  }

  #setState(change: Partial<AnnouncerState>): void {
    this.#state = { ...this.#state, ...change };
    this.#options.onState?.(this.#state);
  }
}

/** A tracker that cannot be told `stopped` will find out by itself. */
function expected(error: unknown): void {
  if (!(error instanceof TrackerError)) throw error;
}

function isHttp(url: string): boolean {
  const { protocol } = URL.parse(url) ?? {};
  return protocol === "http:" || protocol === "https:";
}

/** scheme://host:port of an announce URL; what is none says so. */
export function placeOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.protocol}//${parsed.host}` : "not a URL";
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
