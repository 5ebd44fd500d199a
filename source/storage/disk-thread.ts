// The thread of DiskThreads: takes tasks, one after the other, and answers.
import { parentPort } from "node:worker_threads";
import { answerTo, type DiskAnswer, type DiskTask, transferOf } from "./disk-tasks.ts";
import { WINDOW_BYTES } from "./file-hasher.ts";

export interface DiskRequest {
  readonly id: number;
  readonly task: DiskTask;
}

export interface DiskReply {
  readonly id: number;
  readonly answer: DiskAnswer;
}

let window: Uint8Array | undefined;

parentPort?.on("message", ({ id, task }: DiskRequest) => {
  const answer = answerTo(task, () => (window ??= new Uint8Array(WINDOW_BYTES)));
  parentPort?.postMessage({ id, answer } satisfies DiskReply, transferOf(answer));
});
