import { expect, test } from "vitest";
import { Cast } from "../../media/cast.ts";
import { Steady } from "../../media/steady.ts";

test("two runs that differ in ports, time, folder and room come to the same text, column for column", () => {
  const run = (ports: readonly number[], hours: string, folder: string, free: string): string[] => {
    const steady = new Steady();
    return [
      `127.0.0.1:${ports[0]} \u001b[2m${hours}:59:58\u001b[0m`,
      `${hours}:59:59 127.0.0.1:${ports[1]} 127.0.0.1:${ports[0]} port ${ports[2]}`,
      `/tmp/sta-demo-${folder}/you   free ${free} GB  ${free} GB free`,
    ].map((text) => steady.text(text));
  };
  const one = run([33_333, 44_444, 55_555], "08", "aB3dEf", "84.0");
  expect(one).toEqual(run([50_001, 50_002, 50_003], "21", "zZ9xYw", "19.7"));
  expect(one[0]).toBe("127.0.0.1:40001 \u001b[2m14:02:00\u001b[0m");
  expect(one[1]).toBe("14:02:01 127.0.0.1:40002 127.0.0.1:40001 port 40003");
});

test("sizes, rates and what is left are as they were", () => {
  const text = "12.1 MB  3.6 MB/s  0:12 left  1:02:03 left  62 %  131072";
  expect(new Steady().text(text)).toBe(text);
});

test("a recording is a header and a line for each moment, its long pauses cut", () => {
  const cast = new Cast(80, 24, "sta");
  cast.wrote("a", 1000);
  cast.wrote("b\u001b[0m", 1240);
  cast.wrote("c", 99_000);
  const lines = cast.toString().trimEnd().split("\n");
  expect(JSON.parse(lines[0]!)).toMatchObject({ version: 2, width: 80, height: 24 });
  expect(lines.slice(1).map((line) => JSON.parse(line))).toEqual([
    [0, "o", "a"],
    [0.2, "o", "b\u001b[0m"],
    [1.7, "o", "c"],
  ]);
});
