// Asking: our questions, alone or as lookups, each until it is answered or too old. Sans I/O.
import { encodeKrpc, type KrpcError, type Query, type Question, type Response } from "../../protocol/dht/krpc.ts";
import { compareDistance, type NodeId } from "../../protocol/dht/node-id.ts";
import { type Endpoint, isIPv4 } from "../../protocol/tracker/endpoint.ts";
import type { Candidate, Lookup } from "./lookup.ts";
import { type Hears, Outstanding } from "./outstanding.ts";

export interface AskingOptions {
  /** Of the addresses that are asked. */
  readonly family: 4 | 6;
  readonly version: Uint8Array;
  readonly random: () => number;
  readonly send: (bytes: Uint8Array, to: Endpoint) => void;
  /** Our id, which may change. */
  readonly id: () => NodeId;
  /** Somebody answered what it was asked. */
  readonly answered: (response: Response, from: Endpoint) => void;
  /** Somebody did not. */
  readonly failed: (to: Endpoint) => void;
}

/** A lookup, and what is asked in it. */
export interface Task {
  readonly lookup: Lookup;
  readonly question: Question;
  readonly answered?: (response: Response, from: Endpoint) => void;
  readonly done?: () => void;
}

export class Asking {
  readonly #options: AskingOptions;
  readonly #outstanding: Outstanding;
  readonly #tasks = new Set<Task>();

  constructor(options: AskingOptions) {
    this.#options = options;
    this.#outstanding = new Outstanding(options.random);
  }

  isOurKind({ host }: Endpoint): boolean {
    return isIPv4(host) === (this.#options.family === 4);
  }

  /** Asks one node; with too many questions on their way that fails at once. */
  ask(to: Endpoint, question: Question, now: number, hears: Partial<Hears> = {}): void {
    const { id, version, send, answered, failed } = this.#options;
    if (!this.#outstanding.hasRoom) return hears.failed?.();
    const heard: Hears = {
      answered: (response) => {
        answered(response, to);
        hears.answered?.(response);
      },
      failed: () => {
        failed(to);
        hears.failed?.();
      },
      slow: () => hears.slow?.(),
    };
    const transaction = this.#outstanding.add(to, heard, now);
    const query: Query = { type: "query", transaction, id: id(), readOnly: false, want: undefined, ...question };
    send(encodeKrpc(query, version), to);
  }

  /** Begins a lookup; it goes on with each answer and each tick. */
  begin(task: Task, now: number): void {
    this.#tasks.add(task);
    this.#goOn(now);
  }

  /** An answer came; false when nobody was asked there. */
  heard(answer: Response | KrpcError, from: Endpoint, now: number): boolean {
    const hears = this.#outstanding.take(answer.transaction, from);
    if (!hears) return false;
    if (answer.type === "response") hears.answered(answer);
    else hears.failed();
    this.#goOn(now);
    return true;
  }

  tick(now: number): void {
    this.#outstanding.tick(now);
    this.#goOn(now);
  }

  nextTick(): number | undefined {
    return this.#outstanding.nextTick();
  }

  /** Asks whoever is to be asked now, and ends what is over. */
  #goOn(now: number): void {
    for (const task of this.#tasks) {
      while (this.#outstanding.hasRoom) {
        const candidate = task.lookup.next();
        if (candidate) {
          this.#askFor(task, candidate, now);
          continue;
        }
        if (task.lookup.isOver && this.#tasks.delete(task)) task.done?.();
        break;
      }
    }
  }

  #askFor({ lookup, question, answered }: Task, to: Candidate, now: number): void {
    this.ask(to, question, now, {
      answered: (response) => {
        const { id, nodes, token } = response;
        const ours = this.#options.id();
        const others = nodes.filter((node) => this.isOurKind(node) && compareDistance(node.id, ours, id) !== 0);
        if (lookup.answered(to, id, others, token)) answered?.(response, to);
      },
      failed: () => lookup.failed(to),
      slow: () => lookup.slow(to),
    });
  }
}
