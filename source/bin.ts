#!/usr/bin/env node
// The bin. Says in one line when Node is too old, before anything that an old Node could not parse is loaded.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `sta needs Node 22.12 or newer, and this is Node ${process.versions.node}: "npm run sta -- ..." in a clone brings its own.\n`,
  );
  process.exitCode = 1;
} else {
  // npm runs its scripts in the package's folder: paths are meant from where it was called.
  const { npm_lifecycle_event: script, INIT_CWD: calledFrom } = process.env;
  if (script === "sta" && calledFrom) {
    process.chdir(calledFrom);
    delete process.env.npm_lifecycle_event;
  }
  const { run } = await import("./cli.ts");
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    // A mistake of ours: one sentence for the user, the rest for whoever mends it.
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const details = process.env.STA_DEBUG ? `\n${stack}` : " STA_DEBUG=1 shows where.";
    process.stderr.write(`sta: This is a mistake of sta itself: ${message}.${details}\n`);
    process.exitCode = 1;
  }
}
