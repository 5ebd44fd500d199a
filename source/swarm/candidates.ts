// Candidates: addresses that may be dialled, and when.
import type { Address, PeerSource } from "./events.ts";
import { BAN_MS, MAX_CANDIDATES, MAX_REDIAL_MS, MAX_UNANSWERED_REDIAL_MS, REDIAL_MS } from "./limits.ts";

interface Candidate {
  readonly address: Address;
  /** Who told of it first; strangers only until somebody else does. */
  source: PeerSource;
  /** Which stranger; empty: none. */
  teller: string;
  /** `sated`: neither of us wants anything of the other. */
  state: "idle" | "dialing" | "connected" | "ours" | "sated";
  failures: number;
  /** Was it ever a peer? */
  hasAnswered: boolean;
  /** Bytes it gave us so far. */
  givenBytes: number;
  /** Not before this moment. */
  notBefore: number;
  bannedUntil: number;
}

export class Candidates {
  readonly #byAddress = new Map<string, Candidate>();
  #dialing = 0;

  /** Dials that have come neither to a connection nor to a failure. */
  get dialing(): number {
    return this.#dialing;
  }

  /**
   * Remembers addresses that are new; `teller` is the host of the peer that told of them. One that the user named is due at once, whatever
   * happened to it before.
   */
  add(addresses: readonly Address[], source: PeerSource, now: number, teller: string = source): void {
    for (const address of addresses) {
      const known = this.#byAddress.get(keyOf(address));
      if (known) {
        if (isOfStrangers(known.source) && (!isOfStrangers(source) || source === "lan")) {
          known.source = source;
          known.teller = tellerOf(address, source, teller);
        }
        if (known.state !== "idle" || known.bannedUntil > now) continue;
        if (isVouchedFor(source)) known.notBefore = now;
        else if (source === "lan") known.notBefore = Math.min(known.notBefore, now + REDIAL_MS);
        else if (source === "tracker") known.notBefore = Math.min(known.notBefore, now + MAX_REDIAL_MS);
      } else if (this.#byAddress.size < MAX_CANDIDATES || this.#forgetWorst(source, now)) {
        this.#byAddress.set(keyOf(address), {
          address,
          source,
          teller: tellerOf(address, source, teller),
          state: "idle",
          failures: 0,
          hasAnswered: false,
          givenBytes: 0,
          notBefore: now,
          bannedUntil: 0,
        });
      }
    }
  }

  /**
   * Of the addresses that are due, who gave us most, then who failed least; now counted as dialling. Of those who gave us nothing, half of the
   * dials are for addresses that no stranger told of, the other half is shared by all strangers: none keeps us busy with inventions. Of those,
   * one at a time of each machine of our own network goes first. Undefined when none is due.
   */
  next(now: number): { address: Address; source: PeerSource } | undefined {
    const dialing = new Map<string, number>();
    for (const { state, teller } of this.#byAddress.values()) {
      if (state === "dialing") dialing.set(teller, (dialing.get(teller) ?? 0) + 1);
    }
    const known = dialing.get("") ?? 0;
    const isTurnOfStrangers = known > this.#dialing - known;
    let best: Candidate | undefined;
    for (const candidate of this.#byAddress.values()) {
      if (candidate.state !== "idle" || candidate.notBefore > now) continue;
      if (!best || compare(candidate, best, dialing, isTurnOfStrangers) < 0) best = candidate;
    }
    if (best) this.#move(best, "dialing");
    return best;
  }

  /** The moment at which an idle address is due; undefined when there is none. */
  nextDueAt(): number | undefined {
    let due: number | undefined;
    for (const { state, notBefore } of this.#byAddress.values()) {
      if (state === "idle" && (due === undefined || notBefore < due)) due = notBefore;
    }
    return due;
  }

  connected(address: Address): void {
    const candidate = this.#byAddress.get(keyOf(address));
    if (!candidate) return;
    // Who came to us may say any port.
    candidate.hasAnswered ||= candidate.state === "dialing";
    this.#move(candidate, "connected");
  }

  /**
   * The connection ended: dialled again after a while, the longer the more often it failed. `useful`: it moved data;
   * `givenBytes`: so many of them to us.
   */
  ended(address: Address, now: number, useful: boolean, givenBytes = 0): void {
    const candidate = this.#byAddress.get(keyOf(address));
    if (!candidate || candidate.state === "ours") return;
    this.#move(candidate, "idle");
    candidate.givenBytes += givenBytes;
    candidate.failures = useful ? 0 : candidate.failures + 1;
    const isExpected = candidate.hasAnswered || isVouchedFor(candidate.source);
    const longestMs = isExpected ? MAX_REDIAL_MS : MAX_UNANSWERED_REDIAL_MS;
    const waitMs = Math.min(longestMs, useful ? 1_000 : REDIAL_MS * 2 ** (candidate.failures - 1));
    candidate.notBefore = Math.max(candidate.bannedUntil, now + waitMs);
  }

  /** It was not dialled, for want of room. */
  putOff(address: Address, now: number): void {
    const candidate = this.#byAddress.get(keyOf(address));
    if (!candidate) return;
    this.#move(candidate, "idle");
    candidate.notBefore = now + MAX_REDIAL_MS;
  }

  /** Neither wants anything of the other: not dialled until `hungry`. */
  sated(address: Address): void {
    const candidate = this.#byAddress.get(keyOf(address));
    if (candidate) this.#move(candidate, "sated");
  }

  /** We want something again: who was sated is due. */
  hungry(): void {
    for (const candidate of this.#byAddress.values()) if (candidate.state === "sated") candidate.state = "idle";
  }

  /** Not to be dialled for a day. */
  ban(address: Address, now: number): void {
    this.add([address], "tracker", now);
    const candidate = this.#byAddress.get(keyOf(address));
    if (!candidate) return;
    this.#move(candidate, "idle");
    candidate.bannedUntil = now + BAN_MS;
    candidate.notBefore = candidate.bannedUntil;
  }

  /** Is this address banned? */
  isBanned(address: Address, now: number): boolean {
    const candidate = this.#byAddress.get(keyOf(address));
    return candidate !== undefined && candidate.bannedUntil > now;
  }

  /** It is our own address: never to be dialled again. */
  isOurs(address: Address): void {
    const candidate = this.#byAddress.get(keyOf(address));
    if (candidate) this.#move(candidate, "ours");
  }

  /**
   * Makes room: forgets the address that failed most often, be it of a peer that wants nothing of us. One that strangers told of makes room
   * for any other although it never failed, and takes the place of none: each peer may tell of a hundred a minute. Banned ones stay.
   * False when there is no room.
   */
  #forgetWorst(source: PeerSource, now: number): boolean {
    let worst: Candidate | undefined;
    for (const candidate of this.#byAddress.values()) {
      if ((candidate.state !== "idle" && candidate.state !== "sated") || candidate.bannedUntil > now) continue;
      if (isOfStrangers(source) && !isOfStrangers(candidate.source)) continue;
      const least = !isOfStrangers(source) && isOfStrangers(candidate.source) ? -1 : 0;
      if (candidate.failures > (worst?.failures ?? least)) worst = candidate;
    }
    return worst !== undefined && this.#byAddress.delete(keyOf(worst.address));
  }

  #move(candidate: Candidate, state: Candidate["state"]): void {
    if (candidate.state === "dialing") this.#dialing--;
    candidate.state = state;
    if (state === "dialing") this.#dialing++;
  }
}

