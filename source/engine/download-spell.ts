// DownloadSpell: one download from its first request to its last piece: how long, how much, from how many peers.

export class DownloadSpell {
  #startedAt: number | undefined;
  #startedBytes = 0;
  readonly #sources = new Set<string>();

  /** It asks for pieces from now on, unless it does already. `heldBytes`: what is there; `now` in monotonic milliseconds. */
  begin(heldBytes: number, now: number): void {
    if (this.#startedAt !== undefined) return;
    this.#startedAt = now;
    this.#startedBytes = heldBytes;
    this.#sources.clear();
  }

  /** A peer, by its id, sent some of a piece that is right. */
  gotFrom(peerId: string): void {
    this.#sources.add(peerId);
  }

  /** All is there; undefined when it never began. */
  end(heldBytes: number, now: number): { seconds: number; bytes: number; peers: number } | undefined {
    if (this.#startedAt === undefined) return undefined;
    const seconds = (now - this.#startedAt) / 1_000;
    this.#startedAt = undefined;
    return { seconds, bytes: heldBytes - this.#startedBytes, peers: this.#sources.size };
  }
}
