import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { KeyStream } from "../../source/ui/key-stream.ts";

function open(): { terminal: PassThrough; keys: KeyStream; steps: string[] } {
  const terminal = Object.assign(new PassThrough(), {
    setRawMode: vi.fn<() => void>(),
    ref: () => {},
    unref: () => {},
  });
  const keys = new KeyStream(terminal as unknown as NodeJS.ReadStream);
  const steps: string[] = [];
  // As Ink reads: all there is, whenever there is something.
  keys.on("readable", () => {
    for (let step: string | null; (step = keys.read() as string | null) !== null;) steps.push(step);
  });
  return { terminal, keys, steps };
}

test("keys of one chunk are handed on one at a time, runs of text whole", async () => {
  const { terminal, steps } = open();
  terminal.write("ab\u007f\u007fc d\r\u001b[A\u001b[1;5C\u001bOHjj\t\u0003");
  await vi.waitFor(() => expect(steps).toHaveLength(11));
  expect(steps).toEqual([
    "ab",
    "\u007f",
    "\u007f",
    "c d",
    "\r",
    "\u001b[A",
    "\u001b[1;5C",
    "\u001bOH",
    "jj",
    "\t",
    "\u0003",
  ]);
});

test("a sequence that a slow link cut is handed on whole, and one whose rest never comes is no text", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { terminal, steps } = open();
    const heard = async (...chunks: string[]): Promise<string[]> => {
      for (const chunk of chunks) terminal.write(chunk);
      await vi.waitFor(() => expect(steps.at(-1)).toBe("."));
      return steps.splice(0);
    };
    expect(await heard("a\u001b[", "D\u001b[1;", "5", "C\u001bO", "H.")).toEqual([
      "a",
      "\u001b[D",
      "\u001b[1;5C",
      "\u001bOH",
      ".",
    ]);
    terminal.write("\u001b[1;");
    vi.advanceTimersByTime(499);
    expect(await heard("5D.")).toEqual(["\u001b[1;5D", "."]);
    terminal.write("b\u001b[1;");
    vi.advanceTimersByTime(500);
    expect(await heard(".")).toEqual(["b", "."]);
  } finally {
    vi.useRealTimers();
  }
});

test("what a terminal answers to the program before is no text, also when it is cut in two", async () => {
  const { terminal, steps } = open();
  for (const chunk of [
    "a\u001b]11;rgb:0000/0000/0000\u0007b\u001bP1$r0m\u001b\\c\u001b]11;rgb:00",
    "00/0\u001b",
    "\\d",
  ])
    terminal.write(chunk);
  await vi.waitFor(() => expect(steps.join("")).toBe("abcd"));
});

test("nothing is lost of what makes no key, nor of characters cut in two", async () => {
  const { terminal, steps } = open();
  const bytes = Buffer.from("é\u001b\u001b[Zü\u001b[200~a\nb\u001b[201~");
  for (const byte of bytes) terminal.write(Buffer.of(byte));
  await vi.waitFor(() => expect(steps.join("")).toBe(bytes.toString()));
});

test("after its end nothing is read from the terminal", async () => {
  const { terminal, keys, steps } = open();
  terminal.write("a");
  await vi.waitFor(() => expect(steps).toEqual(["a"]));
  keys.close();
  terminal.write("b");
  await new Promise((resolve) => setImmediate(resolve));
  expect(steps).toEqual(["a"]);
  expect(terminal.listenerCount("data")).toBe(0);
});
