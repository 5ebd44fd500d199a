// SettledText: says what has become of something once it has stayed so, and each change once.

/** Longer than a peer takes to be found and dialled, which nobody needs to hear of. */
const PATIENCE_MS = 1_000;

export class SettledText {
  readonly #say: (text: string) => void;
  #said: string;
  #latest: string;
  #timer: NodeJS.Timeout | undefined;

  /** `known` is what whoever listens knows already. */
  constructor(known: string, say: (text: string) => void) {
    this.#said = known;
    this.#latest = known;
    this.#say = say;
  }

  /** It is `text` now. */
  saw(text: string): void {
    if (text === this.#latest) return;
    this.#latest = text;
    clearTimeout(this.#timer);
    if (text === this.#said) return;
    this.#timer = setTimeout(() => {
      this.#said = text;
      this.#say(text);
    }, PATIENCE_MS);
  }

  /** Nothing is said any more. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
