import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SettledText } from "../../source/commands/settled-text.ts";

let said: string[];
let text: SettledText;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  text = new SettledText("downloading", (line) => said.push(line));
});

afterEach(() => vi.useRealTimers());

test("what stays is said once, and once more when it has changed back", () => {
  for (const state of ["waiting", "waiting", "downloading", "downloading"]) {
    text.saw(state);
    vi.advanceTimersByTime(1_000);
  }
  expect(said).toEqual(["waiting", "downloading"]);
});

test("seeing the same again does not put off saying it", () => {
  for (let i = 0; i < 10; i++) {
    text.saw("waiting");
    vi.advanceTimersByTime(100);
  }
  expect(said).toEqual(["waiting"]);
});

test("what passes is not said, nor what was known before it", () => {
  for (const state of ["waiting", "downloading", "checking", "waiting", "downloading"]) {
    text.saw(state);
    vi.advanceTimersByTime(900);
  }
  vi.advanceTimersByTime(5_000);
  expect(said).toEqual([]);
});

test("nothing is said after its end", () => {
  text.saw("waiting");
  text.close();
  vi.advanceTimersByTime(5_000);
  expect(said).toEqual([]);
});
