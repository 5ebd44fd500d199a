import { expect, test } from "vitest";
import { FewAtOnce } from "../../source/discovery/few-at-once.ts";

test.for([1, 49, 50, 51, 1_000])(
  "of %d fifty are under way at once, and all have their turn, also behind one that fails",
  async (count) => {
    const few = new FewAtOnce(50);
    let underWay = 0;
    let most = 0;
    const ended: number[] = [];
    const run = (n: number) =>
      few.run(async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay--;
        ended.push(n);
        if (n % 3 === 0) throw new Error(`${n}`);
        return n;
      });
    const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, n) => run(n)));
    expect(most).toBe(Math.min(50, count));
    expect(ended).toEqual([...Array(count).keys()]);
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(Math.ceil(count / 3));
    expect(await run(1)).toBe(1);
  },
);
