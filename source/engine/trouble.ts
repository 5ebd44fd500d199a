// Trouble: what the disk does not take or give, told once until something works again, and tried again after a while.
import type { StorageError, StorageErrorCode } from "../storage/errors.ts";
import { DISK_RETRY_MS } from "./limits.ts";

export interface TroubleOptions {
  readonly tell: (error: StorageError) => void;
  /** The cause may be gone. */
  readonly retry: () => void;
}

export class Trouble {
  readonly #options: TroubleOptions;
  #error: StorageError | undefined;
  /** What was told last. */
  #told: StorageErrorCode | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TroubleOptions) {
    this.#options = options;
  }

  /** What is wrong now. */
  get error(): StorageError | undefined {
    return this.#error;
  }

  /** Something is wrong: `retry` is called a while after it began, however often it is told of until then. */
  begin(error: StorageError): void {
    const isNew = this.#told !== error.code;
    this.#error = error;
    this.#told = error.code;
    if (isNew) this.#options.tell(error);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#error = undefined;
      this.#options.retry();
    }, DISK_RETRY_MS).unref();
  }

  /** Something worked. What was on its way when the trouble began says nothing of what comes. */
  worked(): void {
    if (!this.#error) this.#told = undefined;
  }

  /** Nothing is wrong any more, as far as is known; what still is will be told again. */
  forget(): void {
    this.#error = undefined;
    this.#told = undefined;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
