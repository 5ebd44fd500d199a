import { describe, expect, it } from "vitest";
import { METADATA_PART_BYTES } from "../../source/protocol/peer/extensions/ut-metadata.ts";
import { METADATA_TIMES } from "../../source/swarm/limits.ts";
import { Metadata } from "../../source/swarm/metadata.ts";

const info = Uint8Array.from({ length: METADATA_PART_BYTES + 10 }, (_, i) => i);
const request = (part: number) => ({ type: "request", part }) as const;

describe("the info dictionary", () => {
  it("is given in parts", () => {
    const metadata = new Metadata(info);
    const totalBytes = info.length;
    expect(metadata.answer(1, request(0))).toEqual({
      type: "data",
      part: 0,
      totalBytes,
      data: info.subarray(0, METADATA_PART_BYTES),
    });
    expect(metadata.answer(1, request(1))).toMatchObject({ data: info.subarray(METADATA_PART_BYTES) });
    expect(metadata.answer(1, request(2))).toEqual({ type: "reject", part: 2 });
  });

  it("is given so often and no more, until the peer comes again", () => {
    const metadata = new Metadata(info);
    for (let i = 0; i < 2 * METADATA_TIMES; i++) expect(metadata.answer(1, request(0))?.type).toBe("data");
    expect(metadata.answer(1, request(0))?.type).toBe("reject");
    expect(metadata.answer(2, request(0))?.type).toBe("data");
    metadata.forget(1);
    expect(metadata.answer(1, request(0))?.type).toBe("data");
  });

  it("is not given of a private torrent, and nothing is said to what is no request", () => {
    expect(new Metadata(new Uint8Array()).answer(1, request(0))).toEqual({ type: "reject", part: 0 });
    expect(new Metadata(info).answer(1, { type: "reject", part: 0 })).toBeUndefined();
  });
});
