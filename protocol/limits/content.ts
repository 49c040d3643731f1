// Limits of content in the DHT: blocks, the trees they are in, what a client keeps of them, and how they are fetched from peers.

import { KIB, MIB } from './units.ts'

/**
 * What content is cut into. It is what IPFS tools cut into by default, so that the same content has the same CID; and a good
 * size for links: a block is verified whole, so a lying peer wastes no more of our line than this.
 */
export const BLOCK_CHUNK_BYTES = 256 * KIB
/** Links of one node that we make: as IPFS tools do by default. A node of so many is 9 KB. */
export const NODE_LINKS = 174
/** Of one that we read: the widest layout in use has 1,024. Beyond it: `unsupported`. */
export const NODE_LINKS_MAX = 1_024
/** A block of anybody's: the largest chunk in use, and a value of a vault. Beyond it the peer is dropped, `too-large`. */
export const BLOCK_BYTES_MAX = MIB
/** Levels of a tree: three of ours hold 7 GiB; others build narrower and deeper ones. Beyond it: `unsupported`. */
export const TREE_DEPTH_MAX = 16
/** Of one content, which is handed over in one piece of memory. Beyond it: `too-large`. */
export const CONTENT_BYTES_MAX = 256 * MIB
/** Blocks of one content, nodes too: sixteen for each that our own cutting makes. Beyond it: `too-large`. */
export const CONTENT_BLOCKS_MAX = 16 * 1_024

/** What a client keeps for others: half of what its vault has room for, so that letters have the other. Beyond it: `too-large`. */
export const KEPT_BYTES_MAX = 64 * MIB
/** …and blocks and contents, of the vault's 20,000 values. Beyond either: `too-large`. */
export const KEPT_BLOCKS_MAX = 8 * 1_024
export const KEPT_CONTENTS_MAX = 1_024
/** Blocks that are written together: sixteen of ours. */
export const KEPT_COMMIT_BYTES = 4 * MIB

/** Blocks asked of one peer and not come: twice what a link has under way, so that its line is never idle. */
export const EXCHANGE_WINDOW = 8
/** Blocks wanted at once: four peers' windows. What is held of them is bounded by it, 32 MiB at the most. */
export const EXCHANGE_WANTS_MAX = 32
/** Peers that are asked for one content: as many as the DHT names at once. */
export const EXCHANGE_PEERS_MAX = 20
/** A peer with nothing else to do is asked for what another has not brought in this time: thirty slow round trips. */
export const EXCHANGE_STEAL_MS = 3_000
/** A peer that owes us blocks and has said nothing for so long is left; twice what a changed network takes. */
export const EXCHANGE_STALL_MS = 10_000
/** One that failed is tried again after this, doubled each time, and so often in all. */
export const EXCHANGE_RETRY_MS = 500
export const EXCHANGE_TRIES_MAX = 4
/** Contents fetched at once; others wait for their turn. */
export const EXCHANGE_CONTENTS_MAX = 4
/**
 * Streams on which one peer, and all peers, may ask us for blocks at once: of one those of as many contents as it fetches, and of
 * as many that have just ended. Beyond either: the stream is reset.
 */
export const SERVED_OF_PEER_MAX = 8
export const SERVED_MAX = 64

/** Highest sequences that were seen, and our own, in each of sixteen pages, 10 KiB each. Beyond it the one used longest ago goes. */
export const SEEN_OF_PAGE_MAX = 256
/** Records seen last, whole, for when an older one comes: 600 KB at the most. */
export const SEEN_RECORDS_MAX = 64
/** An answer over HTTP: twenty heads of 5.3 KB, or as many announcements of 7.3 KB, as text. What is longer is no answer. */
export const DHT_ANSWER_BYTES_MAX = 256 * KIB
/** A refusal that lasts no longer than this is waited for, so often. */
export const DHT_WAIT_MS_MAX = 5_000
export const DHT_TRIES_MAX = 3
/** What another of ours published meanwhile is overtaken so often. */
export const PUBLISH_TRIES_MAX = 3
/** Rooms that are joined for one content, where providers said that they are met. What is more is passed over. */
export const VISIT_ROOMS_MAX = 4
/** Providers whose announcements are asked for: each is a question to the DHT. */
export const VISIT_ASKED_MAX = 8
/** So long a room is tried. Beyond it: its providers count as unreachable. */
export const VISIT_ENTER_MS = 10_000
/** Such a room is left so long after what it was joined for: last words are on their way, and something else may be wanted of the same peer. */
export const VISIT_LINGER_MS = 2_000
