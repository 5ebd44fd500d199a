// Builds dist/ anew: each bin and each thread with what it needs in a few files, packages included. Loaded as several hundred modules
// the same code takes a tenth of a second and 15 MB more at every start.
import { chmodSync, rmSync } from "node:fs";
import { rolldown } from "rolldown";

/** Threads stand among the chunks: the code that starts one looks for it beside itself. `open-viewer` has a name of its own for tests. */
const ENTRIES = {
  "source/bin": "source/bin.ts",
  "tracker/bin": "tracker/bin.ts",
  "source/chunks/disk-thread": "source/storage/disk-thread.ts",
  "source/chunks/torrent-worker": "tracker/torrent-worker.ts",
  "source/chunks/open-viewer": "source/ui/open-viewer.tsx",
};

rmSync("dist", { recursive: true, force: true });
const bundle = await rolldown({
  input: ENTRIES,
  platform: "node",
  // What a package asks for and can do without.
  external: ["bufferutil", "utf-8-validate", "react-devtools-core"],
  // React without its checks: it needs a third less.
  transform: { define: { "process.env.NODE_ENV": '"production"' } },
});
await bundle.write({ dir: "dist", chunkFileNames: "source/chunks/[name]-[hash].js" });
for (const bin of ["dist/source/bin.js", "dist/tracker/bin.js"]) chmodSync(bin, 0o755);
