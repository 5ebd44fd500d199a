// WaitingRoom: inbound connections that have not said their handshake. So many in all, so many an address.
import { isLoopback } from "../swarm/is-loopback.ts";
import { MAX_WAITING_AN_ADDRESS, MAX_WAITING_INBOUND } from "./limits.ts";

export class WaitingRoom<Guest extends { close(reason: string): void }> {
  /** Where each comes from, oldest first. */
  readonly #hosts = new Map<Guest, string>();

  /** Who waits, oldest first. */
  get guests(): Iterable<Guest> {
    return this.#hosts.keys();
  }

  /** May one more from `host` come in? The loopback addresses are spared: many peers of one machine start at once. */
  hasRoomFor(host: string): boolean {
    if (isLoopback(host)) return true;
    let waiting = 0;
    for (const other of this.#hosts.values()) if (other === host) waiting++;
    return waiting < MAX_WAITING_AN_ADDRESS;
  }

  /** Takes one in; of too many, who has waited longest is closed. */
  enter(guest: Guest, host: string): void {
    this.#hosts.set(guest, host);
    if (this.#hosts.size > MAX_WAITING_INBOUND) {
      const [oldest] = this.#hosts.keys();
      oldest!.close("too many connections say nothing");
    }
  }

  leave(guest: Guest): void {
    this.#hosts.delete(guest);
  }
}
