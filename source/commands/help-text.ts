// `sta --help`, made from the table of commands.
import { COMMANDS } from "./table.ts";

/** The whole help text. */
export function helpText(): string {
  const rows = Object.entries(COMMANDS).map(([name, { usage, summary }]) => {
    const line = `sta ${name === "open" ? "" : name} ${usage}`.replaceAll(/\s+/g, " ").trim();
    return `    ${line}\n        ${summary}`;
  });
  return `
  sta: a swarm client for the terminal

  Usage
${rows.join("\n")}

  Options
    --tracker HOST:PORT   a sta-tracker (https://: over TLS); repeatable, remembered once it answers
    --forget-tracker HOST:PORT
                          forget one; repeatable, and without a command all that is done
    --dir FOLDER          where downloads go, or where the data of a .torrent lies
    --port 6881           TCP port for peers, or the next free one; 0: any
    --host ADDRESS        address to listen on; all by default
    --no-dht              look for peers through trackers and peers alone, not in the DHT, which
                          torrents of others are looked for in; remembered until --dht
    --dht-node HOST:PORT  a node of the DHT to begin with, instead of the usual ones; repeatable
    --limit-down RATE     at most so many bytes a second: 500K, 2M, 1.5MB, none for no limit;
    --limit-up RATE       with get, share and set NAME of that transfer, otherwise of the engine,
                          which remembers it
    --accept-pushes WHICH gifts to take: wanted, catalogue (also of files never asked for) or never
    --allocation full     a file takes all its room before its first piece; sparse by default
    --keep-free 100MB     leave so much of each disk to others
    --active-downloads N  download so many at once; the others wait for their turn; remembered
    --ratio 1.5           give so many times what a file is long, then pause it; with get, share
                          and set NAME of that transfer, otherwise of all that is added from now
                          on, which is remembered
    --seed-time 2h        share what is whole for so long, then pause it: 90s, 30m, 2h, 3d;
                          of the same as --ratio
    --sequential          fetch the pieces in their order; --no-sequential: the rarest first
    --files 0,3-5         only these files, by the numbers of "sta files"; all for all of them
    --files-first 3       these before the others
    --token SECRET        what the tracker asks for
    --standalone          run the engine inside this command and end it with the command
    --json                one JSON object a line
    --filter FILTER       of "sta ls": only what matches, such as "mkv size>1G & !done";
                          words match names, and ? in the viewer shows all fields
    --ascii               the viewer without Unicode
    --theme NAME          terminal (its own colours), light, muted, high-contrast or mono
    --low-bandwidth       the viewer for slow links, below 3 kB/s
    --fps 10              at most so many frames a second
    --help, --version

  Environment
    NO_COLOR              the viewer without colours, unless --theme is given
    STA_HOME              moves all state: settings, torrents, the control socket

  Exit codes
    0 done, 1 failed, 2 wrong usage, 3 another engine owns this state`;
}
