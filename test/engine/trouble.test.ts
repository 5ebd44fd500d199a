import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DISK_RETRY_MS } from "../../source/engine/limits.ts";
import { Trouble } from "../../source/engine/trouble.ts";
import { StorageError } from "../../source/storage/errors.ts";

const full = new StorageError("disk-full", "/data", "the disk is full");
const denied = new StorageError("not-writable", "/data", "it may not be written");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const told: string[] = [];
  const retry = vi.fn();
  return { trouble: new Trouble({ tell: ({ code }) => told.push(code), retry }), told, retry };
}

it("is told once until something worked in between, and each other trouble too", () => {
  const { trouble, told } = open();
  trouble.begin(full);
  // It was on its way before.
  trouble.worked();
  trouble.begin(full);
  trouble.begin(denied);
  expect(told).toEqual(["disk-full", "not-writable"]);
  vi.advanceTimersByTime(DISK_RETRY_MS);
  trouble.worked();
  trouble.begin(denied);
  expect(told).toEqual(["disk-full", "not-writable", "not-writable"]);
});

it("is tried again after a while, unless it is closed", () => {
  const { trouble, retry } = open();
  trouble.begin(full);
  expect(trouble.error).toBe(full);
  vi.advanceTimersByTime(DISK_RETRY_MS - 1);
  expect(retry).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect([retry.mock.calls.length, trouble.error]).toEqual([1, undefined]);
  trouble.begin(full);
  trouble.close();
  vi.advanceTimersByTime(DISK_RETRY_MS);
  expect(retry).toHaveBeenCalledTimes(1);
});

it("is tried again in time also when it is met again and again meanwhile", () => {
  const { trouble, retry } = open();
  for (let i = 0; i < 4; i++) {
    trouble.begin(full);
    vi.advanceTimersByTime(DISK_RETRY_MS / 4);
  }
  expect(retry).toHaveBeenCalledTimes(1);
});

it("is told again when a person asked to try again", () => {
  const { trouble, told } = open();
  trouble.begin(full);
  trouble.forget();
  expect(trouble.error).toBeUndefined();
  trouble.begin(full);
  expect(told).toEqual(["disk-full", "disk-full"]);
});
