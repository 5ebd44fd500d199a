// What crosses the wire in the interop tests: a single file and a folder, each with its difficulties.
import { writeFileOf } from "../helpers/files.ts";
import type { Lab } from "../helpers/processes.ts";

export interface Content {
  /** Of the file or folder below `folder`. */
  readonly name: string;
  readonly folder: string;
  /** As `sta create` made it. */
  readonly torrent: string;
  readonly infoHash: string;
}

interface Plan {
  readonly pieceLength: string;
  /** By path; without a folder it is a single-file torrent. */
  readonly files: Readonly<Record<string, number>>;
}

/** Pieces of 16 KiB and 1 MiB, an odd last piece, files that share pieces, an empty one, and one at a piece's edge. */
const PLANS: Readonly<Record<string, Plan>> = {
  "small-pieces.bin": { pieceLength: "16KiB", files: { "small-pieces.bin": 3_000_001 } },
  "large-pieces.bin": { pieceLength: "1MiB", files: { "large-pieces.bin": 20_971_521 } },
  "a folder": {
    pieceLength: "64KiB",
    files: {
      "a folder/first.bin": 100_000,
      "a folder/empty": 0,
      "a folder/deep/er/exact.bin": 65_536 * 3,
      "a folder/deep/one byte": 1,
      "a folder/ümläut 文件.bin": 1_234_567,
      "a folder/zz-last.bin": 17,
    },
  },
};

export const CONTENT_NAMES = Object.keys(PLANS);

/** Writes a content into the lab, unless it is there, and makes its torrent with `sta create`. */
export async function makeContent(
  lab: Lab,
  name: string,
  announce?: string,
  ...more: readonly string[]
): Promise<Content> {
  const { pieceLength, files } = PLANS[name]!;
  const folder = lab.path("originals");
  for (const [path, length] of Object.entries(files)) await writeFileOf(`${folder}/${path}`, length, path);
  const torrent = lab.path(`${name}.torrent`);
  const flags = ["--piece-length", pieceLength, ...(announce === undefined ? [] : ["--announce", announce]), ...more];
  const creating = lab.sta("create", ["create", `${folder}/${name}`, "-o", torrent, "--json", ...flags]);
  const { infoHash } = await creating.json("created");
  return { name, folder, torrent, infoHash: String(infoHash) };
}
