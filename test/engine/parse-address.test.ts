import { describe, expect, it } from "vitest";
import { parseAddress } from "../../source/engine/parse-address.ts";

describe("an address", () => {
  it.each([
    ["10.0.0.5:5000", { host: "10.0.0.5", port: 5_000 }],
    ["box.lan:1", { host: "box.lan", port: 1 }],
    [" [::1]:65535 ", { host: "::1", port: 65_535 }],
    ["[fe80::1]:80", { host: "fe80::1", port: 80 }],
  ])("%s is read", (text, address) => expect(parseAddress(text)).toEqual(address));

  it.each([
    "",
    ":5000",
    "10.0.0.5",
    "10.0.0.5:",
    "10.0.0.5:0",
    "10.0.0.5:65536",
    "a:b",
    "::1:5000",
    "[::1]",
    "[]:1",
    "a b:1",
    "a\0b:1",
    "a\u001b:1",
    "http://a:1",
    "a:1/x",
    "[::1:1",
    "a:-1",
    "a:1e3",
  ])("%j is none", (text) => expect(parseAddress(text)).toBeUndefined());

  it("takes a default port when it names none", () => {
    expect(parseAddress("box", 5_000)).toEqual({ host: "box", port: 5_000 });
    expect(parseAddress("[::1]", 5_000)).toEqual({ host: "::1", port: 5_000 });
    expect(parseAddress("box:7", 5_000)).toEqual({ host: "box", port: 7 });
  });
});
