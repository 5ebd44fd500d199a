#!/usr/bin/env node
// Nothing is imported before the version is known: an older Node would stop at syntax it cannot read.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 12)) {
  // npm runs its scripts in the package's folder: paths are meant from where it was called.
  const { npm_lifecycle_event: script, INIT_CWD: calledFrom } = process.env;
  if (script === "tracker" && calledFrom) process.chdir(calledFrom);
  const { run } = await import("./cli.ts");
  process.exitCode = await run(process.argv.slice(2));
} else {
  process.stderr.write(
    `sta-tracker needs Node 22.12 or newer, and this is Node ${process.versions.node}: "npm run tracker -- ..." in a clone brings its own.\n`,
  );
  process.exitCode = 1;
}
