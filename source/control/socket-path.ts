// Where the control socket of a state folder is.
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Bytes of a unix socket's path that every system takes (Linux 107, macOS 103). */
const MAX_SOCKET_PATH = 100;

/**
 * `$XDG_RUNTIME_DIR/sta/default.sock` for the usual state folder, else `control.sock` inside the state folder; when that is too
 * long for a socket, a name made of its hash in a folder of this user below the temporary folder.
 */
export function controlSocketPath(home: string, environment: Readonly<Record<string, string | undefined>>): string {
  const runtime = environment.XDG_RUNTIME_DIR;
  const isUsual = !environment.STA_HOME && !environment.XDG_STATE_HOME;
  if (isUsual && runtime?.startsWith("/") && runtime.length < MAX_SOCKET_PATH - 20)
    return join(runtime, "sta", "default.sock");
  const inside = join(home, "control.sock");
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside;
  const name = createHash("sha256").update(home).digest("hex").slice(0, 16);
  return join(tmpdir(), `sta-${process.getuid?.() ?? 0}`, `${name}.sock`);
}
