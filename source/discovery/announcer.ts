// SHELL: announces one torrent to its trackers, tier by tier (BEP 12), for as long as it is shared.
import { performance } from "node:perf_hooks";
import { TrackerError } from "../protocol/errors.ts";
import type { InfoHash, PeerId } from "../protocol/ids.ts";
import { type Endpoint, normalizeHost } from "../protocol/tracker/endpoint.ts";
import type { AnnounceEvent } from "../protocol/tracker/http-announce.ts";
import { announceOver, canAnnounce } from "./announce-over.ts";
import type { AnnouncePace } from "./announce-pace.ts";
import { type GetLimits, TRACKER_GET } from "./http-get.ts";
import type { Resolve } from "./resolve.ts";

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
  /** Monotonic milliseconds. */
  readonly nextAt: number | null;
  readonly seeds: number | null;
  readonly leechers: number | null;
}

/** What came of one announce URL. */
export interface AnnounceReport {
  /** scheme://host:port */
  readonly tracker: string;
  /** From 0, as the metainfo has it. */
  readonly tier: number;
  /** `unused`: another one answers, or none of ours can speak to it. */
  readonly state: "unused" | "announcing" | "working" | "failing";
  /** Why it fails, or what it warns of. */
  readonly problem: string | null;
  /** Wall time, milliseconds since 1970: a person reads it. */
  readonly nextAt: number | null;
  readonly seeds: number | null;
  readonly leechers: number | null;
}

export interface AnnouncerTiming {
  /** What a tracker's interval is clamped to. */
  readonly minIntervalMs: number;
  readonly maxIntervalMs: number;
  /** After the first failure; doubles with each, +-20 %. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly stoppedMs: number;
  /** When a datagram without an answer is sent again. */
  readonly udpResendMs?: readonly number[];
}

export const ANNOUNCER_TIMING: AnnouncerTiming = {
  minIntervalMs: 60_000,
  maxIntervalMs: 6 * 3_600_000,
  firstRetryMs: 15_000,
  maxRetryMs: 3_600_000,
  stoppedMs: 5_000,
};

export interface AnnouncerOptions {
  /** Announce URLs by tier; those that nobody here can speak to are left alone. */
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
  /** Who does not ask for pieces waits its turn there, as does who leaves. */
  readonly pace?: AnnouncePace;
  /** Does it ask for pieces? Yes unless said. */
  readonly isFetching?: () => boolean;
  readonly timing?: Partial<AnnouncerTiming>;
  readonly limits?: Partial<GetLimits>;
  /** Where announces leave from; undefined: from any address. */
  readonly localAddress?: string | undefined;
  /** Stands in for the system's resolver in tests. */
  readonly resolve?: Resolve;
}

/** Peers taken of one answer: four times what is connected to for one torrent. */
const MAX_PEERS = 200;
const NUMWANT = 50;

/** Wall time that is further off than this was set, or the machine was suspended: less is drift, and changes nothing that is shown. */
const CLOCK_SET_MS = 1_000;

