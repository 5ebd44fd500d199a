// Asking for peers sooner than it is due.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { metainfoOf } from "../../source/metainfo/from-info.ts";
import { encodeAnnounceResponse } from "../../source/protocol/tracker/http-announce.ts";
import { toHex } from "../../source/protocol/ids.ts";
import { makeTorrent } from "../storage/fixtures.ts";
import { rowOf, startEngine, untilRow } from "./support.ts";

test("a transfer that waits for its tracker announces sooner; one that is paused says why it does not", async () => {
  const server = createServer((_request, response) => {
    response.end(encodeAnnounceResponse({ interval: 1_800, peers: [] }, true));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { metainfo } = makeTorrent([{ length: 100_000 }], 16_384);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`;
  const on = await startEngine();
  const target = join(on.home, "x.torrent");
  await writeFile(target, metainfoOf(metainfo.infoBytes, [url]).bytes);
  const infoHash = toHex(metainfo.infoHash);
  await on.engine.send({ method: "download", target });
  const dueInSeconds = () => (rowOf(on, infoHash)!.trackers[0]!.nextAnnounceAt! - Date.now()) / 1_000;
  await untilRow(on, infoHash, ({ trackers }) => trackers[0]?.state === "working");
  expect(dueInSeconds()).toBeGreaterThan(1_000);
  expect(await on.engine.send({ method: "reannounce", infoHash })).toMatchObject({
    ok: true,
    text: "Asking for peers of shared again.",
  });
  expect(dueInSeconds()).toBeLessThanOrEqual(61);
  await on.engine.send({ method: "pause", infoHash });
  expect(await on.engine.send({ method: "reannounce", infoHash })).toMatchObject({
    ok: false,
    text: "shared is paused: resume it, and it looks for peers.",
  });
});
