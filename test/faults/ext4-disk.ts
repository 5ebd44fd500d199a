// A disk whose power can be cut: ext4 in a file, mounted through a loop device, shut down with its journal not written. Needs root and python3.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BYTES = "48M";

/** EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, of <linux/ext4.h>: what is not on the disk now never comes to it. */
const SHUT_DOWN =
  "import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587D, struct.pack('I', 2))";

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: "pipe" });

export class Ext4Disk {
  /** Where it is mounted. */
  readonly path: string;
  readonly #image: string;
  readonly #options: string;
  #isMounted = false;

  /** A new disk, mounted; `atEnd` is told how to remove it. Throws when this machine does not let us have one. */
  constructor(options: string, atEnd: (end: () => void) => void) {
    const base = mkdtempSync(join(tmpdir(), "sta-power-"));
    this.path = join(base, "disk");
    this.#image = join(base, "image");
    this.#options = options;
    atEnd(() => {
      this.#unmount();
      rmSync(base, { recursive: true, force: true });
    });
    mkdirSync(this.path);
    run("truncate", "-s", BYTES, this.#image);
    run("mkfs.ext4", "-q", "-F", this.#image);
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
    run("mount", "-o", `loop,${this.#options}`, this.#image, this.path);
    this.#isMounted = true;
  }

  #unmount(): void {
    if (this.#isMounted) run("umount", this.path);
    this.#isMounted = false;
  }
}
