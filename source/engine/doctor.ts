// Doctor: how the engine itself does, in figures, and what helps where they are bad.
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Doctor as Report } from "../control/contract.ts";
import { descriptorLimit, openDescriptors } from "./descriptors.ts";
import { DOCTOR_RESOLUTION_MS, LATE_LOOP_MS } from "./limits.ts";

/** What the engine says about itself. */
export type EngineFigures = Pick<
  Report,
  "version" | "port" | "peers" | "dialing" | "transfers" | "pieceBytes" | "socketBytes" | "dht" | "lan" | "portMapping"
>;

export class Doctor {
  readonly #startedAt = performance.now();
  readonly #loop = monitorEventLoopDelay({ resolution: DOCTOR_RESOLUTION_MS });
  /** The last whole minute, so that what is shown is never of a few seconds only. */
  #lastMinute: Report["loopDelayMs"] | undefined;

  constructor() {
    this.#loop.enable();
  }

  /** A minute is over. Returns how late the loop was in it. */
  endMinute(): Report["loopDelayMs"] {
    this.#lastMinute = this.#loopDelay();
    this.#loop.reset();
    return this.#lastMinute;
  }

  /** `alerts`: conditions the engine knows of. */
  report(figures: EngineFigures, alerts: readonly string[]): Report {
    const { rss, heapUsed, external } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const loopDelayMs = this.#lastMinute ?? this.#loopDelay();
    const descriptors = { open: openDescriptors(), limit: descriptorLimit() };
    const findings = [...alerts];
    if (loopDelayMs.p99 > LATE_LOOP_MS) {
      findings.push(
        `The engine was late by ${loopDelayMs.p99} ms: this machine is busy, or a disk answers slowly. Fewer transfers at once help.`,
      );
    }
    if (descriptors.limit !== null && descriptors.open > descriptors.limit * 0.8) {
      findings.push(
        `${descriptors.open} of ${descriptors.limit} file descriptors are in use: raise the limit with "ulimit -n".`,
      );
    }
    return {
      pid: process.pid,
      uptimeSeconds: Math.round((performance.now() - this.#startedAt) / 1_000),
      loopDelayMs,
      cpuSeconds: Math.round((user + system) / 10_000) / 100,
      rssBytes: rss,
      heapBytes: heapUsed,
      bufferBytes: external,
      descriptors,
      ...figures,
      findings,
    };
  }

  close(): void {
    this.#loop.disable();
  }

  /** How much later than its resolution the loop came to the timer. */
  #loopDelay(): Report["loopDelayMs"] {
    const late = (nanoseconds: number) =>
      Number.isFinite(nanoseconds) ? Math.max(0, Math.round(nanoseconds / 1e4 - DOCTOR_RESOLUTION_MS * 100) / 100) : 0;
    const { max } = this.#loop;
    if (this.#loop.count === 0) return { median: 0, p99: 0, max: 0 };
    return { median: late(this.#loop.percentile(50)), p99: late(this.#loop.percentile(99)), max: late(max) };
  }
}
