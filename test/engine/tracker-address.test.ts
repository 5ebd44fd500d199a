import { expect, test } from "vitest";
import { parseTrackerAddress, trackerText } from "../../source/engine/tracker-address.ts";

test.for([
  ["10.0.0.5", { host: "10.0.0.5", port: 5_000 }, "10.0.0.5:5000"],
  ["box.lan:1", { host: "box.lan", port: 1 }, "box.lan:1"],
  ["http://box.lan/", { host: "box.lan", port: 5_000 }, "box.lan:5000"],
  ["ws://[::1]:5001", { host: "::1", port: 5_001 }, "[::1]:5001"],
  ["https://tracker.example", { host: "tracker.example", port: 443, secure: true }, "https://tracker.example:443"],
  [" wss://[::1]:5001/ ", { host: "::1", port: 5_001, secure: true }, "https://[::1]:5001"],
] as const)("%s is read, and written so that it is read again", ([text, tracker, written]) => {
  expect(parseTrackerAddress(text)).toEqual(tracker);
  expect(trackerText(tracker)).toBe(written);
  expect(parseTrackerAddress(written)).toEqual(tracker);
});

test.for([
  "",
  "https://",
  "ftp://a:1",
  "http://https://a:1",
  "https://a:0",
  "https://a:1/announce",
  "a b",
  "https://a\n:1",
])("%j is none", (text) => {
  expect(parseTrackerAddress(text)).toBeUndefined();
});
