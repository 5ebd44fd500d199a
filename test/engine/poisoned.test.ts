// A peer that sends bad data to a running engine: banned, and still so when the engine starts again.
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { PeerConnection } from "../../source/protocol/peer/connection.ts";
import { encodeMessage } from "../../source/protocol/peer/messages.ts";
import { writeFileOf } from "../helpers/files.ts";
import { temporaryFolder } from "../storage/fixtures.ts";
import { handshakeFor, MB, nextEvent, rowOf, share, startEngine, torrentFile, untilRow } from "./support.ts";

/** A seeder on a port of its own whose every byte is wrong. */
async function spoiler(pieceCount: number): Promise<{ address: string; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    const connection = new PeerConnection();
    socket.on("error", () => undefined);
    socket.on("data", (bytes: Uint8Array) => {
      connection.receive(bytes, (message) => {
        if (message.type === "handshake") {
          connection.bind(pieceCount);
          socket.write(handshakeFor(message.infoHash, "-XX0000-spoiler"));
          for (const type of ["have-all", "unchoke"] as const) socket.write(encodeMessage({ type }));
        } else if (message.type === "request") {
          const { index, begin, length } = message;
          socket.write(encodeMessage({ type: "piece", index, begin, data: new Uint8Array(length).fill(1) }));
        }
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as { port: number }).port}`, connections: () => connections };
}

it("is banned at its first bad piece, also by an engine that starts again, and honest peers bring the file", async () => {
  const path = join(await temporaryFolder(), "poisoned.bin");
  await writeFileOf(path, 3 * MB, "poisoned");
  const seeder = await startEngine();
  const infoHash = await share(seeder, path);
  const torrent = await torrentFile(seeder, infoHash);
  const bad = await spoiler(rowOf(seeder, infoHash)!.pieceCount);
  const first = await startEngine();
  await first.engine.send({ method: "download", target: torrent, peers: [bad.address] });
  await untilRow(first, infoHash, ({ peers, wastedBytes }) => wastedBytes > 0 && peers.length === 0);
  expect(rowOf(first, infoHash)).toMatchObject({ heldPieces: 0 });
  await first.engine.close();
  const [, port] = bad.address.split(":");
  expect(await readFile(join(first.home, "bans"), "utf8")).toMatch(new RegExp(`^\\d{13} 127\\.0\\.0\\.1 ${port}\\n$`));
  const again = await startEngine({ home: first.home, folder: first.folder });
  const done = nextEvent(again, "done");
  await again.engine.send({ method: "download", target: infoHash, peers: [bad.address, seeder.address] });
  await done;
  expect(bad.connections()).toBe(1);
});
