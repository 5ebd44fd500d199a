// WebSeeds: the web servers that a torrent names (BEP 19): which of them are asked now, and when one that failed is asked again.
import { placeOf } from "../discovery/announcer.ts";
import { MAX_WEB_SEED_RETRY_MS, WEB_SEED_AGAIN_MS, WEB_SEED_RETRY_MS, WEB_SEEDS_AT_ONCE } from "./limits.ts";
import type { Transfer } from "./transfer.ts";
import { WebSeed } from "./web-seed.ts";

interface Server {
  readonly url: string;
  readonly absentFiles: Set<number>;
  /** Times in a row that it gave nothing. */
  failures: number;
  state: "idle" | "asked" | "waiting";
}

export class WebSeeds {
  readonly #transfer: Pick<Transfer, "metainfo" | "layout" | "isFetching" | "attachWebSeed" | "note">;
  readonly #localAddress: string | undefined;
  readonly #servers: readonly Server[];
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  /** `localAddress`: where requests leave from; undefined: from any address. */
  constructor(
    transfer: Pick<Transfer, "metainfo" | "layout" | "isFetching" | "attachWebSeed" | "note">,
    localAddress: string | undefined,
  ) {
    this.#transfer = transfer;
    this.#localAddress = localAddress;
    this.#servers = transfer.metainfo.webSeeds.map((url) => {
      return { url, absentFiles: new Set(), failures: 0, state: "idle" };
    });
  }

  /** Asks those that do not wait, a few at once, while anything is fetched. */
  wake(): void {
    for (const server of this.#servers) {
      if (this.#stopped || !this.#transfer.isFetching) return;
      const asked = this.#servers.filter(({ state }) => state === "asked").length;
      if (server.state === "idle" && asked < WEB_SEEDS_AT_ONCE) this.#ask(server);
    }
  }

  /** Asks none again. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #ask(server: Server): void {
    server.state = "asked";
    const { metainfo, layout } = this.#transfer;
    const { url, absentFiles } = server;
    const knewAbsent = absentFiles.size;
    const seed = new WebSeed({
      url,
      metainfo,
      layout,
      absentFiles,
      localAddress: this.#localAddress,
      ended: (reason, gaveBytes) => this.#ended(server, reason, gaveBytes > 0 || absentFiles.size > knewAbsent),
    });
    this.#transfer.attachWebSeed(seed);
  }

  /** It gives nothing more for now. `wasOfUse`: it gave something, or it is known now what it does not have. */
  #ended(server: Server, reason: string, wasOfUse: boolean): void {
    server.state = "idle";
    // It did not fail: nothing is wanted of it.
    if (this.#stopped || !this.#transfer.isFetching) return;
    const hasNothing = server.absentFiles.size === this.#transfer.metainfo.files.length;
    if (hasNothing) server.absentFiles.clear();
    server.failures = wasOfUse && !hasNothing ? 0 : server.failures + 1;
    const waitMs =
      server.failures === 0
        ? WEB_SEED_AGAIN_MS
        : Math.min(MAX_WEB_SEED_RETRY_MS, WEB_SEED_RETRY_MS * 2 ** (server.failures - 1));
    this.#transfer.note(`${placeOf(server.url)} is not asked for ${Math.round(waitMs / 1_000)} s: ${reason}`);
    server.state = "waiting";
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      server.state = "idle";
      this.wake();
    }, waitMs).unref();
    this.#timers.add(timer);
    this.wake();
  }
}
