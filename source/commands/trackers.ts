// sta trackers: every tracker with its state, what went wrong last and when it is asked again.
import type { AnnounceRow, TrackerStatus } from "../control/contract.ts";
import { withEngine } from "./on-transfer.ts";
import type { Options } from "./options.ts";
import { EXIT, print, printJson } from "./output.ts";
import { countText } from "../protocol/count-text.ts";

export function run(_operands: readonly string[], options: Options): Promise<number> {
  return withEngine(options, async (engine) => {
    const { trackers, transfers } = engine.getSnapshot();
    for (const tracker of trackers) {
      if (options.json) printJson({ kind: "channel", ...tracker });
      else print(channelLine(tracker));
    }
    for (const { name, infoHash, trackers: announces } of transfers) {
      for (const announce of announces) {
        if (options.json) printJson({ kind: "announce", infoHash, ...announce });
        else print(`${announceLine(announce)}  ${name}`);
      }
    }
    if (trackers.length === 0 && !options.json) print('No tracker is known: "sta --tracker HOST:PORT" adds one.');
    return EXIT.done;
  });
}

function channelLine({ address, state, problem, retryInSeconds, peers, files, reachable }: TrackerStatus): string {
  const what = state === "connected" ? `${countText(peers, "peer")}, ${countText(files, "file")}` : (problem ?? "");
  const dialled = reachable === undefined ? "" : reachable ? "peers can dial us" : "peers cannot dial us";
  return line(["channel ", address, state, what, dialled, again(retryInSeconds)]);
}

function announceLine({ address, state, problem, nextAnnounceAt, seeds, leechers }: AnnounceRow): string {
  const others = leechers === null ? "" : countText(leechers, "peer");
  const counts = seeds === null ? others : `${countText(seeds, "seed")}, ${countText(leechers ?? 0, "leecher")}`;
  return line(["announce", address, state, counts, problem ?? "", again(secondsUntil(nextAnnounceAt))]);
}

function secondsUntil(at: number | null): number | null {
  return at === null ? null : Math.max(0, Math.ceil((at - Date.now()) / 1_000));
}

function again(seconds: number | null): string {
  return seconds === null ? "" : `next in ${seconds} s`;
}

function line(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("  ");
}
