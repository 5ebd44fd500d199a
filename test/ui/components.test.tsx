import { cleanup, render } from "ink-testing-library";
import { afterEach, expect, test, vi } from "vitest";
import { Prompt } from "../../source/ui/components/prompt.tsx";
import { Rows } from "../../source/ui/components/rows.tsx";
import { StatusLine } from "../../source/ui/components/status-line.tsx";

afterEach(() => {
  cleanup();
});

test("rows stand below each other and end at their width", () => {
  const { lastFrame } = render(<Rows lines={["one", "two is longer than that"]} width={10} />);
  expect(lastFrame()).toBe("one\ntwo is lo…");
});

test("rows of the same texts are not drawn again", () => {
  const { rerender, frames } = render(<Rows lines={["one", "two"]} width={10} />);
  const before = frames.length;
  rerender(<Rows lines={["one", "two"]} width={10} />);
  expect(frames.at(-1)).toBe(frames[before - 1]);
  rerender(<Rows lines={["one", "three"]} width={10} />);
  expect(frames.at(-1)).toBe("one\nthree");
});

test("the status line has its glyph, or a spinner in its place", async () => {
  const status = { before: " sta ", glyph: "●", after: " tracker" };
  const { rerender, lastFrame } = render(<StatusLine status={status} ascii={false} />);
  expect(lastFrame()).toBe(" sta ● tracker");
  rerender(<StatusLine status={{ ...status, glyph: null }} ascii />);
  expect(lastFrame()).toMatch(/^ sta [-\\|/] tracker$/);
  const first = lastFrame();
  await vi.waitFor(() => expect(lastFrame()).not.toBe(first));
});

test("the prompt shows its line, and turns while it waits", async () => {
  const line = { before: "qu", under: "i", after: "t", hidden: 0 };
  const shared = { width: 60, ascii: false, still: false };
  const { lastFrame, rerender } = render(
    <Prompt prompt={{ label: ":", line, waiting: false, note: "" }} {...shared} />,
  );
  expect(lastFrame()).toBe(" :quit");
  rerender(<Prompt prompt={{ label: ":", line, waiting: true, note: "" }} {...shared} />);
  await vi.waitFor(() => expect(lastFrame()).toMatch(/:quit.*[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/));
});
