// FewAtOnce: of many that are asked for at once, so many are under way; the others wait for their turn, first come, first served.

export class FewAtOnce {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `action` when it is its turn; ends as it does. */
  async run<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#underWay >= this.#limit) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#underWay++;
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay--;
    }
  }
}
