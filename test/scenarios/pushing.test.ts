// A fresh file of one slow seeder on real sockets: pulled by three peers, and pushed to them while they pull.
import { expect, onTestFinished, test } from "vitest";
import { digestOf, writeFileOf } from "../helpers/files.ts";
import { Lab, untilSnapshot } from "../helpers/processes.ts";

const MB = 1_000_000;
const BYTES = 12 * MB;
const PEERS = ["two", "three", "four"];

/** Seconds until the file is whole on all, and the share of its bytes that came in vain. */
async function race(pushed: boolean): Promise<{ seconds: number; wasted: number }> {
  const lab = await Lab.open(onTestFinished);
  await writeFileOf(lab.path("fresh.bin"), BYTES, "fresh");
  const tracker = await lab.tracker();
  const flags = ["--tracker", tracker.address, "--limit-up", "3MB"];
  for (const home of ["one", ...PEERS]) await lab.daemon(home, flags);
  expect(await lab.sta("one", ["share", lab.path("fresh.bin")]).end()).toMatchObject({ code: 0 });
  const startedAt = performance.now();
  const gets = PEERS.map((home) => lab.sta(home, ["get", "fresh.bin"]));
  if (pushed) expect(await lab.sta("one", ["push", "fresh.bin", "--keep"]).end()).toMatchObject({ code: 0 });
  for (const get of gets) expect(await get.end(60_000), get.stderr).toMatchObject({ code: 0 });
  const seconds = (performance.now() - startedAt) / 1_000;
  let wasted = 0;
  for (const home of PEERS) {
    expect(await digestOf(lab.path(`${home}-files`, "fresh.bin"))).toBe(await digestOf(lab.path("fresh.bin")));
    const { transfers } = await untilSnapshot(
      await lab.engine(home),
      "its row",
      (snapshot) => snapshot.transfers.length > 0,
    );
    wasted += transfers[0]!.wastedBytes;
  }
  return { seconds, wasted: wasted / (PEERS.length * BYTES) };
}

test(
  "a file pushed while peers pull it is whole on all of them, and little of it came twice",
  { timeout: 120_000 },
  async () => {
    const pulled = await race(false);
    const pushed = await race(true);
    expect(Math.max(pulled.wasted, pushed.wasted)).toBeLessThan(0.01);
    // How long it takes depends on the machine, and on which gift comes last: test/swarm/pushing.test.ts compares it on virtual time.
    console.log(`pulled in ${pulled.seconds.toFixed(1)} s, pushed in ${pushed.seconds.toFixed(1)} s`);
  },
);
