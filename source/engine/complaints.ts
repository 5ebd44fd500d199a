// Complaints: what a person should know of an engine, as sentences.
import type { DisplayText } from "../control/contract.ts";
import { countText } from "../protocol/count-text.ts";
import { displayText } from "../protocol/display-text.ts";
import type { EngineOptions } from "./engine-options.ts";
import { LOW_SPACE_BYTES, MAX_CONNECTIONS } from "./limits.ts";
import type { Surroundings } from "./surroundings.ts";
import type { TrackerLinks } from "./tracker-links.ts";
import type { TransferBook } from "./transfer-book.ts";
import { bytesText } from "./transfer-summary.ts";

export interface Complainer {
  readonly options: Pick<EngineOptions, "port" | "isPortNamed" | "folder">;
  /** The TCP port that takes peers. */
  readonly port: number;
  /** Of the disk of its folder; undefined while that is not known. */
  readonly freeBytes: number | undefined;
  /** Peers for whom there are descriptors. */
  readonly maxPeers: number;
  readonly book: TransferBook;
  readonly links: TrackerLinks;
  readonly surroundings: Surroundings;
}

/** Conditions that concern all of it, for the viewer's first line. */
export function alertsOf({
  options,
  port,
  freeBytes,
  maxPeers,
  book,
}: Omit<Complainer, "links" | "surroundings">): DisplayText[] {
  const alerts: string[] = [];
  if (freeBytes !== undefined && freeBytes < LOW_SPACE_BYTES) {
    alerts.push(`The disk of ${options.folder} is nearly full: ${bytesText(freeBytes)} are free.`);
  }
  const [missing, ...others] = book.missing;
  if (missing !== undefined) {
    const more = others.length === 0 ? "" : ` It is the same with ${countText(others.length, "other transfer")}.`;
    alerts.push(missing + more);
  }
  if (maxPeers < MAX_CONNECTIONS) {
    alerts.push(`Only ${maxPeers} peers fit into the files this process may open: raise "ulimit -n".`);
  }
  if (options.isPortNamed && options.port !== 0 && port !== options.port) {
    alerts.push(`Port ${options.port} is in use by another program: peers are taken on port ${port}.`);
  }
  return alerts.map(displayText);
}

/** What is wrong with trackers, the DHT and transfers. */
export function troublesOf({
  port,
  book,
  links,
  surroundings,
}: Pick<Complainer, "port" | "book" | "links" | "surroundings">): DisplayText[] {
  const troubles: string[] = [];
  const { forwarding, problem: dhtProblem } = surroundings;
  const asked = forwarding === undefined ? "" : ` Asked to do so, ${forwarding}.`;
  for (const { address, problem, reachable } of links.statuses(performance.now())) {
    if (problem !== null) troubles.push(`The tracker ${address} is of no use now: ${problem}.`);
    if (reachable !== false) continue;
    troubles.push(
      `The tracker ${address} cannot dial TCP port ${port} here: other peers cannot either, we have to dial them. Open it in the firewall, or forward it in the router.${asked}`,
    );
  }
  if (dhtProblem !== undefined) troubles.push(dhtProblem);
  for (const { transfer } of book.entries.values()) {
    if (transfer.problem) troubles.push(`${transfer.metainfo.name}: ${transfer.problem.message}`);
  }
  return troubles.map(displayText);
}
