// Loads: what is sent or checked in the bench, made once each.
import { join } from "node:path";
import { digestsOf, writeFileOf } from "../helpers/files.ts";
import type { Lab } from "../helpers/processes.ts";

/** What is sent: `name` in `folder`, described by `torrent`. */
export interface Load {
  readonly folder: string;
  readonly name: string;
  readonly torrent: string;
  readonly bytes: number;
  /** SHA-256 of each file, by path. */
  readonly digests: Readonly<Record<string, string>>;
}

export interface LoadPlan {
  /** A file name: loads of one name are one load. */
  readonly name: string;
  readonly bytes: number;
  readonly pieceLength: string;
  /** 1: a single file. */
  readonly files?: number;
}

/** Makes loads when they are first asked for. */
export class Loads {
  readonly #lab: Lab;
  readonly #made = new Map<string, Promise<Load>>();

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  get(plan: LoadPlan): Promise<Load> {
    const made = this.#made.get(plan.name) ?? this.#make(plan);
    this.#made.set(plan.name, made);
    return made;
  }

  async #make({ name, bytes, pieceLength, files = 1 }: LoadPlan): Promise<Load> {
    const folder = this.#lab.path("loads");
    const path = join(folder, name);
    if (files === 1) await writeFileOf(path, bytes, name);
    else for (let i = 0; i < files; i++) await writeFileOf(fileOf(path, i), Math.floor(bytes / files), `${name} ${i}`);
    const torrent = this.#lab.path(`${name}.torrent`);
    const flags = ["-o", torrent, "--piece-length", pieceLength, "--json"];
    await this.#lab.sta("create", ["create", path, ...flags]).json("created", undefined, 300_000);
    return { folder, name, torrent, bytes, digests: await digestsOf(path) };
  }
}

/** A hundred files a folder. */
function fileOf(path: string, i: number): string {
  return join(path, `folder-${Math.floor(i / 100)}`, `file-${i}`);
}

/** Throws when what lies in `folder` is not the load. */
export async function expectWhole({ name, digests }: Load, folder: string): Promise<void> {
  const there = await digestsOf(join(folder, name));
  const names = Object.keys(digests);
  const isSame = Object.keys(there).length === names.length && names.every((file) => there[file] === digests[file]);
  if (!isSame) throw new Error(`${name} did not arrive as it was sent.`);
}
