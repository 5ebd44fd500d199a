import xterm from "@xterm/headless";
import { expect, test } from "vitest";
import { terminalSvg } from "../../media/terminal-svg.ts";

async function pictureOf(written: string): Promise<string> {
  const terminal = new xterm.Terminal({ cols: 20, rows: 2, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(written, resolve));
  return terminalSvg(terminal, "a <picture>");
}

test("words begin in their columns, and markup is text", async () => {
  const picture = await pictureOf("a <b>  c");
  expect(picture).toContain('<text x="14" y="27.32" textLength="42" ');
  expect(picture).toContain(">a &#60;b&#62;</text>");
  expect(picture).toContain('<text x="72.8" ');
  expect(picture).toContain("<title>a &#60;picture&#62;</title>");
});

test("what stands behind wide characters stays in its column", async () => {
  expect(await pictureOf("日本  x")).toContain('<text x="64.4" ');
});

test("bars and frames are shapes, one for neighbours that are alike", async () => {
  const picture = await pictureOf("╭──╮\u001b[32m███\u001b[0m░░");
  expect(picture.match(/<path /g)).toHaveLength(3);
  expect(picture).toContain('width="25.2" height="12" fill="#6bc46d"/>');
  expect(picture).not.toContain("<text");
});

test("inverse text has a background, bold and faint their attributes", async () => {
  const picture = await pictureOf("\u001b[7minverse\u001b[0m \u001b[1mbold\u001b[0m \u001b[2mfaint");
  expect(picture).toContain('height="18" fill="#d5dae3"/>');
  expect(picture).toMatch(/font-weight="bold">bold</);
  expect(picture).toMatch(/opacity="0.5">faint</);
});
