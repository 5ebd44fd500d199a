// A disk whose power can be cut: ext4 in a file, mounted through a loop device, shut down with its journal not written. Needs root and python3.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BYTES = "48M";

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, of <linux/ext4.h>: what is not on the disk now never comes to it. */
const SHUT_DOWN =
  "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: "pipe", encoding: "utf8" });

export class Ext4Disk {
  /** Where it is mounted. */
  readonly path: string;
  /** One device for its whole life: of two on one file each would have a cache of its own. */
  readonly #device: string;
  readonly #options: string;
  #isMounted = false;

  /** A new disk, mounted; `atEnd` is told how to remove it. Throws when this machine does not let us have one. */
  constructor(options: string, atEnd: (end: () => void) => void) {
    const base = mkdtempSync(join(tmpdir(), "sta-power-"));
    this.path = join(base, "disk");
    this.#options = options;
    mkdirSync(this.path);
    const image = join(base, "image");
    run("truncate", "-s", BYTES, image);
    this.#device = run("losetup", "--find", "--show", image).trim();
    atEnd(() => {
      // After a failure the writer may still be there.
      if (this.#isMounted) run("umount", "--lazy", this.path);
      run("losetup", "--detach", this.#device);
      rmSync(base, { recursive: true, force: true });
    });
    run("mkfs.ext4", "-q", "-F", this.#device);
    this.#mount();
  }

  /** Nothing reaches the disk from here on. */
  cut(): void {
    run("python3", "-c", SHUT_DOWN, this.path);
  }

  /** The power is back: the disk is mounted with what had reached it. Nobody may use it before. */
  restore(): void {
    this.#unmount();
    this.#mount();
  }

  #mount(): void {
    run("mount", "-o", this.#options, this.#device, this.path);
    this.#isMounted = true;
  }

  #unmount(): void {
    if (this.#isMounted) run("umount", this.path);
    this.#isMounted = false;
  }
}
