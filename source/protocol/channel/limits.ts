// Bounds of the swarm channel that both of its ends keep.

/** A frame of either side, in UTF-16 units of its text. LIMITS: no entry or update comes near it. */
export const MAX_FRAME = 64 * 1024;

/** A `have` of the largest torrent (2 097 152 pieces) is 349 528 characters of base64. */
export const MAX_HAVE_FRAME = 512 * 1024;

/** `publish`, and the `torrent` reply: a metainfo file of 10 MB is 13.4 MB of base64. */
export const MAX_TORRENT_FRAME = 16 * 1024 * 1024;

/** Largest torrent, as libtorrent. */
export const MAX_PIECES = 2_097_152;

/** Piece indexes in one `update`: 7 digits and a comma each leave it within a frame. */
export const MAX_UPDATE_PIECES = 4_000;

/** Entries a client keeps of one tracker: what a person could ever look through, and 4 MB of memory. */
export const MAX_CATALOGUE_ENTRIES = 10_000;

/** UTF-16 units of a name; the tracker cuts longer ones. */
export const MAX_NAME = 255;

/** Entries in one frame: 32 of them stay below 64 KiB even when every character of their names is escaped. */
export const MAX_ENTRIES_IN_FRAME = 32;

/** Messages a client may send in a second, and at once after a pause. LIMITS: 10 updates/s; the burst lets a client say all it has. */
export const MESSAGES_PER_SECOND = 10;
export const MESSAGE_BURST = 200;
