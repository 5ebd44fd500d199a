// Limits of the control socket. Both ends are programs of one user; these stop accidents, not attacks.

/** Characters of a request: the priorities of 500 000 files fit. */
export const MAX_REQUEST_CHARS = 20 * 1024 * 1024;

/** Characters of a line from the engine: a snapshot of 10 000 files has about 4 MB. */
export const MAX_REPLY_CHARS = 64 * 1024 * 1024;

/** Bytes that may wait for a client before events are left out for it: two such snapshots. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** How long an engine may take to say its first line and send its first snapshot. */
export const CONNECT_MS = 5_000;

/** A client is told that nothing has changed so often; after so long without a word the engine is stopped, or its machine stands still. */
export const BEAT_MS = 5_000;
export const SILENT_MS = 15_000;
