// Disks of a few megabytes that can be filled, made larger, made read-only and unmounted. They need root.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** May this process mount? Says so loudly when it may not. */
export function canMount(what: string): boolean {
  const probe = mkdtempSync(join(tmpdir(), "sta-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    console.warn(`SKIPPED: ${what} need root, to mount a disk.`);
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Mounts it anew with these options, such as `size=20m` or `ro`. */
  remount(options: string): void;
  /** Takes it away from under whoever uses it. */
  unmount(): void;
}

/** A disk in memory that goes when the test ends. */
export function smallDisk(size: string): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "sta-disk-"));
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: "ignore" });
  let isMounted = false;
  const unmount = () => {
    if (isMounted) run("umount", "-l", path);
    isMounted = false;
  };
  onTestFinished(() => {
    unmount();
    rmSync(path, { recursive: true, force: true });
  });
  run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path);
  isMounted = true;
  return { path, remount: (options) => run("mount", "-o", `remount,${options}`, path), unmount };
}
