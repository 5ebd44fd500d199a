// The viewer on a scripted client, as a process of its own: `node viewer-runner.ts REPORT [MISHAP [OPTIONS]]`. MISHAP `all-moves` moves 40 transfers
// four times a second, `nothing-moves` none; OPTIONS are those of the viewer, as JSON. Plain TypeScript without JSX,
// so that Node runs it as it is; the viewer itself comes from dist/. REPORT tells the test the pid, and then how it ended.
import { renameSync, writeFileSync } from "node:fs";
import { dieOfHangup } from "../../source/ui/terminal.ts";
import { busySnapshot, sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";

const [report, mishap, options = "{}"] = process.argv.slice(2);
const { openViewer } = await import(new URL("../../dist/source/chunks/open-viewer.js", import.meta.url).href);

const client = new ScriptedClient(mishap === "all-moves" ? busySnapshot(0) : sampleSnapshot());
let ticks = 0;
const ticking = setInterval(tick, mishap === "all-moves" ? 250 : 50);

function tick(): void {
  ticks++;
  if (mishap === "nothing-moves") return;
  if (mishap === "all-moves") return client.show(busySnapshot(ticks));
  client.change((snapshot) => ({
    ...snapshot,
    engine: { ...snapshot.engine, downBytesPerSecond: snapshot.engine.downBytesPerSecond + 1e6 },
  }));
}

client.answer = () => {
  if (mishap === "throw-in-a-timer") setTimeout(() => throwMishap(), 1);
  // Of such a snapshot nothing can be drawn.
  if (mishap === "throw-in-a-frame") client.change((snapshot) => ({ ...snapshot, trackers: [null as never] }));
  return { ok: true, text: "done" as never };
};

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function throwMishap(): never {
  throw new Error("a mishap in a timer");
}

/** In one step: the test reads it at any moment. */
function writeReport(value: object): void {
  writeFileSync(`${report}.new`, JSON.stringify(value));
  renameSync(`${report}.new`, report!);
}

writeReport({ pid: process.pid });
// What it takes to start is no part of what it takes to run.
const warming = setTimeout(() => writeReport({ pid: process.pid, warmCpuMs: cpuMs() }), 1000).unref();
const { reason, signal, error } = await openViewer({
  client,
  stdin: process.stdin,
  stdout: process.stdout,
  ...JSON.parse(options),
});
clearInterval(ticking);
clearTimeout(warming);
writeReport({ pid: process.pid, reason, signal, error: error?.message, cpuMs: cpuMs() });
if (reason === "no-terminal") process.stderr.write(`${error.message}\n`);
process.exitCode = reason === "no-terminal" ? 1 : 0;
if (reason === "terminal-gone") dieOfHangup();
