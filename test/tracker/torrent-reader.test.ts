import { expect, test } from "vitest";
import { encode } from "../../source/protocol/bencode.ts";
import { toBase64 } from "../../source/protocol/channel/bitfield.ts";
import { ProtocolError } from "../../source/protocol/errors.ts";
import { LARGE_METAINFO_CHARACTERS, MAX_METAINFO_BYTES } from "../../tracker/limits.ts";
import { RequestError } from "../../tracker/request-error.ts";
import { TorrentReader } from "../../tracker/torrent-reader.ts";
import { torrentOf } from "./torrents.ts";

/** A torrent whose metainfo is `size` bytes long. */
function torrentOfSize(size: number): Uint8Array {
  const info = { name: "x", length: 1, "piece length": 16_384, pieces: new Uint8Array(20) };
  const empty = encode({ comment: new Uint8Array(), info }).length;
  for (const digits of [2, 3, 4, 5, 6, 7, 8]) {
    const bytes = encode({ comment: new Uint8Array(size - empty - digits + 1), info });
    if (bytes.length === size) return bytes;
  }
  throw new RangeError(`no torrent has ${size} bytes`);
}

const characters = (bytes: number) => 4 * Math.ceil(bytes / 3);

test.for([
  ["just not in a thread", (LARGE_METAINFO_CHARACTERS / 4) * 3],
  ["just in a thread", (LARGE_METAINFO_CHARACTERS / 4) * 3 + 1],
  ["one byte below the largest", MAX_METAINFO_BYTES - 1],
  ["the largest", MAX_METAINFO_BYTES],
] as const)("a torrent is read alike, be it %s", async ([, size]) => {
  const bytes = torrentOfSize(size);
  expect(characters(size) > LARGE_METAINFO_CHARACTERS).toBe(size > (LARGE_METAINFO_CHARACTERS / 4) * 3);
  const { facts, bytes: read } = await new TorrentReader().read(toBase64(bytes));
  expect(facts).toMatchObject({ name: "x", length: 1, pieceCount: 1 });
  expect(Buffer.compare(read, bytes)).toBe(0);
});

test("one byte more than the largest is refused", async () => {
  const read = new TorrentReader().read(toBase64(torrentOfSize(MAX_METAINFO_BYTES + 1)));
  await expect(read).rejects.toThrow(
    `a torrent may have ${MAX_METAINFO_BYTES} bytes, this has ${MAX_METAINFO_BYTES + 1}`,
  );
});

test.for([1, 100_000])("what is no torrent, or no base64, is told in its own way, times %s", async (times) => {
  const reader = new TorrentReader();
  await expect(reader.read(toBase64(new Uint8Array(3 * times)))).rejects.toThrow(RequestError);
  await expect(reader.read("*".repeat(4 * times))).rejects.toThrow(ProtocolError);
});

test("a torrent that takes long to read keeps nobody waiting", async () => {
  const files = Array.from({ length: 100_000 }, (_, i) => ({ length: 1, path: [`folder ${i % 100}`, `file ${i}`] }));
  const info = { name: "many", "piece length": 16_384, files, pieces: new Uint8Array(20 * 7) };
  const base64 = toBase64(encode({ info }));
  let longest = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  const startedAt = performance.now();
  const { facts } = await new TorrentReader().read(base64);
  const took = performance.now() - startedAt;
  clearInterval(ticks);
  expect(facts).toMatchObject({ name: "many", length: 100_000 });
  expect(longest).toBeLessThan(Math.max(took / 3, 100));
  const small = await new TorrentReader().read(toBase64(torrentOf("small").bytes));
  expect(small.facts.name).toBe("small");
});
