// Numbers by which peers of one's own network are found, each with its reason. Times are milliseconds.

/** A torrent is told again after so long (BEP 14). */
export const ANNOUNCE_MS = 5 * 60_000;

/** It is told once more so soon after the first time, for multicast gets lost on the air; never sooner (BEP 14: once a minute). */
export const LEAST_ANNOUNCE_MS = 60_000;

/** What begins together is told together. */
export const GATHER_MS = 250;

/** Between two bursts, and datagrams of one: 1 000 torrents are told in 8 of them, and nobody who counts takes it for a flood. */
export const BURST_MS = 1_000;
export const BURST_DATAGRAMS = 5;

/**
 * So many that are due are told in a datagram each, within 10 seconds: Transmission 3 reads one torrent of a datagram, and aria2 200 bytes.
 * More share them (BEP 14 has it from 5 on).
 */
export const MAX_APART = 50;

/** How often it is looked which networks there are, while anything is to be told: a machine starts before its network. */
export const LOOK_MS = 10_000;
