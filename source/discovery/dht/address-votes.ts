// AddressVotes: which address of ours the others see. Source: BEP 42.
import { isPrivateHost } from "../../protocol/tracker/endpoint.ts";
import { networkOf } from "./addresses.ts";
import { MAX_VOTES, VOTES_NEEDED } from "./limits.ts";

export class AddressVotes {
  /** By the network that says so, the latest last: one owner has one vote. */
  readonly #votes = new Map<string, string>();

  /** Returns our address when that is clear now: most of those who spoke last say so, and enough of them. */
  add(voter: string, seenAs: string): string | undefined {
    if (isPrivateHost(voter) || isPrivateHost(seenAs)) return undefined;
    const network = networkOf(voter);
    this.#votes.delete(network);
    this.#votes.set(network, seenAs);
    if (this.#votes.size > MAX_VOTES) this.#votes.delete(this.#votes.keys().next().value!);
    const agreeing = [...this.#votes.values()].filter((vote) => vote === seenAs).length;
    return agreeing >= VOTES_NEEDED && 2 * agreeing > this.#votes.size ? seenAs : undefined;
  }
}
