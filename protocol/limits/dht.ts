// Of the DHT: how much a record is, how long it lasts, and how much is asked at once.

import { KIB, MIB } from './units.ts'

/**
 * The bytes of a value. With the request that carries it (its key, its token, a route of eight peers) it fits a message of
 * 65,535 bytes: 511 are left for all that, of which the layout takes 6. Beyond it: `too-large`.
 */
export const DHT_VALUE_BYTES_MAX = 64 * KIB - 512
/** What a name says: a pointer and what belongs to it, less than its signature and key, which it is sent with. Beyond it: `too-large`. */
export const DHT_NAME_BYTES_MAX = 4 * KIB
/** By which one peer has many names: a hash, or a path. Beyond it: `malformed`. */
export const DHT_SALT_BYTES_MAX = 64
/** An announcement's JSON: a fifth of what its signature and key take. Beyond it: `too-large`. */
export const DHT_ANNOUNCEMENT_BYTES_MAX = 2 * KIB
/** An IPNS record, as that specification bounds it; and the name's multihash: an Ed25519 key in place takes 38. Beyond: `too-large`, `malformed`. */
export const DHT_IPNS_BYTES_MAX = 10 * KIB
export const DHT_IPNS_NAME_BYTES_MAX = 64

/** Keys under one signature: 32 KiB of them fit a message beside their head, and a tree of them takes 4 ms. Beyond it: `malformed`. */
export const DHT_PROVIDED_KEYS_MAX = 1_024
/** A region's letters: the longest in use has ten. Beyond it: `malformed`. */
export const DHT_REGION_LENGTH_MAX = 16

/**
 * How long a record lasts: whoever made it must come back before, so that nothing outlives its owner for long. An announcement
 * is of one who is there; a provider of one who was there yesterday; a name outlives a weekend; a value whoever wants it a week.
 * Beyond it, or below the least, which is no longer than the ways it goes take: `expired`.
 */
export const DHT_TTL_SECONDS_MOST = {
  announcement: 2 * 3_600,
  provided: 24 * 3_600,
  name: 48 * 3_600,
  value: 7 * 24 * 3_600,
} as const
/** The same, as clocks count. */
export const DHT_TTL_MS_MOST = {
  announcement: DHT_TTL_SECONDS_MOST.announcement * 1_000,
  provided: DHT_TTL_SECONDS_MOST.provided * 1_000,
  name: DHT_TTL_SECONDS_MOST.name * 1_000,
  value: DHT_TTL_SECONDS_MOST.value * 1_000,
} as const
export const DHT_TTL_SECONDS_LEAST = 60
/** Clocks may be ahead of ours by so much: those of phones seldom are. Beyond it: `expired`. */
export const DHT_AHEAD_MS = 600_000

/** What of each an announcement may list; all of it together is bounded by its bytes. Beyond it: `malformed`. */
export const DHT_ADDRESSES_MAX = 8
export const DHT_ADDRESS_LENGTH_MAX = 256
export const DHT_CAPABILITIES_MAX = 16
export const DHT_CAPABILITY_LENGTH_MAX = 32
export const DHT_ROOMS_MAX = 16

/** A node's place is drawn anew each week: who wants to be near a key works for it again, and a stolen place does not last. */
export const DHT_NODE_ERA_MS = 7 * 24 * 3_600_000
/** Zeros of a node's one puzzle: 2^20 hashes on average, a second of one thread of a browser once a week, for each place tried. */
export const DHT_NODE_STAMP_BITS = 20

/** Peers in one answer: a Kademlia bucket. */
export const DHT_CLOSEST_MAX = 20
/** Providers in one answer: each may bring a head of 5 KB of its own. */
export const DHT_PROVIDERS_ANSWERED_MAX = 20
/** Of what was just read, in an isolate of the edge: a sixteenth of what it may have in all. */
export const DHT_HOT_BYTES_MAX = 8 * MIB
/** How old a name may be that is answered from there. */
export const DHT_FRESH_MS = 5_000
/** A cache of the data centre that failed is asked again after this: an edge that has none would pay for each try. */
export const DHT_CACHE_ABSENT_MS = 60_000
/** Questions of one owner that may be under way at once; beyond it: `busy`. */
export const DHT_ASKED_MAX = 256
/** So often one question goes to shards: twice for splits that nobody here has heard of, once for a call that failed. Beyond it: `busy`. */
export const DHT_INQUIRY_TRIES_MAX = 4
/**
 * Splits of one network that a caller remembers: some ten kilobytes, and shards for two thousand million records. Beyond it: all is
 * learned anew.
 */
export const DHT_SPLITS_KNOWN_MAX = 4_096
