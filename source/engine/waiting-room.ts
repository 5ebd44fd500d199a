// WaitingRoom: inbound connections that have not said their handshake. So many in all, so many an address or IPv6 network.
import { leadsHere, subscriberOf } from "../protocol/tracker/endpoint.ts";
import { LEAST_WAIT_MS, MAX_WAITING_AN_ADDRESS, MAX_WAITING_INBOUND } from "./limits.ts";

interface Wait {
  readonly subscriber: string;
  readonly since: number;
}

export class WaitingRoom<Guest extends { close(reason: string): void }> {
  /** Oldest first. */
  readonly #waits = new Map<Guest, Wait>();

  /** Who waits, oldest first. */
  get guests(): Iterable<Guest> {
    return this.#waits.keys();
  }

  /**
   * May one more from `host` come in? `now` in monotonic milliseconds. The loopback addresses are spared what counts by address:
   * many peers of one machine start at once.
   */
  hasRoomFor(host: string, now: number): boolean {
    const [oldest] = this.#waits.values();
    if (oldest && this.#waits.size >= MAX_WAITING_INBOUND && now - oldest.since < LEAST_WAIT_MS) return false;
    if (leadsHere(host)) return true;
    const subscriber = subscriberOf(host);
    let waiting = 0;
    for (const other of this.#waits.values()) if (other.subscriber === subscriber) waiting++;
    return waiting < MAX_WAITING_AN_ADDRESS;
  }

  /** Takes one in; of too many, who has waited longest is closed. */
  enter(guest: Guest, host: string, now: number): void {
    this.#waits.set(guest, { subscriber: subscriberOf(host), since: now });
    if (this.#waits.size > MAX_WAITING_INBOUND) {
      const [oldest] = this.#waits.keys();
      oldest!.close("too many connections say nothing");
    }
  }

  leave(guest: Guest): void {
    this.#waits.delete(guest);
  }
}
