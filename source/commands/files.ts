// sta files: the files of a transfer, or of a torrent that is not here yet, with the numbers that --files takes.
import { resolve } from "node:path";
import { bytesText } from "../protocol/bytes-text.ts";
import type { FileRow } from "../control/contract.ts";
import { sendWhenTrackersAnswer } from "./follow.ts";
import { inColumns } from "./in-columns.ts";
import { namedTransfer, withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";

export function run([operand]: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const row = namedTransfer(engine.getSnapshot(), operand!);
    if (typeof row !== "string") {
      const reply = await engine.send({ method: "files", infoHash: row.infoHash });
      if (!reply.ok) return fail(reply.text);
      if (options.json) for (const file of reply.files!) printJson(file);
      else for (const line of inColumns(reply.files!.map(heldParts))) print(line);
      return EXIT.done;
    }
    const target = operand!.endsWith(".torrent") ? resolve(operand!) : operand!;
    const reply = await sendWhenTrackersAnswer(engine, () => engine.send({ method: "inspect", target }));
    if (!reply.ok) return fail(reply.text);
    const { files } = reply.torrent!;
    if (options.json) for (const file of files) printJson(file);
    else for (const line of inColumns(files.map(parts))) print(line);
    return EXIT.done;
  });
}

function parts({ index, path, length }: { index: number; path: string; length: number }): string[] {
  return [String(index), path, bytesText(length)];
}

function heldParts(file: FileRow): string[] {
  const { heldBytes, length, priority } = file;
  const percent = length === 0 ? 100 : Math.floor((heldBytes / length) * 100);
  return [...parts(file), `${percent} %`, priority];
}
