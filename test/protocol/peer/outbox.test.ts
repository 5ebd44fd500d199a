import { describe, expect, it } from "vitest";
import { Outbox } from "../../../source/protocol/peer/outbox.ts";

describe("an outbox", () => {
  it("holds what was written one behind the other, however it had to grow", () => {
    const out = new Outbox();
    const expected: number[] = [];
    for (let size = 0; size < 300; size++) {
      const message = new Uint8Array(size).fill(size);
      expected.push(...message);
      if (size % 2 === 0) {
        out.add(message);
      } else {
        const at = out.room(size);
        out.bytes.set(message, at);
      }
    }
    expect([...out.take()]).toEqual(expected);
  });

  it("is empty once its bytes were taken, and leaves those alone", () => {
    const out = new Outbox();
    expect(out.isEmpty).toBe(true);
    out.add(Uint8Array.of(1, 2));
    expect(out.isEmpty).toBe(false);
    const first = out.take();
    expect(out.isEmpty).toBe(true);
    out.add(Uint8Array.of(3));
    expect([[...first], [...out.take()]]).toEqual([[1, 2], [3]]);
  });
});
