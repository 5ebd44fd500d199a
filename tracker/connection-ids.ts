// Connection ids of UDP (BEP 15): proof that the asker receives what is sent to its address, without remembering anybody.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** An id is given for the minute it is asked in, and taken in that minute and the two behind it: for 2 minutes at least. */
const MINUTE_MS = 60_000;
const MINUTES = 2;

const ID_BYTES = 8;

/** Ids are the first 8 bytes of an HMAC over minute and address, under a key that ends with the process. */
export class ConnectionIds {
  readonly #key = randomBytes(32);

  /** `now` in monotonic milliseconds. */
  give(host: string, now: number): Buffer {
    return this.#id(host, Math.floor(now / MINUTE_MS));
  }

  isValid(id: Uint8Array, host: string, now: number): boolean {
    const minute = Math.floor(now / MINUTE_MS);
    for (let age = 0; age <= MINUTES; age++) if (timingSafeEqual(this.#id(host, minute - age), id)) return true;
    return false;
  }

  #id(host: string, minute: number): Buffer {
    return createHmac("sha256", this.#key).update(`${minute} ${host}`).digest().subarray(0, ID_BYTES);
  }
}
