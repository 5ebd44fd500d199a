// Rc4: the key stream that message stream encryption uses. It hides from those who look at packets, and protects nothing from anybody else.

/** The first bytes of the key stream tell of the key; MSE skips so many. */
const SKIPPED_BYTES = 1_024;

export class Rc4 {
  readonly #state = Uint8Array.from({ length: 256 }, (_, i) => i);
  #i = 0;
  #j = 0;

  /** A key stream behind its first 1 024 bytes. `key` has 1 to 256 bytes. */
  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + state[i]! + key[i % key.length]!) & 0xff;
      const swapped = state[i]!;
      state[i] = state[j]!;
      state[j] = swapped;
    }
    this.apply(new Uint8Array(SKIPPED_BYTES));
  }

  /** Encrypts or decrypts `bytes` where they are, with the next bytes of the stream; returns them. */
  apply(bytes: Uint8Array): Uint8Array {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let n = 0; n < bytes.length; n++) {
      i = (i + 1) & 0xff;
      const a = state[i]!;
      j = (j + a) & 0xff;
      const b = state[j]!;
      state[i] = b;
      state[j] = a;
      bytes[n] = bytes[n]! ^ state[(a + b) & 0xff]!;
    }
    this.#i = i;
    this.#j = j;
    return bytes;
  }
}
