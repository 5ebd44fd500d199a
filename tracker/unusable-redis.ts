/** A Redis that cannot be used, at the start or later; the message says why. */
export class UnusableRedis extends Error {
  override readonly name = "UnusableRedis";
}

/** What Redis answers. Rejects with UnusableRedis when it does not do what it was asked: full, read-only, not let in, or away. */
export async function answerOf<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (cause) {
    throw new UnusableRedis(`Redis cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
