// Waiting for what an engine does.
import type { Reply, Snapshot, TransferRow } from "../control/contract.ts";
import { displayText } from "../protocol/display-text.ts";
import type { RunningEngine } from "./engine-access.ts";

/** How long a command waits for a tracker that is being connected to before it takes no for an answer. */
const TRACKER_MS = 8_000;

/** Resolves with the first value that is not undefined, asked after each snapshot; or with undefined when `signal` ends it. */
export function untilSnapshot<Value>(
  engine: RunningEngine,
  ask: (snapshot: Snapshot) => Value | undefined,
  signal?: AbortSignal,
): Promise<Value | undefined> {
  return new Promise((resolve) => {
    let stop: () => void = () => undefined;
    const settle = (value: Value | undefined) => {
      stop();
      resolve(value);
    };
    const look = () => {
      const value = ask(engine.getSnapshot());
      if (value !== undefined) settle(value);
    };
    if (signal?.aborted) return settle(undefined);
    signal?.addEventListener("abort", () => settle(undefined), { once: true });
    stop = engine.subscribe(look);
    look();
  });
}

/** Sends a command whose answer may depend on a catalogue that is still on its way: asks again while trackers are being connected to. */
export async function sendWhenTrackersAnswer(engine: RunningEngine, send: () => Promise<Reply>): Promise<Reply> {
  const deadline = AbortSignal.timeout(TRACKER_MS);
  for (;;) {
    const reply = await send();
    if (reply.ok || !["not-found", "no-holder", "tracker-problem"].includes(reply.code)) return reply;
    if (deadline.aborted) return withTrackers(reply, engine.getSnapshot());
    const before = engine.getSnapshot();
    if (!before.trackers.some(({ state }) => state === "connecting")) return withTrackers(reply, before);
    await untilSnapshot(
      engine,
      ({ engine: { state }, trackers, catalogue }) =>
        trackers !== before.trackers || catalogue !== before.catalogue || state === "gone" ? true : undefined,
      deadline,
    );
  }
}

/** What is not found may be known to a tracker that is away. */
function withTrackers(reply: Extract<Reply, { ok: false }>, snapshot: Snapshot): Reply {
  const problem = trackerProblem(snapshot);
  return problem ? { ...reply, text: displayText(`${reply.text} ${problem.replace(/\.$/, "")}.`) } : reply;
}

/** The transfer with this info hash. */
export function findTransfer(snapshot: Snapshot, infoHash: string): TransferRow | undefined {
  return snapshot.transfers.find((row) => row.infoHash === infoHash);
}

/** Trackers that are not there, as a sentence; undefined when all are. */
export function trackerProblem(snapshot: Snapshot): string | undefined {
  const away = snapshot.trackers.filter(({ state }) => state === "waiting" || state === "refused");
  if (away.length === 0) return undefined;
  return away
    .map(({ address, problem }) => `The tracker ${address} is not there${problem ? `: ${problem}` : ""}`)
    .join("; ");
}
