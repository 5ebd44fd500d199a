// sta create: makes a .torrent file.
import { basename, dirname, resolve } from "node:path";
import { bytesText } from "../engine/transfer-summary.ts";
import { toHex } from "../protocol/ids.ts";
import { atomicWrite } from "../storage/atomic-write.ts";
import { StorageError, toStorageError } from "../storage/errors.ts";
import { createTorrent, leftOutText } from "../storage/hash-files.ts";
import { MetainfoError } from "../metainfo/errors.ts";
import { isWebSeed } from "../metainfo/web-seed-url.ts";
import type { Options } from "./options.ts";
import { EXIT, fail, print, printJson, tell } from "./output.ts";
import { UsageError } from "./usage-error.ts";
import { version } from "../program/version.ts";

export async function run([operand]: readonly string[], options: Options): Promise<number> {
  for (const url of options.announce) {
    if (!URL.canParse(url)) throw new UsageError(`Wrong format: "${url}" is no URL for --announce.`);
  }
  for (const url of options.webSeeds) {
    if (!isWebSeed(url)) throw new UsageError(`Wrong format: "${url}" is no http or https URL for --web-seed.`);
  }
  try {
    const path = resolve(operand!);
    const { metainfo, leftOut } = await createTorrent(path, {
      createdBy: `sta ${version()}`,
      private: options.private,
      ...(options.announce.length > 0 && { announce: options.announce.map((url) => [url]) }),
      ...(options.webSeeds.length > 0 && { webSeeds: options.webSeeds }),
      ...(options.pieceLength !== undefined && { pieceLength: options.pieceLength }),
    });
    const output = resolve(options.output ?? `${basename(path)}.torrent`);
    await atomicWrite(output, metainfo.bytes, 0o666 & ~process.umask()).catch((error: unknown) => {
      throw toOutputError(error, output);
    });
    const infoHash = toHex(metainfo.infoHash);
    const pieces = metainfo.pieceHashes.length / 20;
    if (options.json)
      printJson({ event: "created", infoHash, name: metainfo.name, bytes: metainfo.length, pieces, path: output });
    else
      print(
        `${output}: ${bytesText(metainfo.length)} in ${pieces} ${pieces === 1 ? "piece" : "pieces"}, info hash ${infoHash}`,
      );
    const note = leftOutText(leftOut);
    if (note !== undefined) tell(`sta: ${note}`);
    return EXIT.done;
  } catch (error) {
    if (error instanceof StorageError || error instanceof MetainfoError) return fail(error.message);
    throw error;
  }
}

/** It is the folder around a file to be written that is not there, and never the file. */
function toOutputError(error: unknown, output: string): StorageError {
  const failure = toStorageError(error, output);
  const why =
    failure.code === "missing"
      ? `there is no folder ${dirname(output)}`
      : failure.code === "in-the-way"
        ? "it is a folder"
        : undefined;
  if (why === undefined) return failure;
  const message = `${output} cannot be written, ${why}: --output takes the path of a file.`;
  return new StorageError(failure.code, output, message, { cause: error });
}