export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #timing: AnnouncerTiming;
  readonly #limits: GetLimits;
  /** In the order in which they are tried: the one that answered moves to the front of its tier. */
  readonly #tiers: readonly string[][];
  /** By URL, in the order of the metainfo; `nextAt` is monotonic here. */
  readonly #reports = new Map<string, AnnounceReport>();
  /** What each tracker wants to hear again (BEP 3). */
  readonly #trackerIds = new Map<string, Uint8Array>();
  /** From monotonic to wall time. */
  #wallOffsetMs = 0;
  readonly #key: number;
  readonly #abort = new AbortController();
  #stopping: Promise<void> | undefined;
  #state: AnnouncerState = {
    state: "idle",
    tracker: null,
    problem: null,
    nextAt: null,
    seeds: null,
    leechers: null,
  };
  #timer: NodeJS.Timeout | undefined;
  /** It waits for its turn among all torrents. */
  #isWaiting = false;
  #running: Promise<void> | undefined;
  #failures = 0;
  /** When it was last begun to announce. */
  #begunAt = Number.NEGATIVE_INFINITY;
  /** Said with the next announce; kept until a tracker has heard it. */
  #event: AnnounceEvent | undefined = "started";
  /** Where `stopped` goes: the tracker that knows us. */
  #known: string | undefined;
  /** `completed` came while a round was under way: another follows at once. */
  #again = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#timing = { ...ANNOUNCER_TIMING, ...options.timing };
    this.#limits = { ...TRACKER_GET, ...options.limits };
    this.#tiers = options.tiers
      .map((tier) => shuffled(tier.filter(canAnnounce), options.random))
      .filter((tier) => tier.length > 0);
    this.#key = Math.floor(options.random() * 2 ** 32);
    for (const [tier, urls] of options.tiers.entries()) {
      for (const url of urls) this.#reports.set(url, unused(placeOf(url), tier));
    }
  }

  get state(): AnnouncerState {
    return this.#state;
  }

  /** Was `stop` called? It does not begin again. */
  get isStopped(): boolean {
    return this.#stopping !== undefined;
  }

  /** One for each announce URL, in the order of the metainfo. */
  get reports(): readonly AnnounceReport[] {
    const offsetMs = Date.now() - performance.now();
    if (Math.abs(offsetMs - this.#wallOffsetMs) > CLOCK_SET_MS) this.#wallOffsetMs = offsetMs;
    return Array.from(this.#reports.values(), (report) => ({
      ...report,
      nextAt: report.nextAt === null ? null : Math.round(report.nextAt + this.#wallOffsetMs),
    }));
  }

  /** Announces `started` now, and from then on by itself. Does nothing without a tracker that it can speak to. */
  start(): void {
    if (this.#state.state === "idle" && this.#timer === undefined) this.#schedule(0);
  }

  /** It asks for pieces now: its turn has come. */
  hurry(): void {
    if (!this.#isWaiting) return;
    clearTimeout(this.#timer);
    this.#begin();
  }

  /** A person waits: announces now, or as soon as the tracker that answered may be asked again. */
  again(): void {
    if (this.#state.state === "idle" || this.#running || this.isStopped) return;
    const now = performance.now();
    const mayAt = this.#failures > 0 ? now : this.#begunAt + this.#timing.minIntervalMs;
    this.#schedule(Math.max(0, Math.min(mayAt, this.#state.nextAt ?? mayAt) - now));
  }

  /** The last piece is held: said at once. */
  completed(): void {
    if (this.#state.state === "idle") return;
    // A tracker that was not yet sent `started` hears that alone, with nothing left.
    if (this.#running || this.#event === undefined) this.#event = "completed";
    if (this.#running) this.#again = true;
    else if (this.#failures === 0) this.#schedule(0);
  }

  /** Ends announcing, for good; tells the tracker `stopped`, and `completed` before it if that is still to be said, for 5 seconds at most. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isWaiting = false;
    const deadline = AbortSignal.timeout(this.#timing.stoppedMs);
    const isHeard = this.#known !== undefined && this.#event === "completed";
    // Who counts downloads is being told of one: a second time would be one more.
    if (isHeard) deadline.addEventListener("abort", () => this.#abort.abort(), { once: true });
    else this.#abort.abort();
    await this.#running;
    this.#abort.abort();
    clearTimeout(this.#timer);
    const { pace } = this.#options;
    const known = this.#known;
    if (known !== undefined) {
      const leave = async () => {
        if (this.#event === "completed") await this.#announce(known, "completed", deadline).catch(expected);
        await this.#announce(known, "stopped", deadline).catch(expected);
      };
      await (pace ? pace.leaving.run(leave) : leave());
    }
    for (const [url, { tracker, tier }] of this.#reports) this.#reports.set(url, unused(tracker, tier));
    this.#setState({ state: "idle", nextAt: null });
  }

  #schedule(delayMs: number): void {
    if (this.#abort.signal.aborted || this.#tiers.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const { pace, isFetching = () => true } = this.#options;
      const waitMs = pace && !isFetching() ? pace.waitMs(performance.now()) : 0;
      if (waitMs === 0) return this.#begin();
      this.#isWaiting = true;
      this.#timer = setTimeout(() => this.#begin(), waitMs);
      this.#nextIn(waitMs);
    }, delayMs);
    this.#nextIn(delayMs);
  }

  /** Says when the next announce is due, also of each tracker that was to be asked then. */
  #nextIn(ms: number): void {
    const nextAt = performance.now() + ms;
    this.#setState({ nextAt });
    for (const [url, report] of this.#reports) if (report.nextAt !== null) this.#report(url, { nextAt });
  }

  #begin(): void {
    this.#isWaiting = false;
    this.#begunAt = performance.now();
    this.#running = this.#round().finally(() => {
      this.#running = undefined;
      if (this.#again && this.#failures === 0) this.#schedule(0);
      this.#again = false;
    });
  }

  /** Tries each tracker in order until one answers. */
  async #round(): Promise<void> {
    let problem: TrackerError | undefined;
    for (const tier of this.#tiers) {
      for (const url of tier) {
        this.#setState({ state: "announcing", tracker: placeOf(url), nextAt: null });
        this.#report(url, { state: "announcing", nextAt: null });
        const failure = await this.#tell(url, tier);
        if (this.#abort.signal.aborted) return;
        if (!failure) return;
        this.#report(url, { state: "failing", problem: failure.message });
        problem = failure;
      }
    }
    const { firstRetryMs, maxRetryMs } = this.#timing;
    const wait = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures++);
    this.#setState({ state: "failing", problem: problem?.message ?? null });
    this.#schedule(wait * (0.8 + 0.4 * this.#options.random()));
    const { nextAt } = this.#state;
    for (const url of this.#tiers.flat()) this.#report(url, { nextAt });
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
      const { minIntervalMs, maxIntervalMs } = this.#timing;
      const clamp = (seconds: number) => Math.min(maxIntervalMs, Math.max(minIntervalMs, seconds * 1000));
      const said = {
        state: "working",
        problem: answer.warning ?? null,
        seeds: answer.complete ?? null,
        leechers: answer.incomplete ?? null,
      } as const;
      this.#setState(said);
      this.#schedule(clamp(answer.interval));
      this.#report(url, { ...said, nextAt: this.#state.nextAt });
      // The others are not asked while this one answers.
      for (const [other, report] of this.#reports) {
        if (other !== url && report.state !== "failing") this.#report(other, { state: "unused", nextAt: null });
      }
      if (this.isStopped) return undefined;
      const peers = answer.peers.slice(0, MAX_PEERS);
      // Under another name an address would be neither known nor banned.
      this.#options.onPeers(peers.map(({ host, port }) => ({ host: normalizeHost(host), port })));
      return undefined;
    } catch (error) {
      if (error instanceof TrackerError) return error;
      throw error;
    }
  }

  async #announce(url: string, event: AnnounceEvent | undefined, signal: AbortSignal) {
    const { infoHash, peerId, listenPort, stats, resolve, localAddress } = this.#options;
    const trackerId = this.#trackerIds.get(url);
    const request = {
      infoHash,
      peerId,
      port: listenPort(),
      ...stats(),
      numwant: event === "stopped" ? 0 : NUMWANT,
      ...(event === undefined ? {} : { event }),
      ...(trackerId && { trackerId }),
    };
    const { udpResendMs } = this.#timing;
    const answer = await announceOver(url, request, {
      limits: this.#limits,
      signal,
      key: this.#key,
      resolve,
      localAddress,
      udpResendMs,
    });
    if (answer.trackerId) this.#trackerIds.set(url, answer.trackerId);
    return answer;
  }

  #report(url: string, change: Partial<AnnounceReport>): void {
    this.#reports.set(url, { ...this.#reports.get(url)!, ...change });
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

function unused(tracker: string, tier: number): AnnounceReport {
  return { tracker, tier, state: "unused", problem: null, nextAt: null, seeds: null, leechers: null };
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
