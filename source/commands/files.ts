// sta files: the files of a transfer, or of a torrent that is not here yet, with the numbers that --files takes.
import { resolve } from "node:path";
import { bytesText } from "../protocol/bytes-text.ts";
import { sendWhenTrackersAnswer } from "./follow.ts";
import { namedTransfer, withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson } from "./output.ts";

export function run([operand]: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const row = namedTransfer(engine.getSnapshot(), operand!);
    if (typeof row !== "string") {
      const reply = await engine.send({ method: "files", infoHash: row.infoHash });
      if (!reply.ok) return fail(reply.text);
      for (const file of reply.files!) {
        if (options.json) printJson(file);
        else print([file.index, file.path, bytesText(file.length), percentOf(file), file.priority].join("  "));
      }
      return EXIT.done;
    }
    const target = operand!.endsWith(".torrent") ? resolve(operand!) : operand!;
    const reply = await sendWhenTrackersAnswer(engine, () => engine.send({ method: "inspect", target }));
    if (!reply.ok) return fail(reply.text);
    for (const [index, file] of reply.torrent!.files.entries()) {
      if (options.json) printJson({ index, ...file });
      else print(`${index}  ${file.path}  ${bytesText(file.length)}`);
    }
    return EXIT.done;
  });
}

function percentOf({ heldBytes, length }: { heldBytes: number; length: number }): string {
  return `${length === 0 ? 100 : Math.floor((heldBytes / length) * 100)} %`;
}
