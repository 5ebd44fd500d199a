// npm run soak -- [--minutes 20]: one engine, for long: peers come and go twice a second, its tracker is restarted each minute,
// torrents are added and removed, files are downloaded and removed with their data. Says at the end what memory and descriptors did.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { ControlClient } from "../../source/control/client.ts";
import type { Doctor } from "../../source/control/contract.ts";
import { type InfoHash, idFromHex, toInfoHash } from "../../source/protocol/ids.ts";
import { writeFileOf } from "../helpers/files.ts";
import { freePort, Lab } from "../helpers/processes.ts";
import { visit } from "./visitor.ts";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "20" } } });

/** What is watched: the figures of `sta doctor`, and when. */
interface Sample extends Doctor {
  readonly minute: number;
}

const VISITS_A_SECOND = 2;
const TRACKER_RESTART_MS = 60_000;
const SAMPLE_MS = 10_000;
/** Torrents that are added and removed in all, spread over the time. */
const TORRENTS = 500;
/** A download with its data removed, so often. */
const DOWNLOAD_MS = 15_000;
/** The first quarter is for warming up. */
const WARM_UP = 0.25;

const minutes = Number(values.minutes);
const startedAt = performance.now();
const endsAt = startedAt + minutes * 60_000;
const isOver = () => performance.now() >= endsAt;
const counts = { visits: 0, bytes: 0, torrents: 0, downloads: 0, restarts: 0 };

const lab = await Lab.open();
try {
  const trackerPort = await freePort();
  let tracker = await lab.tracker([], trackerPort);
  const flags = ["--tracker", tracker.address];
  const { port } = await lab.daemon("engine", flags);
  const other = await lab.daemon("other", flags);
  const [engine, seeder] = [await lab.engine("engine"), await lab.engine("other")];
  const standing = await share(engine, "standing", 8_000_000);
  const offered = await share(seeder, "offered", 20_000_000);

  const restartTracker = async () => {
    await tracker.running.kill("SIGKILL");
    await delay(2_000);
    counts.restarts++;
    // Somebody may have been given its port meanwhile.
    tracker = await lab.tracker([], trackerPort).catch(() => tracker);
  };
  const callVisitors = async () => {
    const infoHash = toInfoHash(idFromHex(standing)!) as InfoHash;
    const stayMs = Math.random() * 10_000;
    counts.visits++;
    counts.bytes += await visit({ port, infoHash, pieceCount: 16, stayMs });
  };
  const addAndRemove = async () => {
    const infoHash = await share(engine, `torrent-${counts.torrents++}`, 100_000 + Math.floor(Math.random() * 900_000));
    await delay(Math.random() * 5_000);
    await ask(engine, { method: "remove", infoHash, withData: true });
  };
  const download = async () => {
    const peers = [`127.0.0.1:${other.port}`];
    // While the tracker is away, nobody knows what is asked for.
    if ((await ask(engine, { method: "download", target: offered, peers })) === "") return;
    await delay(5_000);
    await ask(engine, { method: "remove", infoHash: offered, withData: true });
    counts.downloads++;
  };
  const samples: Sample[] = [];
  const look = async () => {
    const reply = await engine.send({ method: "doctor" });
    if (!reply.ok || !reply.doctor) throw new Error(reply.text);
    samples.push({ ...reply.doctor, minute: (performance.now() - startedAt) / 60_000 });
    const { rssBytes, heapBytes, bufferBytes, descriptors, loopDelayMs, peers } = reply.doctor;
    const memory = `${mb(rssBytes)} (heap ${mb(heapBytes)}, buffers ${mb(bufferBytes)})`;
    const what = [memory, `${descriptors.open} descriptors`, `p99 ${loopDelayMs.p99} ms`, `${peers} peers`];
    console.log(`${samples.at(-1)!.minute.toFixed(1)} min: ${what.join(", ")}; ${JSON.stringify(counts)}`);
  };
  await Promise.all([
    every(1_000 / VISITS_A_SECOND, callVisitors),
    every(TRACKER_RESTART_MS, restartTracker),
    every((minutes * 60_000) / TORRENTS, addAndRemove),
    every(DOWNLOAD_MS, download),
    every(SAMPLE_MS, look),
  ]);
  console.log(`\n${verdict(samples)}`);
} finally {
  await lab.close();
}

/** Begins `action` so often, without waiting for it, until the time is over; what is under way then is waited for. */
async function every(intervalMs: number, action: () => Promise<void>): Promise<void> {
  const underWay: Promise<void>[] = [];
  while (!isOver()) {
    await delay(Math.min(intervalMs, Math.max(0, endsAt - performance.now())));
    const done: Promise<void> = action();
    underWay.push(done);
  }
  await Promise.all(underWay);
}

async function ask(on: ControlClient, command: Parameters<ControlClient["send"]>[0]): Promise<string> {
  const reply = await on.send(command);
  // A tracker that is away is part of this.
  if (!reply.ok && !["tracker-problem", "not-found", "no-holder"].includes(reply.code))
    throw new Error(`${command.method}: ${reply.text}`);
  return reply.ok ? (reply.infoHash ?? "") : "";
}

async function share(on: ControlClient, name: string, bytes: number): Promise<string> {
  const path = join(lab.path("files"), name);
  await rm(path, { force: true });
  await mkdir(lab.path("files"), { recursive: true });
  await writeFileOf(path, bytes, name);
  return ask(on, { method: "share", path });
}

function verdict(samples: readonly Sample[]): string {
  const warm = samples.filter(({ minute }) => minute >= minutes * WARM_UP);
  const descriptors = warm.map((sample) => sample.descriptors.open);
  const growth = slope(warm.map(({ minute, rssBytes }) => [minute, rssBytes / 1e6]));
  const p99 = Math.max(...warm.map(({ loopDelayMs }) => loopDelayMs.p99));
  return [
    `memory: ${mb(warm[0]!.rssBytes)} after warming up, ${mb(warm.at(-1)!.rssBytes)} at the end: ${growth.toFixed(2)} MB a minute (0.5 wanted)`,
    `descriptors: ${Math.min(...descriptors)} to ${Math.max(...descriptors)}, ${descriptors.at(-1)} at the end`,
    `loop delay: ${p99} ms in the worst minute's 99th percentile (50 wanted)`,
    JSON.stringify(counts),
  ].join("\n");
}

/** Of the straight line through the points. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([at]) => at)), mean(points.map(([, value]) => value))];
  const above = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  return above / points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
