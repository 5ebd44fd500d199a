// The viewer on a scripted client, as a process of its own: `node viewer-runner.ts REPORT [MISHAP]`. Plain TypeScript without JSX,
// so that Node runs it as it is; the viewer itself comes from dist/. REPORT tells the test the pid, and then how it ended.
import { renameSync, writeFileSync } from "node:fs";
import { sampleSnapshot, ScriptedClient } from "../helpers/scripted-client.ts";

const [report, mishap] = process.argv.slice(2);
const built = new URL("../../dist/source/ui/", import.meta.url);
const { prepareEnvironment } = await import(new URL("environment.js", built).href);
prepareEnvironment(process.env);
const { dieOfHangup } = await import(new URL("terminal.js", built).href);
const { openViewer } = await import(new URL("open-viewer.js", built).href);

const client = new ScriptedClient(sampleSnapshot());
const ticking = setInterval(() => {
  client.change((snapshot) => ({
    ...snapshot,
    engine: { ...snapshot.engine, downBytesPerSecond: snapshot.engine.downBytesPerSecond + 1e6 },
  }));
}, 50);

client.answer = () => {
  if (mishap === "throw-in-a-timer") setTimeout(() => throwMishap(), 1);
  // Of such a snapshot nothing can be drawn.
  if (mishap === "throw-in-a-frame") client.change((snapshot) => ({ ...snapshot, trackers: [null as never] }));
  return { ok: true, text: "done" as never };
};

function throwMishap(): never {
  throw new Error("a mishap in a timer");
}

/** In one step: the test reads it at any moment. */
function writeReport(value: object): void {
  writeFileSync(`${report}.new`, JSON.stringify(value));
  renameSync(`${report}.new`, report!);
}

writeReport({ pid: process.pid });
const { reason, signal, error } = await openViewer({ client, stdin: process.stdin, stdout: process.stdout });
clearInterval(ticking);
const { user, system } = process.cpuUsage();
writeReport({ pid: process.pid, reason, signal, error: error?.message, cpuMs: (user + system) / 1000 });
if (reason === "no-terminal") process.stderr.write(`${error.message}\n`);
process.exitCode = reason === "no-terminal" ? 1 : 0;
if (reason === "terminal-gone") dieOfHangup();
