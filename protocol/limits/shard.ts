// Of the DHT's shards: when they split, how much they do at once, and what one peer may keep in them.

import { MIB } from './units.ts'

/** The first bits of a key that name a root shard: sixteen spread a small network, and cost nothing until they are written. */
export const SHARD_ROOT_BITS = 4
/** The longest prefix of a shard: 65,536 of them, which is more than any network here needs. What is too much for one of them is `busy`. */
export const SHARD_BITS_MAX = 16
/** Rows, bytes and requests a second beyond which a shard splits: a quarter of what one object does on a bad day. */
export const SHARD_SPLIT_RECORDS = 500_000
export const SHARD_SPLIT_BYTES = 2_000_000_000
export const SHARD_SPLIT_PER_SECOND = 300
/** Over how long requests are averaged before they split a shard: a splitting is for good, a burst is over in seconds. */
export const SHARD_RATE_MS = 60_000
/** Requests one shard answers in a second, and at once: what an object does that also writes. Beyond it: `busy`. */
export const SHARD_REQUESTS_PER_SECOND = 1_000
export const SHARD_REQUESTS_BURST = 2_000
/** Requests of one call. Their answers are at most 16 MiB, half of what a call may carry. Beyond it: RangeError, as only our own ask. */
export const SHARD_CALL_REQUESTS_MAX = 256
/**
 * So many calls of one object to one shard within this time, all of them gets, and it opens a socket there; no question to any
 * for as long, and its sockets close. Opening one costs what three calls do. While there is one neither end sleeps, which for a
 * second costs what ten calls do: and who asks one of sixteen shards three times a second asks near fifty times.
 */
export const SHARD_SOCKET_CALLS = 3
export const SHARD_SOCKET_MS = 1_000
/** Requests that wait for what the parent says, a few KiB each. Beyond it: `busy`. */
export const SHARD_HELD_MAX = 1_024
/** Times one call asks the parent: what it asked for can run out only once. Beyond it: `busy`. */
export const SHARD_ROUNDS_MAX = 3
/** When somebody comes back whom the parent, and nobody else, keeps waiting; and who wants to write where all is full. */
export const SHARD_RETRY_MS = 250
export const SHARD_FULL_RETRY_MS = 60_000
/** A parent that did not hear of a split is told again after this, doubled to the cap: meanwhile callers take a step more. */
export const SHARD_TELL_BASE_MS = 2_000
export const SHARD_TELL_MAX_MS = 300_000
/** What one peer keeps in one shard: sixteen batches of provided keys, or 256 values of 64 KiB. Beyond either: `over-quota`. */
export const SHARD_PEER_RECORDS = 16_384
export const SHARD_PEER_BYTES = 16 * MIB
/** IPNS records have no peer to count against: all of them together have so many peers' share. Beyond it: `over-quota`. */
export const SHARD_NOBODY_SHARES = 16
/** Bytes that a row is counted as beside its own: keys, times, and its place in the tree. */
export const SHARD_ROW_BYTES = 160
/** Providers of one key: more than anybody tries. Beyond it the one that ends first goes, if the new one lives longer. */
export const SHARD_PROVIDERS_MAX = 64
/** Announcements in one answer to `closest`: a bucket of Kademlia. */
export const SHARD_CLOSEST_MAX = 20
/** Rows looked at in one go when what has ended is cleared away: some milliseconds, as nobody is answered meanwhile. */
export const SHARD_SWEEP_ROWS = 1_000
/** Such goes of one alarm, between which whoever waits is answered. The next go has an alarm of its own, which is a row. */
export const SHARD_SWEEP_PAGES = 100
/** Between two rounds of clearing away. What has ended is not served in any case, and looking at a row costs a thousandth of writing one. */
export const SHARD_SWEEP_REST_MS = 900_000
