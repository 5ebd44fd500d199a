/** A Redis that a tracker cannot start with; the message says which and why. */
export class UnusableRedis extends Error {
  override readonly name = "UnusableRedis";
}
