#!/usr/bin/env node
// Nothing is imported before the version is known: an older Node would stop at syntax it cannot read.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 12)) {
  const { run } = await import("./cli.ts");
  process.exitCode = await run(process.argv.slice(2));
} else {
  process.stderr.write(`sta-tracker needs Node 22.12 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 1;
}
