import { type FileHandle, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OpenFiles } from "../../source/storage/open-files.ts";
import { temporaryFolder } from "./fixtures.ts";

async function files() {
  const folder = await temporaryFolder();
  const opened: string[] = [];
  const opener = (name: string) => async () => {
    opened.push(name);
    await writeFile(join(folder, name), name);
    return open(join(folder, name));
  };
  return { opened, opener };
}

async function read(handle: FileHandle): Promise<string> {
  return String((await handle.read({ position: 0 })).buffer.subarray(0, 1));
}

describe("OpenFiles", () => {
  test("opens a file once, however many use it at once", async () => {
    const { opened, opener } = await files();
    const pool = new OpenFiles(2);
    expect(await Promise.all([1, 2, 3].map(() => pool.borrow("a", opener("a"), read)))).toEqual(["a", "a", "a"]);
    expect(opened).toEqual(["a"]);
    await pool.close("");
  });

  test("lets nobody open one more than may be in use at once, and goes on as soon as one is not", async () => {
    const { opened, opener } = await files();
    const pool = new OpenFiles(2);
    const releases: (() => void)[] = [];
    const hold = (name: string) =>
      pool.borrow(name, opener(name), () => new Promise<void>((resolve) => releases.push(resolve)));
    const held = ["a", "b", "c", "d"].map(hold);
    await expect.poll(() => releases.length).toBe(2);
    expect(opened).toEqual(["a", "b"]);
    const again = hold("a");
    await expect.poll(() => releases.length).toBe(3);
    for (let i = 0; i < 5; i++) {
      await expect.poll(() => releases.length).toBeGreaterThan(i);
      releases[i]!();
    }
    await Promise.all([...held, again]);
    expect(opened.toSorted()).toEqual(["a", "b", "c", "d"]);
    await pool.close("");
  });

  test("a file that cannot be opened keeps nobody waiting", async () => {
    const { opener } = await files();
    const pool = new OpenFiles(1);
    const broken = pool.borrow("x", () => Promise.reject(new Error("no")), read);
    const fine = pool.borrow("a", opener("a"), read);
    await expect(broken).rejects.toThrow("no");
    expect(await fine).toBe("a");
    await pool.close("");
  });

  test("closes the least recently used first", async () => {
    const { opened, opener } = await files();
    const pool = new OpenFiles(2);
    for (const name of ["a", "b", "a", "c", "a", "b"]) await pool.borrow(name, opener(name), read);
    expect(opened).toEqual(["a", "b", "c", "b"]);
    expect(pool.size).toBe(2);
    await pool.close("");
    expect(pool.size).toBe(0);
  });

  test("never closes a file that is in use, not for room and not when it is told to", async () => {
    const { opener } = await files();
    const pool = new OpenFiles(2);
    let finish = (): void => {};
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const slow = pool.borrow("a", opener("a"), async (handle) => {
      await waiting;
      return { text: await read(handle), handle };
    });
    for (const other of ["b", "c"]) await pool.borrow(other, opener(other), read);
    expect(pool.size).toBe(2);
    await pool.close("a");
    finish();
    const { text, handle } = await slow;
    expect(text).toBe("a");
    expect(handle.fd).toBe(-1);
    await pool.close("");
  });

  test("opens anew after a failure, of the opening or of the use", async () => {
    const { opened, opener } = await files();
    const pool = new OpenFiles(1);
    const failing = () => Promise.reject(new Error("no"));
    await expect(pool.borrow("a", failing, read)).rejects.toThrow("no");
    await expect(pool.borrow("a", opener("a"), failing)).rejects.toThrow("no");
    expect(await pool.borrow("a", opener("a"), read)).toBe("a");
    expect(opened).toEqual(["a", "a"]);
    await pool.close("");
  });
});
