import { expect, it } from "vitest";
import { MAX_SPARE_WIRE_BUFFERS, UPLOAD_BATCH_BYTES } from "../../source/engine/limits.ts";
import { WireBuffers } from "../../source/engine/wire-buffers.ts";

it("hands out a buffer again once it was given back, and never one that is in use", () => {
  const buffers = new WireBuffers();
  const first = buffers.take(100);
  expect(buffers.take(100).buffer).not.toBe(first.buffer);
  buffers.release(first);
  const again = buffers.take(UPLOAD_BATCH_BYTES);
  expect(again.buffer).toBe(first.buffer);
  expect(again.length).toBe(UPLOAD_BATCH_BYTES);
});

it("keeps no more than it may, and nothing of another size", () => {
  const buffers = new WireBuffers();
  const taken = Array.from({ length: MAX_SPARE_WIRE_BUFFERS + 3 }, () => buffers.take(1));
  for (const buffer of taken) buffers.release(buffer);
  const again = new Set(Array.from({ length: taken.length }, () => buffers.take(1).buffer));
  expect(taken.filter(({ buffer }) => again.has(buffer))).toHaveLength(MAX_SPARE_WIRE_BUFFERS);
  const large = buffers.take(2 * UPLOAD_BATCH_BYTES);
  buffers.release(large);
  expect(buffers.take(2 * UPLOAD_BATCH_BYTES).buffer).not.toBe(large.buffer);
});
