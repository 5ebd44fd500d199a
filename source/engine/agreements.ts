// Agreements: how many encrypted handshakes are answered: working out a secret costs, and anybody may ask for it.
import { leadsHere, subscriberOf } from "../protocol/tracker/endpoint.ts";
import { AGREEMENTS_AN_ADDRESS, AGREEMENTS_PER_SECOND } from "./limits.ts";

export class Agreements {
  #second = 0;
  #begun = 0;
  /** Of this second; as many as were begun at most. */
  readonly #bySubscriber = new Map<string, number>();

  /** May one more be answered to `host`? Then it counts. `now` in monotonic milliseconds. The loopback addresses have their share of all. */
  mayBegin(host: string, now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#begun = 0;
      this.#bySubscriber.clear();
    }
    const subscriber = subscriberOf(host);
    const its = this.#bySubscriber.get(subscriber) ?? 0;
    if (this.#begun >= AGREEMENTS_PER_SECOND || (its >= AGREEMENTS_AN_ADDRESS && !leadsHere(host))) return false;
    this.#begun++;
    this.#bySubscriber.set(subscriber, its + 1);
    return true;
  }
}
