// Parts of files of a web server, over real HTTP on loopback.
import { expect, test } from "vitest";
import { KeptConnections } from "../../source/discovery/http-request.ts";
import { fetchRange, NotThatFile } from "../../source/engine/fetch-range.ts";
import { TrackerError } from "../../source/protocol/errors.ts";
import { makeTorrent } from "../storage/fixtures.ts";
import { hold, type Misbehaviour, serveRanges, status } from "./range-server.ts";

const single = makeTorrent([{ length: 1_000_000 }], 65_536, "one.bin");
const serveSingle = (misbehave?: Misbehaviour) => serveRanges({ "/one.bin": single.data }, misbehave);

const from = () => ({
  connections: new KeptConnections(1),
  signal: AbortSignal.timeout(10_000),
  localAddress: undefined,
  got: () => undefined,
  mostAtOnce: () => Infinity,
});
const file = (length: number) => ({ path: ["one.bin"], length, offset: 0 });
const segment = (fileOffset: number, length: number) => ({ file: 3, fileOffset, pieceOffset: 0, length });

test("takes a whole file that comes without a range, where the whole file was asked for", async () => {
  const server = await serveSingle((_request, response) => status(response, 200, single.data));
  const url = `${server.url}/one.bin`;
  let bytes = 0;
  const got = (part: Uint8Array) => void (bytes += part.length);
  const answer = await fetchRange({ ...from(), url, segment: segment(0, 1_000_000), file: file(1_000_000), got });
  await answer.read();
  expect(bytes).toBe(1_000_000);
  const part = fetchRange({ ...from(), url, segment: segment(0, 999_999), file: file(1_000_000) });
  await expect(part).rejects.toThrow(TrackerError);
});

test("hands on no more at once than may be, and nothing while it is paused", async () => {
  const server = await serveSingle();
  const url = `${server.url}/one.bin`;
  const parts: Buffer[] = [];
  const got = (bytes: Uint8Array) => {
    parts.push(Buffer.from(bytes));
    if (parts.length % 50 !== 0) return;
    const soFar = parts.length;
    answer.pause();
    setImmediate(() => {
      expect(parts.length).toBe(soFar);
      answer.resume();
    });
  };
  const options = { url, segment: segment(7, 900_000), file: file(1_000_000), got, mostAtOnce: () => 2_500.7 };
  const answer = await fetchRange({ ...from(), ...options });
  await answer.read();
  expect(Math.max(...parts.map(({ length }) => length))).toBe(2_500);
  expect(Buffer.compare(Buffer.concat(parts), single.data.subarray(7, 900_007))).toBe(0);
});

test.each([404, 410, 416])("knows by the status %i that the file is not there", async (code) => {
  const server = await serveSingle((_request, response) => status(response, code));
  const asking = fetchRange({ ...from(), url: server.url, segment: segment(0, 5), file: file(5) });
  await expect(asking).rejects.toThrow(NotThatFile);
  await expect(asking).rejects.toMatchObject({ file: 3 });
});

test("hands on not a byte that is more than was asked for", async () => {
  const server = await serveSingle((_request, response) => {
    response.writeHead(206, { "Content-Range": "bytes 0-4/1000000" });
    response.write(single.data.subarray(0, 3), () => response.end(single.data.subarray(3, 9)));
    return true;
  });
  const url = `${server.url}/one.bin`;
  let bytes = 0;
  const got = (part: Uint8Array) => void (bytes += part.length);
  const answer = await fetchRange({ ...from(), url, segment: segment(0, 5), file: file(1_000_000), got });
  await expect(answer.read()).rejects.toMatchObject({ code: "malformed" });
  expect(bytes).toBeLessThanOrEqual(5);
});

test("asks nothing by a query of a machine that is not the world's", async () => {
  const server = await serveSingle();
  const url = `${server.url}/one.bin?delete=all`;
  const asking = fetchRange({ ...from(), url, segment: segment(0, 5), file: file(1_000_000) });
  await expect(asking).rejects.toMatchObject({ code: "forbidden-address" });
  expect(server.asked).toEqual([]);
});

test("ends with its signal", async () => {
  const server = await serveSingle((_request, response) => hold(response));
  const ending = new AbortController();
  const asking = fetchRange({
    ...from(),
    signal: ending.signal,
    url: server.url,
    segment: segment(0, 5),
    file: file(5),
  });
  ending.abort();
  await expect(asking).rejects.toThrow(TrackerError);
});
