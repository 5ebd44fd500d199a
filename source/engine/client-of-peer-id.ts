// The client a peer id names, for peers that send no extended handshake.
import { latin1 } from "../protocol/bencode.ts";
import type { PeerId } from "../protocol/ids.ts";

/** Two-letter codes of BEP 20 for clients that are met. */
const CLIENTS: Readonly<Record<string, string>> = {
  SA: "sta",
  LT: "libtorrent",
  lt: "libTorrent (rTorrent)",
  qB: "qBittorrent",
  TR: "Transmission",
  DE: "Deluge",
  UT: "µTorrent",
  WW: "WebTorrent",
  AZ: "Vuze",
};

/** `Transmission 3.0.0` of `-TR3000-...`; undefined for a peer id in no known style. Source: BEP 20. */
export function clientOfPeerId(peerId: PeerId): string | undefined {
  const text = latin1(peerId);
  const azureus = /^-([A-Za-z]{2})([0-9A-Z])([0-9A-Z])([0-9A-Z])[0-9A-Z]-/.exec(text);
  if (azureus) return `${CLIENTS[azureus[1]!] ?? azureus[1]} ${azureus.slice(2, 5).join(".")}`;
  const aria2 = /^A2-([0-9]+)-([0-9]+)-([0-9]+)-/.exec(text);
  return aria2 ? `aria2 ${aria2.slice(1, 4).join(".")}` : undefined;
}
