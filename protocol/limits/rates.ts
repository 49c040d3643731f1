// Limits of requests at the Worker: what each kind may use of what is saved up, and how many are remembered.

/**
 * What share of a bucket's burst requests of a class may use: the rest is left to those above it. So a flood of reading leaves a
 * client that renews its pass half of what its address may ask.
 */
export const RATE_SHARES = { critical: 1, high: 0.9, normal: 0.75, low: 0.5 } as const

/** Addresses, peers and networks an isolate keeps buckets of: 3 × 16,384 × 100 bytes. Beyond: those that are full, then the idlest. */
export const RATE_BUCKETS_MAX = 16_384

/** Refused requests of one peer, saved up and per second, after which it is told on as `flooding`: as a room's patience. */
export const REQUEST_PATIENCE_BURST = 500
export const REQUEST_PATIENCE_PER_SECOND = 5

/** So much harder a stamp at most for an address from which much comes: sixteen times the work. */
export const PRESSURE_BITS_MAX = 4

/** The longest body that any route takes is checked by itself; beyond this nothing is read at all, whatever the route. */
export { PUBLICATION_BYTES_MAX as REQUEST_BYTES_MAX } from '../crypto/mail/publication.ts'
