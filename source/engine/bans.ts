// Bans: who is kept out for a day because it sent bad data, also when the engine is started again. A small file in the state folder.
import { readFile } from "node:fs/promises";
import { atomicWrite } from "../storage/atomic-write.ts";
import { toStorageError } from "../storage/errors.ts";
import type { Address } from "../swarm/events.ts";
import { leadsHere } from "../protocol/tracker/endpoint.ts";
import { BAN_MS } from "../swarm/limits.ts";
import { MAX_BANNED } from "./limits.ts";

interface BansOptions {
  readonly path: string;
  /** Wall time in ms: it must outlive the process. */
  readonly now: () => number;
  /** The list could not be kept; it counts all the same until the engine ends. */
  readonly onProblem: (text: string) => void;
}

export class Bans {
  readonly #options: BansOptions;
  /** Until when, by who, oldest first. */
  #until = new Map<string, number>();
  #saving: Promise<void> | undefined;
  #changed = false;

  constructor(options: BansOptions) {
    this.#options = options;
  }

  /** Reads the list; what cannot be read bans nobody. */
  async load(): Promise<void> {
    const { path, now, onProblem } = this.#options;
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") onProblem(toStorageError(error, path).message);
      return "";
    });
    this.#until = parse(text, now());
  }

  /** Is it kept out now? For a day from now at most, whatever the clock did. */
  has(address: Address): boolean {
    const now = this.#options.now();
    const until = this.#until.get(keyOf(address)) ?? 0;
    if (until > now + BAN_MS) this.#until.set(keyOf(address), now + BAN_MS);
    return until > now;
  }

  /** Keeps it out for a day. */
  add(address: Address): void {
    const key = keyOf(address);
    this.#until.delete(key);
    this.#until.set(key, this.#options.now() + BAN_MS);
    if (this.#until.size > MAX_BANNED) this.#until.delete(this.#until.keys().next().value!);
    this.#changed = true;
    this.#saving ??= this.#save().finally(() => (this.#saving = undefined));
  }

  /** Resolves when all is on disk. */
  async close(): Promise<void> {
    await this.#saving;
  }

  async #save(): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      const lines = Array.from(this.#until, ([key, until]) => `${until} ${key}\n`);
      try {
        await atomicWrite(this.#options.path, Buffer.from(lines.join("")));
      } catch (error) {
        this.#options.onProblem(toStorageError(error, this.#options.path).message);
      }
    }
  }
}

/** A host; one bad peer must not ban a whole machine of peers behind the loopback address, so there it is a port too. */
function keyOf({ host, port }: Address): string {
  return leadsHere(host) ? `${host} ${port}` : host;
}

/** Lines of `until host[ port]`. None lasts longer than a day from now, whatever the clock did. */
function parse(text: string, now: number): Map<string, number> {
  const until = new Map<string, number>();
  for (const line of text.split("\n").slice(0, MAX_BANNED)) {
    const match = /^(\d{1,15}) ([0-9a-f.:]{2,45}(?: \d{1,5})?)$/i.exec(line);
    if (match && Number(match[1]) > now) until.set(match[2]!, Math.min(Number(match[1]), now + BAN_MS));
  }
  return until;
}
