// One run of the viewer: holds the state, feeds it keys and snapshots, and carries out its effects.
import type { Key, SuspendTerminal } from "ink";
import type { EngineClient } from "../control/contract.ts";
import { calmed } from "./calm.ts";
import { OutputBudget } from "./output-budget.ts";
import { CutSequences, keysOf, textOf, typingKeysOf } from "./keys.ts";
import { clipboardSequence } from "./magnet.ts";
import { GIVE_SCREEN_BACK, TAKE_SCREEN } from "./terminal.ts";
import { update } from "./update.ts";
import { contextOf, type Effect, type ViewEvent, type ViewState } from "./view-state.ts";
import type { ViewerSource } from "./viewer.tsx";

/** Long enough to read a sentence twice. */
const MESSAGE_MS = 8000;

export interface SessionOptions {
  readonly client: EngineClient;
  readonly state: ViewState;
  readonly stdout: NodeJS.WritableStream & { readonly bytesWritten?: number };
  /** Snapshots wait while more was written; keys never do. */
  readonly bytesPerSecond: number;
  readonly onLeave: (reason: "quit" | "stop-engine") => void;
  /** Stops the process group as Ctrl-Z does elsewhere; returns when it goes on. */
  readonly stopProcess: () => void;
}

export class Session implements ViewerSource {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  readonly #cutSequences = new CutSequences();
  readonly #unsubscribe: () => void;
  #state: ViewState;
  #suspendTerminal: SuspendTerminal | undefined;
  #lent = false;
  #closed = false;
  #messageTimer: NodeJS.Timeout | undefined;
  #snapshotTimer: NodeJS.Timeout | undefined;
  readonly #budget: OutputBudget;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#budget = new OutputBudget(options.bytesPerSecond, performance.now());
    this.#unsubscribe = options.client.subscribe(() => this.#snapshotCame());
  }

  /** No event changes anything after this. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    clearTimeout(this.#messageTimer);
    clearTimeout(this.#snapshotTimer);
    this.#listeners.clear();
  }

  getState(): ViewState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  attached(suspendTerminal: SuspendTerminal): void {
    this.#suspendTerminal = suspendTerminal;
  }

  dispatch(event: ViewEvent): void {
    if (this.#closed) return;
    const before = this.#state;
    const { state, effects } = update(before, event);
    this.#state = state;
    if (state.message !== before.message) this.#startMessageTimer();
    if (state !== before) for (const listener of this.#listeners) listener();
    for (const effect of effects) this.#carryOut(effect);
  }

  input(input: string, key: Key): void {
    if (this.#cutSequences.isRest(input, key)) return;
    const isTyping = contextOf(this.#state) === "prompt";
    const text = isTyping ? textOf(input, key) : undefined;
    if (text !== undefined) this.dispatch({ type: "typed", text });
    else for (const name of (isTyping ? typingKeysOf : keysOf)(input, key)) this.dispatch({ type: "key", key: name });
  }

  pasted(text: string): void {
    this.dispatch({ type: "pasted", text });
  }

  /** Lends the terminal to the shell until this process is continued. */
  suspend(): void {
    this.#lendTerminal(() => {
      this.#options.stdout.write(GIVE_SCREEN_BACK);
      this.#options.stopProcess();
      this.#options.stdout.write(TAKE_SCREEN);
    });
  }

  /** Shows the newest snapshot, now or as soon as the budget allows. */
  #snapshotCame(): void {
    if (this.#snapshotTimer !== undefined) return;
    const { client, stdout } = this.#options;
    const show = (): void => {
      this.#snapshotTimer = undefined;
      const snapshot = client.getSnapshot();
      this.dispatch({ type: "snapshot", snapshot: this.#state.settings.lowBandwidth ? calmed(snapshot) : snapshot });
    };
    const waitMs = this.#budget.waitMs(stdout.bytesWritten ?? 0, performance.now());
    if (waitMs === 0) show();
    else this.#snapshotTimer = setTimeout(show, waitMs);
  }

  #carryOut(effect: Effect): void {
    const { client, stdout, onLeave } = this.#options;
    switch (effect.type) {
      case "send": {
        const { command, generation } = effect;
        void client.send(command).then((reply) => this.dispatch({ type: "replied", command, generation, reply }));
        return;
      }
      case "copy":
        stdout.write(clipboardSequence(effect.text));
        return;
      case "leave":
        onLeave(effect.reason);
        return;
      case "redraw":
        this.#lendTerminal(() => {});
        return;
      case "suspend":
        this.suspend();
        return;
      default:
        effect satisfies never;
    }
  }

  #lendTerminal(use: () => void): void {
    if (this.#lent || this.#suspendTerminal === undefined) return;
    this.#lent = true;
    void this.#suspendTerminal(use).finally(() => {
      this.#lent = false;
    });
  }

  #startMessageTimer(): void {
    clearTimeout(this.#messageTimer);
    const { message } = this.#state;
    if (message === null) return;
    this.#messageTimer = setTimeout(() => this.dispatch({ type: "message-expired", id: message.id }), MESSAGE_MS);
  }
}
