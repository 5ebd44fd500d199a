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
