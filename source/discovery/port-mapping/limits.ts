// Numbers by which routers are asked to forward ports, each with its reason. Times are milliseconds.

/** A port is forwarded for so long (RFC 6886, 3.3: recommended). */
export const LIFETIME_SECONDS = 7_200;

/** It is asked for again at half of its lifetime (RFC 6886, 3.3), and within these bounds whatever the router says. */
export const LEAST_RENEWAL_MS = 60_000;
export const MOST_RENEWAL_MS = (LIFETIME_SECONDS / 2) * 1_000;

/** A router that forwards nothing is asked again: it may be another one, or have been told to. */
export const RETRY_MS = 20 * 60_000;

/** When a datagram is sent again (RFC 6886, 3.1: 250 ms, twice as long each time); some lost on the air are enough. */
export const RESEND_MS: readonly number[] = [250, 500, 1_000];

/** Devices of a network may take 2 s to answer a search, as it says; it is said twice, for multicast gets lost. */
export const SEARCH_MS: readonly number[] = [500, 2_500];

/** Devices that answer and are asked: in a home there is one. */
export const MAX_DEVICES = 4;

/** One request over HTTP, and what is read of an answer: descriptions have 2 to 20 kB. */
export const HTTP_MS = 5_000;
export const MAX_HTTP_BYTES = 64 * 1_024;

/** No stop of an engine waits longer for a router. */
export const GOODBYE_MS = 1_000;
