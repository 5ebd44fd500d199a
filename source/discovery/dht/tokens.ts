// Tokens: proof that who announces has the address it announces from. Source: BEP 5.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { InfoHash } from "../../protocol/ids.ts";
import { SECRET_MS } from "./limits.ts";

const TOKEN_BYTES = 8;

export class Tokens {
  #secret: Uint8Array = randomBytes(16);
  #previous: Uint8Array = randomBytes(16);
  #changeAt: number;

  constructor(now: number) {
    this.#changeAt = now + SECRET_MS;
  }

  /** What `host` must repeat to announce this torrent, within 5 to 10 minutes. */
  for(host: string, infoHash: InfoHash, now: number): Uint8Array {
    this.#turn(now);
    return tokenOf(this.#secret, host, infoHash);
  }

  /** Was this token given to `host` for this torrent a while ago? */
  isValid(token: Uint8Array, host: string, infoHash: InfoHash, now: number): boolean {
    this.#turn(now);
    if (token.length !== TOKEN_BYTES) return false;
    return [this.#secret, this.#previous].some((secret) => timingSafeEqual(token, tokenOf(secret, host, infoHash)));
  }

  #turn(now: number): void {
    if (now < this.#changeAt) return;
    // Of one that should have been changed twice nothing is good any more.
    this.#previous = now < this.#changeAt + SECRET_MS ? this.#secret : randomBytes(16);
    this.#secret = randomBytes(16);
    this.#changeAt = now + SECRET_MS;
  }
}

function tokenOf(secret: Uint8Array, host: string, infoHash: InfoHash): Uint8Array {
  return createHash("sha1").update(secret).update(host).update(infoHash).digest().subarray(0, TOKEN_BYTES);
}