/** Negative when `a` is to be dialled before `b`. `dialing`: dials under way by teller. */
function compare(a: Candidate, b: Candidate, dialing: ReadonlyMap<string, number>, isTurnOfStrangers: boolean): number {
  const waits = ({ teller }: Candidate) => Number((teller !== "") !== isTurnOfStrangers);
  const underWay = ({ teller, source }: Candidate) =>
    teller === "" ? 0 : (dialing.get(teller) ?? (source === "lan" ? -1 : 0));
  return b.givenBytes - a.givenBytes || waits(a) - waits(b) || underWay(a) - underWay(b) || a.failures - b.failures;
}

/** A person said so, or a tracker that is connected with it now. */
function isVouchedFor(source: PeerSource): boolean {
  return source !== "tracker" && !isOfStrangers(source);
}

/** Anybody may have said so: a peer, a node of the DHT, or whoever is in our network. */
function isOfStrangers(source: PeerSource): boolean {
  return source === "pex" || source === "dht" || source === "lan";
}

/** In a network each machine tells of itself. */
function tellerOf({ host }: Address, source: PeerSource, teller: string): string {
  if (!isOfStrangers(source)) return "";
  return source === "lan" ? host : teller;
}

function keyOf({ host, port }: Address): string {
  return `${host} ${port}`;
}
