import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { controlSocketPath } from "../../source/control/socket-path.ts";

const HOME = "/home/ann/.local/state/sta";

test("the usual state folder has its socket in the runtime folder", () => {
  expect(controlSocketPath(HOME, { XDG_RUNTIME_DIR: "/run/user/1000" })).toBe("/run/user/1000/sta/default.sock");
});

test("without a runtime folder it lies in the state folder", () => {
  expect(controlSocketPath(HOME, {})).toBe(`${HOME}/control.sock`);
  expect(controlSocketPath(HOME, { XDG_RUNTIME_DIR: "" })).toBe(`${HOME}/control.sock`);
  expect(controlSocketPath(HOME, { XDG_RUNTIME_DIR: "relative" })).toBe(`${HOME}/control.sock`);
});

test("a state folder of one's own never shares the socket of the usual one", () => {
  const runtime = { XDG_RUNTIME_DIR: "/run/user/1000" };
  expect(controlSocketPath("/srv/a", { ...runtime, STA_HOME: "/srv/a" })).toBe("/srv/a/control.sock");
  expect(controlSocketPath("/srv/b/sta", { ...runtime, XDG_STATE_HOME: "/srv/b" })).toBe("/srv/b/sta/control.sock");
});

test("a path too long for a socket becomes a short one of its own, the same each time", () => {
  const long = `/srv/${"ü".repeat(60)}`;
  const path = controlSocketPath(long, { STA_HOME: long });
  expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100);
  expect(path.startsWith(tmpdir())).toBe(true);
  expect(controlSocketPath(long, { STA_HOME: long })).toBe(path);
  expect(controlSocketPath(`${long}x`, { STA_HOME: `${long}x` })).not.toBe(path);
  const tooLongRuntime = { XDG_RUNTIME_DIR: `/run/${"x".repeat(100)}` };
  expect(controlSocketPath(HOME, tooLongRuntime)).toBe(`${HOME}/control.sock`);
});
