// WebSeeds: the web servers that a torrent names (BEP 19): which of them are asked now, and when one that failed is asked again.
import { type AnnounceReport, placeOf } from "../discovery/announcer.ts";
import {
  MAX_WEB_SEED_LESSONS,
  MAX_WEB_SEED_RETRY_MS,
  WEB_SEED_AGAIN_MS,
  WEB_SEED_RETRY_MS,
  WEB_SEEDS_AT_ONCE,
} from "./limits.ts";
import type { Transfer } from "./transfer.ts";
import { WebSeed } from "./web-seed.ts";

interface Server {
  readonly url: string;
  readonly absentFiles: Set<number>;
  /** Times in a row that it gave nothing. */
  failures: number;
  state: "idle" | "asked" | "waiting";
  /** While it waits. */
  timer: NodeJS.Timeout | undefined;
  /** The one that asks it. */
  seed: WebSeed | undefined;
  /** Why it gave nothing the last time, and when it is asked again (wall time). */
  failure: Pick<AnnounceReport, "problem" | "nextAt"> | null;
}

export interface WebSeedsOptions {
  readonly transfer: Pick<Transfer, "metainfo" | "layout" | "isFetching" | "attachWebSeed" | "note">;
  /** Where requests leave from; undefined: from any address. */
  readonly localAddress: string | undefined;
  /** May one more be connected, among the peers of all transfers? */
  readonly hasRoom: () => boolean;
}

export class WebSeeds {
  readonly #options: WebSeedsOptions;
  readonly #servers: readonly Server[];
  #stopped = false;

  constructor(options: WebSeedsOptions) {
    this.#options = options;
    const unasked = { failures: 0, state: "idle", timer: undefined, seed: undefined, failure: null } as const;
    const urls = new Set(options.transfer.metainfo.webSeeds);
    this.#servers = Array.from(urls, (url) => ({ ...unasked, url, absentFiles: new Set() }));
  }

  /** Asks those that do not wait, a few at once of those that have all files, while anything is fetched. */
  wake(): void {
    const { transfer, hasRoom } = this.#options;
    for (const server of this.#servers) {
      if (this.#stopped || !transfer.isFetching) return;
      const asked = this.#servers.filter(({ state, absentFiles }) => state === "asked" && absentFiles.size === 0);
      if (server.state !== "idle" || asked.length >= WEB_SEEDS_AT_ONCE) continue;
      if (hasRoom()) this.#ask(server);
      else this.#wait(server, WEB_SEED_RETRY_MS);
    }
  }

  /** A person waits: those that wait are asked now, and all of them for files that they did not have. */
  again(): void {
    for (const server of this.#servers) {
      clearTimeout(server.timer);
      if (server.state === "waiting") server.state = "idle";
      server.failures = 0;
      if (server.absentFiles.size === 0) continue;
      server.absentFiles.clear();
      if (server.state === "asked") server.seed!.greet();
    }
    this.wake();
  }

  /** The machine slept: a connection that was lost meanwhile would only be silent. */
  woke(): void {
    const asked = this.#servers.filter(({ state }) => state === "asked");
    for (const { seed } of asked) seed!.close("the machine slept");
  }

  /** As announces to trackers are told of; no token of a URL is. */
  get reports(): AnnounceReport[] {
    return this.#servers.map(({ url, state, seed, failure }) => {
      const report = {
        tracker: `web ${new URL(url).host}`,
        tier: 0,
        problem: null,
        nextAt: null,
        seeds: null,
        leechers: null,
      };
      if (state === "asked") return { ...report, state: seed!.gaveBytes > 0 ? "working" : "announcing" };
      return failure === null ? { ...report, state: "unused" } : { ...report, state: "failing", ...failure };
    });
  }

  /** Asks none again. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#servers) clearTimeout(timer);
  }

  #ask(server: Server): void {
    server.state = "asked";
    const { transfer, localAddress } = this.#options;
    const { metainfo, layout } = transfer;
    const { url, absentFiles } = server;
    const knewAbsent = absentFiles.size;
    const seed = new WebSeed({
      url,
      metainfo,
      layout,
      absentFiles,
      localAddress,
      ended: (reason, gaveBytes) => this.#ended(server, reason, gaveBytes > 0, absentFiles.size > knewAbsent),
    });
    server.seed = seed;
    transfer.attachWebSeed(seed);
  }

  /** It gives nothing more for now. `gave`: something, before; `learnt`: it is known now of one more file that it does not have it. */
  #ended(server: Server, why: string, gave: boolean, learnt: boolean): void {
    const { transfer } = this.#options;
    const { host } = new URL(server.url);
    const reason = why.includes(host) ? why : `${host}: ${why}`;
    server.state = "idle";
    // It did not fail: nothing is wanted of it.
    if (this.#stopped || !transfer.isFetching) return;
    const { files } = transfer.metainfo;
    const hasNothing = files.every(({ length, padding }, i) => length === 0 || padding || server.absentFiles.has(i));
    if (hasNothing) server.absentFiles.clear();
    server.failures = gave && !hasNothing ? 0 : server.failures + 1;
    // Who lacks a few files may have the others; who lacks one after the other has moved.
    const hasPromise = server.failures === 0 || (learnt && !hasNothing && server.failures <= MAX_WEB_SEED_LESSONS);
    const waitMs = hasPromise
      ? WEB_SEED_AGAIN_MS
      : Math.min(MAX_WEB_SEED_RETRY_MS, WEB_SEED_RETRY_MS * 2 ** (server.failures - 1));
    server.failure = hasPromise ? null : { problem: reason, nextAt: Date.now() + waitMs };
    transfer.note(`${reason}: ${placeOf(server.url)} is asked again in ${Math.round(waitMs / 1_000)} s`);
    this.#wait(server, waitMs);
    this.wake();
  }

  #wait(server: Server, ms: number): void {
    server.state = "waiting";
    server.timer = setTimeout(() => {
      server.state = "idle";
      this.wake();
    }, ms).unref();
  }
}
