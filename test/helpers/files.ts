// Files for tests with real disks: bytes that look random and are the same every time, and what is there afterwards.
import { createCipheriv, createHash, hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";

const ZEROS = new Uint8Array(1 << 20);

/** Writes `length` bytes that do not compress and follow from `seed`; makes the folder. */
export async function writeFileOf(path: string, length: number, seed: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
  const file = await open(path, "w");
  try {
    for (let left = length; left > 0; left -= ZEROS.length)
      await file.write(cipher.update(ZEROS.subarray(0, Math.min(left, ZEROS.length))));
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file, in hex. */
export async function digestOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size <= ZEROS.length) return hash("sha256", await readFile(path));
  const hashing = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hashing);
  return hashing.digest("hex");
}

/** SHA-256 of a file or of every file in a folder, by path inside it. */
export async function digestsOf(path: string): Promise<Record<string, string>> {
  if (!(await stat(path)).isDirectory()) return { "": await digestOf(path) };
  const digests: Record<string, string> = {};
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) digests[relative(path, file)] = await digestOf(file);
  }
  return digests;
}
