// Ten thousand connections that say nothing, from 249 addresses: an engine keeps the few that may wait, and its download goes on.
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ControlClient } from "../../source/control/client.ts";
import { MAX_WAITING_INBOUND } from "../../source/engine/limits.ts";
import { writeFileOf } from "../helpers/files.ts";
import { Lab, untilSnapshot } from "../helpers/processes.ts";

const CONNECTIONS = 10_000;
/** Begun together; the next when all of them stand or have failed. */
const BATCH = 250;
const RATE = 10_000_000;
const MB = 1_000_000;

async function figuresOf(engine: ControlClient): Promise<{ rssBytes: number; descriptors: number }> {
  const reply = await engine.send({ method: "doctor" });
  if (!reply.ok || !reply.doctor) throw new Error(reply.text);
  return { rssBytes: reply.doctor.rssBytes, descriptors: reply.doctor.descriptors.open };
}

/** Opens them all, with `each` after each batch; resolves to those that the other side has not closed. */
async function flood(port: number, each: () => Promise<void>): Promise<Set<Socket>> {
  const open = new Set<Socket>();
  onTestFinished(() => open.forEach((socket) => socket.destroy()));
  for (let begun = 0; begun < CONNECTIONS; begun += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, n) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress: `127.0.0.${2 + ((begun + n) % 249)}` });
      return new Promise<void>((settled) => {
        socket.on("error", () => undefined);
        socket.on("connect", () => {
          open.add(socket);
          settled();
        });
        socket.on("close", () => {
          open.delete(socket);
          settled();
        });
      });
    });
    await Promise.all(batch);
    await each();
  }
  return open;
}

test("10 000 idle connections leave an engine as it was", { timeout: 60_000 }, async () => {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("film.bin"), 30 * RATE, "film");
  const tracker = await lab.tracker();
  const flags = ["--tracker", tracker.address];
  await lab.daemon("one", flags);
  const share = lab.sta("one", ["share", lab.path("film.bin"), "--limit-up", `${RATE / MB}MB`]);
  expect(await share.end()).toMatchObject({ code: 0 });
  const { port } = await lab.daemon("two", flags);
  const engine = await lab.engine("two");
  await untilSnapshot(engine, "the catalogue", ({ catalogue }) => catalogue.some(({ holders }) => holders > 0));
  expect(await engine.send({ method: "download", target: "film.bin" })).toMatchObject({ ok: true });
  const received = () => engine.getSnapshot().transfers[0]!.downloadedBytes;
  await untilSnapshot(engine, "bytes", () => received() > 3 * RATE);

  const before = await figuresOf(engine);
  const [startedAt, startedBytes] = [performance.now(), received()];
  const seen = [before];
  const open = await flood(port, async () => {
    seen.push(await figuresOf(engine));
    await delay(20);
  });
  const seconds = (performance.now() - startedAt) / 1_000;
  const rate = (received() - startedBytes) / seconds;
  const moreBytes = Math.max(...seen.map(({ rssBytes }) => rssBytes)) - before.rssBytes;
  console.log(
    `${CONNECTIONS} idle connections in ${seconds.toFixed(1)} s: ${open.size} kept, ${(moreBytes / MB).toFixed(1)} MB more resident, the download at ${((100 * rate) / RATE).toFixed(0)} %`,
  );
  // The last were closed before we hear of it.
  await vi.waitFor(() => expect(open.size).toBeLessThanOrEqual(MAX_WAITING_INBOUND), { timeout: 5_000 });
  expect(Math.max(...seen.map(({ descriptors }) => descriptors))).toBeLessThanOrEqual(before.descriptors + BATCH);
  expect(moreBytes).toBeLessThanOrEqual(20 * MB);
  expect(rate).toBeGreaterThanOrEqual(0.9 * RATE);
});
