import { describe, expect, it } from "vitest";
import { MetainfoError } from "../../source/metainfo/errors.ts";
import { chosenFiles, isMagnet, parseMagnet } from "../../source/metainfo/magnet.ts";
import { toHex } from "../../source/protocol/ids.ts";

const HEX = "0123456789abcdef0123456789abcdef01234567";
const BASE_32 = "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH";

describe("a magnet link", () => {
  it.each([
    `magnet:?xt=urn:btih:${HEX}`,
    `MAGNET:?dn=x&xt=urn:btih:${HEX.toUpperCase()}`,
    `magnet:?xt=urn:btih:${BASE_32}`,
    `magnet:?xt=urn:btih:${BASE_32.toLowerCase()}`,
    `magnet:?xt=urn:btmh:1220ff&xt=urn:btih:${HEX}`,
    `magnet:?xt.1=urn:ed2k:1&xt.2=urn:btih:${HEX}`,
    `MAGNET:?XT=URN:BTIH:${HEX.toUpperCase()}`,
    `  magnet:?xt=urn:btih:${HEX}\n`,
  ])("%s names its torrent", (link) => {
    expect(isMagnet(link)).toBe(true);
    expect(toHex(parseMagnet(link).infoHash)).toBe(HEX);
  });

  it("says a name, trackers and peers", () => {
    const link = `magnet:?xt=urn:btih:${HEX}&dn=a%20b&tr=http%3A%2F%2Ft%2Fa&tr=udp://u:1&x.pe=10.0.0.1:2&x.pe=[::1]:3&ws=https%3A%2F%2Fw%2Fx&ws=ftp://w`;
    expect(parseMagnet(link)).toMatchObject({
      name: "a b",
      trackers: ["http://t/a", "udp://u:1"],
      peers: ["10.0.0.1:2", "[::1]:3"],
      webSeeds: ["https://w/x"],
    });
  });

  it("says them too when its keys are numbered, in capitals, or stand behind &amp;", () => {
    const link = `magnet:?xt=urn:btih:${HEX}&amp;DN=a&amp;tr.1=http://t/a&TR.2=udp://u:1&amp;X.PE=10.0.0.1:2`;
    expect(parseMagnet(link)).toMatchObject({
      name: "a",
      trackers: ["http://t/a", "udp://u:1"],
      peers: ["10.0.0.1:2"],
    });
  });

  it.each([
    "magnet:",
    "magnet:?dn=x",
    "magnet:?xt=urn:btih:",
    `magnet:?xt=urn:btih:${HEX}0`,
    `magnet:?xt=urn:btih:${HEX.slice(1)}`,
    `magnet:?xt=urn:btih:g${HEX.slice(1)}`,
    `magnet:?xt=urn:btih:1${BASE_32.slice(1)}`,
    "magnet:?xt=urn:btmh:1220abcd",
    "magnet:?xt=urn:btih:%00%ff",
  ])("%s is refused in a sentence", (link) => {
    expect(() => parseMagnet(link)).toThrow(MetainfoError);
  });

  it.each([
    ["0,2,4-6", [0, 2, 4, 5, 6]],
    ["5,1-3,2-4", [1, 2, 3, 4, 5]],
    ["8-4294967295", [8, 9]],
    [" 3 ,x,4-1,-2,1.5,,0x1", [3]],
    ["99999999999999999999,10", []],
    ["", []],
  ])("chooses files (so=%s)", (so, chosen) => {
    expect(chosenFiles(parseMagnet(`magnet:?xt=urn:btih:${HEX}&so=${so}`), 10)).toEqual(chosen);
  });

  it("chooses files in no time, however often it names all", () => {
    const { files } = parseMagnet(`magnet:?xt=urn:btih:${HEX}&so=${"0-4294967295,".repeat(600)}`);
    expect(files).toEqual([{ first: 0, last: 499_999 }]);
  });

  it("bounds what it takes", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `&tr=http://t/${i}&x.pe=10.0.0.1:${i + 1}`).join("");
    const { trackers, peers } = parseMagnet(`magnet:?xt=urn:btih:${HEX}${many}`);
    expect(trackers.length).toBeLessThanOrEqual(200);
    expect(peers.length).toBe(200);
  });
});
