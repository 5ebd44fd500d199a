import { expect, it } from "vitest";
import { allowedFastSet } from "../../source/metainfo/allowed-fast-set.ts";
import { toInfoHash } from "../../source/protocol/ids.ts";

const infoHash = toInfoHash(new Uint8Array(20).fill(0xaa));
const setOf = (host: string, count: number, pieceCount = 1_313) =>
  allowedFastSet({ host, infoHash, pieceCount, count });

it("is the set that BEP 6 gives as its example", () => {
  expect(setOf("80.4.4.200", 7)).toEqual([1059, 431, 808, 1217, 287, 376, 1188]);
  expect(setOf("80.4.4.200", 9)).toEqual([1059, 431, 808, 1217, 287, 376, 1188, 353, 508]);
});

it("is the same for all of 256 addresses", () => {
  expect(setOf("80.4.4.1", 9)).toEqual(setOf("80.4.4.200", 9));
  expect(setOf("80.4.5.200", 9)).not.toEqual(setOf("80.4.4.200", 9));
});

it("is every piece of a torrent that has no more, each once", () => {
  expect([...setOf("80.4.4.200", 10, 3)].toSorted()).toEqual([0, 1, 2]);
  expect(setOf("80.4.4.200", 0)).toEqual([]);
});

it("is empty for what is no IPv4 address", () => {
  for (const host of ["::1", "fe80::1", "", "80.4.4", "example.org"]) expect(setOf(host, 9)).toEqual([]);
});
