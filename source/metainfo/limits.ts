// What a torrent may be at most, so that one from a stranger costs bounded memory and time.

/** Nodes of the DHT that are taken from a torrent file: programs write 8. */
export const MAX_NODES = 20;

/** Bytes of a metainfo file: as libtorrent, and what the tracker keeps at most. It bounds the pieces, too: 500 000 hashes. */
export const MAX_METAINFO_BYTES = 10_000_000;

/** Bytes of a piece: 256 MiB is held in memory whole while it is verified; larger ones are found nowhere. */
export const MAX_PIECE_LENGTH = 256 * 1024 * 1024;

/** Files of a torrent: as many as the 3 million tokens of `FILE_LIMITS` hold. */
export const MAX_FILES = 500_000;

/** Folders above a file, and the file: deeper trees exist only to exhaust something. */
export const MAX_PATH_DEPTH = 100;

/** Announce URLs in all tiers: one torrent must not make us ask the whole world. */
export const MAX_TRACKERS = 100;

/** Web servers that are said to have the files: torrents of the Internet Archive name three. */
export const MAX_WEB_SEEDS = 20;

/** Bytes of one URL of a tracker or a web server. */
export const MAX_URL_BYTES = 2_048;

/** Bytes of one path component: NAME_MAX of Linux, macOS and Windows file systems. */
export const MAX_COMPONENT_BYTES = 255;

/** Bytes of a path inside the torrent: PATH_MAX of Linux. */
export const MAX_PATH_BYTES = 4_096;

/** Files renamed because their path meets another's in case or normal form: so many twins are an attack. */
export const MAX_TWINS = 500;
