// Limits of the peer wire: what a peer may make us hold before it is dropped.

/** Bytes of a block: what every client asks for and nobody may exceed (BEP 3 in practice; libtorrent closes above it). */
export const BLOCK_BYTES = 16_384;

/** Blocks a peer may have asked for at once, as told in our extended handshake (`reqq`): others hold back below 500. */
export const ADVERTISED_REQUEST_QUEUE = 512;

/** Requests waiting at which a peer is dropped: as libtorrent. */
export const MAX_QUEUED_REQUESTS = 2_000;

/** Bytes of an extended message: a handshake has a few hundred, a sta_push block 16 KiB and its dictionary. */
export const MAX_EXTENDED_BYTES = 32_768;

/** Bytes of a message with an id we do not know that are skipped rather than refused. */
export const MAX_UNKNOWN_BYTES = 16_384;

/** Unknown messages after which a peer is dropped. */
export const MAX_UNKNOWN_MESSAGES = 8;

/** Bytes of any message: a bitfield of 2 097 152 pieces has 256 KiB; nothing honest comes near this. */
export const MAX_MESSAGE_BYTES = 1_048_576;
