import { describe, expect, it } from "vitest";
import { bytesText, transferSummary } from "../../source/engine/transfer-summary.ts";

describe("the summary of a download", () => {
  it("says how much, how long, how fast and from how many", () => {
    expect(transferSummary("video.mkv", { bytes: 12_100_000, seconds: 1.6, peers: 2 })).toBe(
      "video.mkv: 12.1 MB in 1.6 s, 7.6 MB/s from 2 peers",
    );
  });

  it("has no rate where the time is too short to measure one", () => {
    for (const seconds of [0, 0.09])
      expect(transferSummary("a", { bytes: 5, seconds, peers: 1 })).toBe("a: 5 B in less than 0.1 s, from 1 peer");
    expect(transferSummary("a", { bytes: 5, seconds: 0.1, peers: 1 })).toBe("a: 5 B in 0.1 s, 50 B/s from 1 peer");
  });

  it("never holds an escape of the file's name", () => {
    expect(transferSummary("\x1b[31mred", { bytes: 0, seconds: 1, peers: 0 })).not.toContain("\x1b");
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [5e15, "5.0 PB"],
  ])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));
});
