// Numbers by which peers of one's own network are found, each with its reason. Times are milliseconds.

/** A torrent is told again after so long (BEP 14). */
export const ANNOUNCE_MS = 5 * 60_000;

/** It is told once more so soon after the first time, for multicast gets lost on the air; never sooner (BEP 14: once a minute). */
export const LEAST_ANNOUNCE_MS = 60_000;

/** What begins together is told together. */
export const GATHER_MS = 250;

/** Between two bursts; 1 000 torrents are told in 8 of them. */
export const BURST_MS = 1_000;

/**
 * Datagrams of a burst. So many torrents are told in one datagram each, for Transmission before 4.0 and aria2 read no other torrent of it; more
 * share them (BEP 14 draws the line there, too).
 */
export const BURST_DATAGRAMS = 5;

/** How often it is looked which networks there are, while anything is to be told: a machine starts before its network. */
export const LOOK_MS = 10_000;
