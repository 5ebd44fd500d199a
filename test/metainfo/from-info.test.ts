import { expect, test } from "vitest";
import { isInfoOf, metainfoOf } from "../../source/metainfo/from-info.ts";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { makeTorrent } from "../storage/fixtures.ts";

test("the info dictionary of a torrent makes the same torrent again, with the trackers that are known", () => {
  const { metainfo } = makeTorrent([{ length: 100 }]);
  const again = metainfoOf(metainfo.infoBytes, ["http://a/announce", "udp://b:1"]);
  expect(again.infoHash).toEqual(metainfo.infoHash);
  expect(again.announce).toEqual([["http://a/announce"], ["udp://b:1"]]);
  expect(parseMetainfo(again.bytes)).toEqual(again);
  expect(metainfoOf(metainfo.infoBytes, []).announce).toEqual([]);
  expect(metainfoOf(metainfo.infoBytes, ["http://a/announce"], ["https://w/x"]).webSeeds).toEqual(["https://w/x"]);
});

test("only the bytes that the hash is of are the info dictionary", () => {
  const { metainfo } = makeTorrent([{ length: 100 }]);
  expect(isInfoOf(metainfo.infoHash, metainfo.infoBytes)).toBe(true);
  const other = metainfo.infoBytes.slice();
  other[5]! ^= 1;
  expect(isInfoOf(metainfo.infoHash, other)).toBe(false);
});
