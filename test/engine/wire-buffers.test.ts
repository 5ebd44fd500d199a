import { describe, expect, it } from "vitest";
import { MAX_SPARE_WIRE_BUFFERS, UPLOAD_BATCH_BYTES } from "../../source/engine/limits.ts";
import { WireBuffers } from "../../source/engine/wire-buffers.ts";

describe("wire buffers", () => {
  it("are used again once they were given back, and never before", () => {
    const buffers = new WireBuffers();
    const one = buffers.take(100);
    const two = buffers.take(UPLOAD_BATCH_BYTES);
    expect([one.length, two.length]).toEqual([100, UPLOAD_BATCH_BYTES]);
    expect(one.buffer).not.toBe(two.buffer);
    buffers.release(one);
    const three = buffers.take(50);
    expect([three.buffer === one.buffer, three.length]).toEqual([true, 50]);
  });

  it("are kept up to a bound", () => {
    const buffers = new WireBuffers();
    const all = Array.from({ length: MAX_SPARE_WIRE_BUFFERS + 3 }, () => buffers.take(1));
    for (const buffer of all) buffers.release(buffer);
    const before = new Set(all.map(({ buffer }) => buffer));
    const again = all.map(() => buffers.take(1).buffer);
    expect(again.filter((buffer) => before.has(buffer))).toHaveLength(MAX_SPARE_WIRE_BUFFERS);
  });

  it("that are larger than a batch are made for once", () => {
    const buffers = new WireBuffers();
    const large = buffers.take(2 * UPLOAD_BATCH_BYTES);
    buffers.release(large);
    expect(large.length).toBe(2 * UPLOAD_BATCH_BYTES);
    expect(buffers.take(1).buffer).not.toBe(large.buffer);
  });
});
