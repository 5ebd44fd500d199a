import { expect, test } from "vitest";
import { parseMetainfo } from "../../source/metainfo/parse.ts";
import { webSeedUrl } from "../../source/metainfo/web-seed-url.ts";
import { buildMetainfo } from "../../source/metainfo/create.ts";

const hashed = { pieceLength: 16_384, pieceHashes: new Uint8Array(20) };
const single = parseMetainfo(
  buildMetainfo({ ...hashed, name: "a b.iso", files: [{ path: ["a b.iso"], length: 5 }], singleFile: true }),
);
const folder = parseMetainfo(
  buildMetainfo({
    ...hashed,
    name: "x#y",
    files: [
      { path: ["one"], length: 2 },
      { path: ["sub", "é?.txt"], length: 3 },
    ],
    singleFile: false,
  }),
);

test.each([
  ["http://w/other.iso", single, 0, "http://w/other.iso"],
  ["http://w/get?file=1", single, 0, "http://w/get?file=1"],
  ["http://w/isos/", single, 0, "http://w/isos/a%20b.iso"],
  ["http://w/pub", folder, 0, "http://w/pub/x%23y/one"],
  ["http://w/pub/", folder, 1, "http://w/pub/x%23y/sub/%C3%A9%3F.txt"],
])("at %s", (base, metainfo, file, url) => {
  expect(webSeedUrl(base, metainfo, file)).toBe(url);
});
