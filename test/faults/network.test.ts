// A network that is gone for a while, between two network namespaces: the download goes on by itself. STA_LONG=1: gone for 30 s and for
// 5 minutes; and for 120 s in which the machine sleeps, so that nobody who leaves can tell it. Needs root.
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { canMakeNetworks, makeNetwork } from "../helpers/network.ts";
import { Lab, STA, STA_TRACKER, untilSnapshot } from "../helpers/processes.ts";

const MB = 1_000_000;
const RATE = 5 * MB;

/** Seconds without a network, in how many it has to go on, and whether who downloads sleeps meanwhile. */
const GAPS: readonly (readonly [gap: number, patience: number, asleep?: "asleep"])[] = process.env["STA_LONG"]
  ? [
      [30, 15],
      [300, 60],
      [120, 15, "asleep"],
    ]
  : [[10, 15]];

test.skipIf(!canMakeNetworks("the test of a network that goes away")).for(GAPS)(
  "%d s without a network are over %d s after it is back",
  { timeout: 600_000 },
  async ([gap, patience, asleep]) => {
    const lab = await Lab.open(onTestFinished);
    const { a, b, setUp, inside: within } = await makeNetwork();
    const bytes = RATE * 12;
    await writeFileOf(lab.path("film.bin"), bytes, "film");
    const inside = (namespace: string, home: string, args: readonly string[]) =>
      lab.start(...within(namespace, process.execPath, ...args), { env: { STA_HOME: lab.path(home) } });
    const tracker = inside(a, "", [STA_TRACKER, "--host", "10.78.0.1", "--port", "5000", "--dir", lab.path("tracker")]);
    await tracker.line((line) => line.includes("listening on"));
    const daemon = async (namespace: string, home: string, host: string) => {
      const flags = ["--host", host, "--port", "0", "--dir", lab.path(`${home}-files`), "--tracker", "10.78.0.1"];
      const running = inside(namespace, home, [STA, "daemon", "--json", ...flags]);
      await running.json("listening");
      return { child: running.child, engine: await lab.engine(home) };
    };
    await daemon(a, "one", "10.78.0.1");
    const share = ["share", lab.path("film.bin"), "--limit-up", `${RATE / MB}MB`];
    expect(await lab.sta("one", share).end()).toMatchObject({ code: 0 });
    const { child, engine } = await daemon(b, "two", "10.78.0.2");
    await untilSnapshot(engine, "the catalogue", ({ catalogue }) => catalogue.some(({ holders }) => holders > 0));
    expect(await engine.send({ method: "download", target: "film.bin" })).toMatchObject({ ok: true });
    const received = () => engine.getSnapshot().transfers[0]?.downloadedBytes ?? 0;
    await untilSnapshot(engine, "bytes", () => received() > 2 * RATE);

    setUp(false);
    if (asleep) child.kill("SIGSTOP");
    onTestFinished(() => void child.kill("SIGCONT"));
    await delay(gap * 1_000);
    const before = received();
    setUp(true);
    child.kill("SIGCONT");
    const at = performance.now();
    await untilSnapshot(engine, "more", () => received() > before + 500_000, 2 * patience * 1_000);
    const seconds = (performance.now() - at) / 1_000;
    console.log(`${gap} s without a network: bytes again ${seconds.toFixed(1)} s after it`);
    expect(seconds).toBeLessThan(patience);
    await untilSnapshot(engine, "the end", ({ transfers }) => transfers[0]!.state === "seeding", 60_000);
    expect(await digestOf(lab.path("two-files", "film.bin"))).toBe(await digestOf(lab.path("film.bin")));
  },
);
