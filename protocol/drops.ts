// Why something a peer sent was not acted upon. Drops are counted, never thrown: the list is the metrics list.

export const DROP_REASONS = [
  'malformed', // no frame of the registry, or not of its layout
  'unexpected', // a good frame, but not one the sender may send here
  'too-large', // over a bound
  'rate-limited', // the socket spent its tokens
  'no-such-member', // addressed to a slot nobody (or somebody else) has
  'slow-receiver', // the receiver has not read what it was sent before
  'duplicate', // already had it
  'stale', // of an attempt or epoch that is over
  'over-window', // beyond what we told the sender it may send
  'unknown-peer', // from somebody not in the roster
  'stranger', // said to the application, by a peer that only machinery has a link with

  // A handshake's (crypto/handshake/drops.ts says more of each)
  'self',
  'suite',
  'downgraded',
  'dial-tag',
  'not-a-key',
  'wrong-peer',
  'signature',
  'ticket',
  'mac',

  // A record's (crypto/records/drops.ts)
  'unopened',
  'replayed',
  'closed',
  'epoch',
  'out-of-order',

  // A sealed broadcast's (crypto/broadcast/drops.ts)
  'wrong-room',
  'not-a-member',
  'no-key',
  'too-much-held',
  'overloaded',
  'earlier',
  'passed',
  'too-far',
  'key-erased',
  'key-known',
  'unwanted',

  // Of the DHT
  'wrong-key', // a record or block that is not of what was asked for
  'wrong-signature', // not signed by whom it says

  // Mail's (crypto/mail/drops.ts)
  'wrong-owner',
  'expired',
  'too-early',
  'root',
  'path',
  'not-for-us',
  'prekey-used',
  'misaddressed',
  'hour',

  // The mesh's
  'unverified', // a record that is not what its key says
  'disagreement', // edge and mesh said different things of one key, and both verify
] as const

export type DropReason = (typeof DROP_REASONS)[number]

/** Counts by reason. */
export class DropCounts {
  readonly #counts = new Map<DropReason, number>()

  count(reason: DropReason, times = 1): void {
    if (times > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + times)
  }

  of(reason: DropReason): number {
    return this.#counts.get(reason) ?? 0
  }

  all(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.#counts)
  }
}
