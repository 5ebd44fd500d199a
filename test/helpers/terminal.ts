// A program of the lab in a pseudo terminal of its own.
import { type IPty, spawn } from "@lydell/node-pty";
import { STA, type Lab, until } from "./processes.ts";

export class LabTerminal {
  readonly pty: IPty;
  readonly ended: Promise<{ exitCode: number; signal?: number | undefined }>;
  /** All that was written to it, as far as it was read. */
  bytes = "";
  #hasEnded = false;

  constructor(pty: IPty) {
    this.pty = pty;
    pty.onData((data) => {
      this.bytes += data;
    });
    this.ended = new Promise((resolve) => pty.onExit(resolve));
    void this.ended.then(() => (this.#hasEnded = true));
  }

  get pid(): number {
    return this.pty.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Until this stands in what was written. */
  written(what: string | RegExp, deadlineMs?: number): Promise<true> {
    return until(
      `${what} in ${JSON.stringify(this.bytes.slice(-2_000))}`,
      () => {
        if (this.#hasEnded && !this.#holds(what))
          throw new Error(`${what} did not come before the end:\n${this.bytes}`);
        return this.#holds(what) || undefined;
      },
      deadlineMs,
    );
  }

  /** Takes the terminal away, as a dropped SSH connection does. */
  hangUp(): void {
    (this.pty as unknown as { destroy(): void }).destroy();
  }

  kill(): void {
    this.pty.kill("SIGKILL");
  }

  #holds(what: string | RegExp): boolean {
    return typeof what === "string" ? this.bytes.includes(what) : what.test(this.bytes);
  }
}

/** `sta` in a terminal of 120 columns and 36 rows, with its state in the lab's folder `home`. */
export function openTerminal(lab: Lab, home: string, args: readonly string[] = []): LabTerminal {
  const env = lab.environment({ STA_HOME: lab.path(home), TERM: "xterm-256color" });
  const pty = spawn(process.execPath, [STA, ...args], { cols: 120, rows: 36, cwd: lab.folder, env });
  return new LabTerminal(pty);
}
