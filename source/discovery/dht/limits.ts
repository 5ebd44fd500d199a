// Numbers our node of the DHT lives by, each with its reason. Times are milliseconds.

const MINUTE_MS = 60_000;

/** Nodes of a bucket, and nodes that are told of and announced to (BEP 5: K). */
export const K = 8;

/** A node that said nothing for so long is asked before it is trusted, and a bucket in which nothing happened is looked through (BEP 5). */
export const QUIET_MS = 15 * MINUTE_MS;

/** Questions in a row that a node leaves unanswered before any other takes its place. */
export const MAX_FAILURES = 2;

/** Newcomers that wait for a place in a full bucket. */
export const MAX_SPARE = K;

/** Nodes of one bucket in one /24 (IPv4) or /64 (IPv6): whoever has a network has not the bucket. Of one address the table takes one. */
export const MAX_OF_NETWORK = 2;

/** Below so many nodes that answered, the table is poor: the routers are asked. One bucket full. */
export const POOR_NODES = K;

/** A poor table is filled again after so long, and twice as long each time up to that: a network that comes back is not missed for long. */
export const BOOTSTRAP_AGAIN_MS = 10_000;
export const BOOTSTRAP_MOST_MS = 5 * MINUTE_MS;

/** What was saved has so long to answer before the routers are asked. */
export const SAVED_FIRST_MS = 4_000;

/** Nodes that are saved: a few buckets, 26 bytes each. */
export const MAX_SAVED = 200;

/** A lookup asks so many at once (BEP 5: alpha); the one that fills a poor table more, for many of those are gone. */
export const ALPHA = 4;
export const BOOTSTRAP_ALPHA = 8;

/** A node that is silent for so long keeps nobody waiting; after so long it has not answered. As libtorrent's short and long times, shorter. */
export const SLOW_MS = 1_500;
export const ANSWER_MS = 5_000;

/** Nodes that one lookup asks at most: honest ones end after 20 to 60, liars invent nearer ones for ever. */
export const MAX_ASKED = 128;

/** Nodes that a lookup remembers, the nearest. */
export const MAX_HEARD = 256;

/** Nodes taken from one answer: two families of K, as libtorrent sends. */
export const MAX_NODES_OF_ANSWER = 2 * K;

/** Peers taken from one lookup: what a transfer can use (`MAX_CANDIDATES` of the swarm is 1 000). */
export const MAX_PEERS_FOUND = 500;

/** Questions of ours that are on their way at once; transactions are 16 bits. */
export const MAX_OUTSTANDING = 256;

/** Torrents that are looked for at once, and how soon behind another one a search begins. */
export const MAX_SEARCHES = 4;
export const SEARCH_GAP_MS = 500;

/** The same for one that lacks no peers: 1 000 torrents take 25 minutes and half a percent of a core (8 ms of CPU each). */
export const SATED_GAP_MS = 1_500;

/** A torrent is searched and announced again after so long, 10 % more or less: others forget it after 30 minutes. */
export const SEARCH_MS = QUIET_MS;

/** One that lacks peers is searched again after so long, twice as long each time up to that. */
export const HUNGRY_MS = 15_000;

/** A transfer that has so many peers does not lack any: half of what one takes (`MAX_PEERS` of the swarm). */
export const ENOUGH_PEERS = 25;

/** A secret of tokens is used for so long, and good for as long again (BEP 5: 5 and 10 minutes). */
export const SECRET_MS = 5 * MINUTE_MS;

/** What others announced is told for so long (BEP 5 leaves it open; libtorrent 30 minutes and a half). */
export const PEER_MS = 30 * MINUTE_MS;

/** Torrents and peers that are kept for others, oldest out: 3 MB at most. */
export const MAX_HASHES = 1_000;
export const MAX_PEERS_OF_HASH = 200;
export const MAX_STORED_PEERS = 10_000;

/** Peers in one answer: 50 of 8 bytes. */
export const MAX_PEERS_TOLD = 50;

/** Bytes of a datagram that we send: what fits everywhere without being cut up. */
export const MAX_DATAGRAM_BYTES = 1_400;

/** Bytes of one that is read: nobody sends more than fits into a frame. */
export const MAX_READ_BYTES = 1_500;

/** Who has not shown that it has its address gets no more than so many times its question, as QUIC (RFC 9000, 8.1). */
export const AMPLIFICATION = 3;

/** Datagrams a second that are read from one address, and how many at once after a pause: libtorrent blocks at 5 a second. */
export const READ_PER_SECOND = 10;
export const READ_BURST = 40;

/** Datagrams a second that are read at all, our answers among them: about 2 % of a core. */
export const READ_ALL_PER_SECOND = 300;
export const READ_ALL_BURST = 1_000;

/** How often what is too old is forgotten. */
export const CLEAN_MS = MINUTE_MS;

/** Addresses that are counted apart; beyond it all newcomers share one count. */
export const MAX_COUNTED = 2_000;

/** Nodes a second that are asked because they asked, or because a peer told of them, and at once after a pause: a table is full of 200. */
export const PINGS_PER_SECOND = 2;
export const PINGS_BURST = 50;

/** Bytes a second of answers to others, and at once after a pause. libtorrent sends 8 000. */
export const ANSWER_BYTES_PER_SECOND = 16_000;
export const ANSWER_BYTES_BURST = 64_000;

/** Answers of different networks that must name one address before it is ours, among so many that are remembered (BEP 42). */
export const VOTES_NEEDED = 8;
export const MAX_VOTES = 32;
