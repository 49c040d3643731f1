// Limits of requests at the Worker: what each kind may use of what is saved up, and how many are remembered.

import { MAILBOX_MESSAGE_BYTES_MAX } from './mailbox.ts'

/**
 * What share of a bucket's burst requests of a class may use: the rest is left to those above it. So a flood of reading leaves
 * half of what an address may ask to whoever takes letters or joins a room behind it.
 */
export const RATE_SHARES = { critical: 1, high: 0.9, normal: 0.75, low: 0.5 } as const

/** Addresses, peers and networks an isolate keeps buckets of: 3 × 16,384 × 100 bytes. Beyond: those that are full, then the idlest. */
export const RATE_BUCKETS_MAX = 16_384

/** Refused requests of one peer, saved up and per second, after which it is told on as `flooding`: as a room's patience. */
export const REQUEST_PATIENCE_BURST = 500
export const REQUEST_PATIENCE_PER_SECOND = 5

/** Of an address while the isolate is pressed: five pages that arrive at once, then one in four seconds. */
export const PRESSED_ADDRESS_BURST = 20
export const PRESSED_ADDRESS_PER_SECOND = 1
/** …and of a peer that shows a good pass, which goes by itself and not by where it comes from: it comes back, and writes a little. */
export const PRESSED_PEER_BURST = 10
export const PRESSED_PEER_PER_SECOND = 1
/** It is no longer pressed after so long without. */
export const PRESSED_FOR_MS = 5_000

/** So much harder a stamp at most for an address from which much comes: sixteen times the work. */
export const PRESSURE_BITS_MAX = 4

/** The longest body that any route takes: a letter's. What is declared longer is not read at all. Beyond: `too-large`. */
export const REQUEST_BYTES_MAX = MAILBOX_MESSAGE_BYTES_MAX

/** In how long an address that opened as many sockets as it may have may open as many again. */
export const CONNECTIONS_REFILL_SECONDS = 60
