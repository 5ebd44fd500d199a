import { EXIT } from "./output.ts";

/** No engine can be had; the message says why, `exitCode` what the command exits with. */
export class NoEngineError extends Error {
  override readonly name = "NoEngineError";
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
