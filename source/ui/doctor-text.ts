// How the engine does, as one sentence.
import type { Doctor } from "../control/contract.ts";
import { formatBytes } from "./format/bytes.ts";
import { counted, formatCount } from "./format/numbers.ts";
import { formatDuration } from "./format/time.ts";

/** What is wrong first; with nothing wrong the figures that would tell. */
export function doctorText(doctor: Doctor): string {
  const [first, ...others] = doctor.findings;
  if (first !== undefined)
    return others.length === 0 ? first : `${first} And ${counted(others.length, "more finding")}.`;
  const { rssBytes, uptimeSeconds, loopDelayMs, descriptors } = doctor;
  const limit = descriptors.limit === null ? "" : ` of ${formatCount(descriptors.limit)}`;
  return `All is well: up ${formatDuration(uptimeSeconds)}, ${formatBytes(rssBytes)}, loop ${loopDelayMs.p99} ms late, ${formatCount(descriptors.open)}${limit} descriptors.`;
}
