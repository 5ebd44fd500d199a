// WebTorrent, installed from npm beside the bench the first time it is asked for.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";

const SOURCE = join(import.meta.dirname, "webtorrent");
const INSTALLED = resolve(import.meta.dirname, "../../node_modules/.cache/bench-webtorrent");

/** The script that downloads with WebTorrent; undefined when it cannot be installed here. */
export function webtorrentScript(): string | undefined {
  cpSync(SOURCE, INSTALLED, { recursive: true });
  if (!existsSync(join(INSTALLED, "node_modules", "webtorrent"))) {
    const flags = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    if (spawnSync("npm", flags, { cwd: INSTALLED, stdio: "ignore" }).status !== 0) return undefined;
  }
  return join(INSTALLED, "leech.js");
}
