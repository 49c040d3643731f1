// Limits of a room: who fits into it, what members may send and what it costs, how soon the vanished are missed. Each with
// its reason and what happens at it.

import { KIB, MIB } from './units.ts'

/** Members of a room, by default. A roster of 1,000 is 46 KB; a broadcast to it 13 ms of one object. Beyond it: refusal `room-full`. */
export const ROOM_PEERS_MAX = 1_000

/** What a deployment may raise it to: slots are 16 bits, and an object holds 32,768 sockets. */
export const ROOM_PEERS_CEILING = 30_000

/** A room's or network's name: fits a URL and a log line. Beyond it: HTTP 400 `bad-name`. */
export const NAME_LENGTH_MAX = 128

/**
 * What a peer says of itself to a whole room. With its record it must fit a socket's attachment (16,384 bytes), and a
 * full room's roster (1,000 × 1 KiB) must still be a download of a moment. Beyond it: refusal `too-large`.
 */
export const METADATA_BYTES_MAX = 1_024

/** A client pings this often; the platform answers without waking the object. */
export const KEEP_ALIVE_MS = 10_000

/** A member not heard for this long has vanished: two pings lost and a third late. With the sweep below: gone within 45 s. */
export const PRESENCE_TIMEOUT_MS = 30_000

/** In each such window some members are on duty to ask the room to look for vanished ones (see membership/duty.ts). */
export const SWEEP_MS = 5_000

/** How many members are on duty in a window. Eight, so that half of a room vanishing seldom takes them all (duty.ts). */
export const SWEEP_WARDENS = 8

/** Tokens each socket earns per second, and may save up. A token buys about 50 µs of the object; prices below. Beyond: `rate-limited`. */
export const TOKENS_PER_SECOND = 100
export const TOKENS_BURST = 200

/** Bytes each socket may send per second, and save up. Fills a home uplink of 32 Mbit/s. Beyond: `rate-limited`. */
export const BYTES_PER_SECOND = 4 * MIB
export const BYTES_BURST = 8 * MIB

/** What things cost in tokens. A socket message is 1 whatever it holds, since entering the object is the price. */
export const PRICE = {
  message: 1,
  /** A further frame inside a batch: measured at an eighth of a message of its own. */
  batchedFrame: 1 / 8,
  /** One delivery of a fan-out, subsidised: one message to 1,000 costs its sender 16 tokens, so 6 a second. */
  delivery: 1 / 64,
  /** A new pass: two HMACs, and a wait for them. Wanted once an hour; a member that asks all the time is soon refused. */
  pass: 20,
} as const

/**
 * Refused messages a socket may send, saved up and per second, before it is closed as `flooding`. Clients know what they may send
 * and wait; whoever does not would have the room read for it what it refuses, at most of the price of a message that is taken.
 */
export const PATIENCE_BURST = 250
export const PATIENCE_PER_SECOND = 50

/**
 * Bytes the room will have under way to one member before the member reports having read them. The platform buffers
 * without bound for a slow socket and does not say so; this is the bound. Beyond it: frames to that member are dropped
 * and their sender told `Undeliverable(slow)`.
 */
export const UNREAD_BYTES_MAX = 4 * MIB
/** Roster changes are sent beyond that bound, up to this one. Beyond it: the socket is closed as `slow-reader`, and may join again. */
export const UNREAD_BYTES_CEILING = 5 * MIB
/** A client reports what it has read at least this often: 16 reports for each filled bound. */
export const READ_REPORT_BYTES = 256 * KIB
