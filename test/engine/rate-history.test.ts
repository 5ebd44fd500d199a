import { describe, expect, it } from "vitest";
import { HISTORY_SECONDS } from "../../source/engine/limits.ts";
import { RateHistory } from "../../source/engine/rate-history.ts";

describe("the history of rates", () => {
  it("has one figure a second, the last 60, oldest first", () => {
    const history = new RateHistory();
    for (let second = 1; second <= HISTORY_SECONDS + 5; second++) {
      history.countDown(second);
      history.countDown(1_000);
      history.countUp(2 * second);
      history.endSecond();
    }
    expect(history.down).toHaveLength(HISTORY_SECONDS);
    expect([history.down[0], history.down.at(-1)]).toEqual([1_006, 1_065]);
    expect([history.up[0], history.up.at(-1)]).toEqual([12, 130]);
  });

  it("changes while a second with traffic is in it, and not any more when all is quiet", () => {
    const history = new RateHistory();
    expect(history.endSecond()).toBe(false);
    history.countUp(1);
    const changes = Array.from({ length: HISTORY_SECONDS + 5 }, () => history.endSecond());
    expect(changes.filter(Boolean)).toHaveLength(HISTORY_SECONDS + 1);
    expect(changes.at(-1)).toBe(false);
  });

  it("replaces its arrays: what was handed out stays as it was", () => {
    const history = new RateHistory();
    const before = history.down;
    history.countDown(5);
    history.endSecond();
    expect([before, history.down]).toEqual([[], [5]]);
  });
});
