// sta get: downloads one file or folder and waits until it is there and checked.
import { resolve } from "node:path";
import type { TransferRow } from "../control/contract.ts";
import { bytesText } from "../engine/transfer-summary.ts";
import { type RunningEngine, useEngine } from "./engine-access.ts";
import { findTransfer, sendWhenTrackersAnswer, untilSnapshot } from "./follow.ts";
import type { Options } from "./options.ts";
import { ownLimits } from "./own-limits.ts";
import { EXIT, fail, print, printJson, tell } from "./output.ts";
import { progressLine } from "./progress-line.ts";
import { SettledText } from "./settled-text.ts";
import { type UntilSignal, untilSignal } from "./until-signal.ts";

export async function run([operand]: readonly string[], options: Options): Promise<number> {
  let engine: RunningEngine | undefined;
  try {
    engine = await useEngine(options, { addsTransfer: true });
    return await get(engine, operand!, options, untilSignal());
  } finally {
    await engine?.close();
  }
}

/** Peers are asked what a magnet link names: who waits should know for what. */
const LOOKING_MS = 1_500;

async function get(engine: RunningEngine, operand: string, options: Options, until: UntilSignal): Promise<number> {
  const startedAt = performance.now();
  const target = operand.endsWith(".torrent") && !/^https?:/i.test(operand) ? resolve(operand) : operand;
  const asked = sendWhenTrackersAnswer(engine, () =>
    engine.send({
      method: "download",
      target,
      ...(options.peers.length > 0 && { peers: [...options.peers] }),
      ...(options.folder !== undefined && { folder: options.folder }),
      ...(options.sequential && { sequential: true }),
      ...(options.files && { files: options.files === "all" ? options.files : [...options.files] }),
      ...ownLimits(options),
    }),
  );
  const patience = setTimeout(() => tell("Looking for what this is; that takes a minute at most."), LOOKING_MS);
  const reply = await Promise.race([asked, until.ended.then(() => undefined)]).finally(() => clearTimeout(patience));
  if (!reply) return fail("Interrupted before the engine had answered.", await until.ended);
  if (!reply.ok) return fail(reply.text);
  if (options.filesFirst) {
    const files = Array.from(options.filesFirst, (index) => ({ index, priority: "high" as const }));
    const first = await engine.send({ method: "set-files", infoHash: reply.infoHash!, files });
    if (!first.ok) return fail(first.text);
  }
  if (!options.json) tell(reply.text);
  const row = await untilDone(engine, reply.infoHash!, options, until.over);
  if (row === "engine-gone") return fail(`The engine has gone; the same command starts it and goes on.`);
  if (row === "removed") return fail(`${operand} was removed from the transfers.`);
  if (!row) {
    const goesOn = options.standalone
      ? "what is here is kept; the same command goes on with it"
      : "the engine goes on with it";
    return fail(`Interrupted; ${goesOn}.`, await until.ended);
  }
  if (row.state === "error") return fail(`${row.name}: ${row.reason}`);
  const seconds = Math.round(performance.now() - startedAt) / 1_000;
  if (options.json)
    printJson({ event: "done", infoHash: row.infoHash, name: row.name, bytes: row.wantedBytes, seconds });
  else print(row.summary ?? `${row.name}: ${bytesText(row.wantedBytes)}, complete, in ${row.folder}`);
  if (options.seed && options.standalone) await until.ended;
  return EXIT.done;
}

/** The transfer once it is whole or cannot go on, or why it will not be; undefined when interrupted. Shows how far it is meanwhile. */
async function untilDone(
  engine: RunningEngine,
  infoHash: string,
  options: Options,
  signal: AbortSignal,
): Promise<TransferRow | "engine-gone" | "removed" | undefined> {
  const showsLine = process.stderr.isTTY === true && !options.json;
  let wasSeen = false;
  let name = "";
  const state = new SettledText("downloading", (text) => tell(`${name}: ${text}`));
  let shownAt = Number.NEGATIVE_INFINITY;
  const row = await untilSnapshot(
    engine,
    (snapshot) => {
      const transfer = findTransfer(snapshot, infoHash);
      if (snapshot.engine.state === "gone") return "engine-gone";
      // The answer to the command may be here before the snapshot that shows the transfer.
      if (!transfer) return wasSeen ? "removed" : undefined;
      wasSeen = true;
      if (transfer.state === "error" || isWhole(transfer)) return transfer;
      if (performance.now() - shownAt >= (showsLine ? 200 : 1_000)) {
        shownAt = performance.now();
        if (showsLine) process.stderr.write(`\r\x1B[K${progressLine(transfer, (process.stderr.columns || 80) - 1)}`);
        else if (options.json) printJson(progress(transfer));
      }
      name = transfer.name;
      if (!showsLine && !options.json) state.saw(stateOf(transfer));
      return undefined;
    },
    signal,
  );
  state.close();
  if (showsLine) process.stderr.write("\r\x1B[K");
  return row;
}

/** With why nothing moves, and without the numbers of what is being checked. */
function stateOf({ state, reason }: TransferRow): string {
  return state === "checking" || reason === "" ? state : `${state}: ${reason}`;
}

function isWhole(row: TransferRow): boolean {
  return row.wantedHeldBytes === row.wantedBytes && row.state !== "checking";
}

function progress({ infoHash, name, downBytesPerSecond, peers, ...row }: TransferRow): object {
  const { wantedHeldBytes: heldBytes, wantedBytes: bytes } = row;
  return { event: "progress", infoHash, name, heldBytes, bytes, downBytesPerSecond, peers: peers.length };
}
