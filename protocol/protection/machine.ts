// The blacklist of one registry: who offended, who is listed, until when.
//
// Invariants
// 1. What is listed by hand is never changed by offences, nor forgotten for want of room.
// 2. Each listing in a row lasts longer; without another one for a day, the next is a term shorter again.
// 3. Only what was listed is on the disk: an offence is no row.

import {
  LISTING_FORGIVEN_MS,
  LISTING_TERMS_MS,
  OFFENCE_HALF_LIFE_MS,
  OFFENCE_LISTED_AT,
  OFFENDERS_KNOWN_MAX,
} from '../limits/protection.ts'
import type { Machine } from '../machine.ts'
import type { PeerId } from '../peer-id.ts'
import type { AdminTerms, BlacklistEffect, BlacklistInput, Listing, Offender } from './contract.ts'
import { addCounts, gravest, type OffenceCounts, weightOf } from './offences.ts'

export class BlacklistMachine implements Machine<BlacklistInput, BlacklistEffect> {
  /** Listings end by themselves: whoever reads one sees until when. */
  readonly wakeAtMs = undefined
  /** In the order in which they were last heard of. */
  readonly #known = new Map<PeerId, Offender>()
  readonly #most: number

  constructor(kept: Iterable<Offender> = [], most = OFFENDERS_KNOWN_MAX) {
    this.#most = most
    for (const offender of kept) this.#known.set(offender.id, offender)
  }

  receive(input: BlacklistInput, nowMs: number): readonly BlacklistEffect[] {
    switch (input.kind) {
      case 'offended':
        return this.#offended(input.id, input.counts, nowMs)
      case 'list':
        return this.#list(input.id, input.terms, nowMs)
      case 'unlist':
        return this.#unlist(input.id, nowMs)
    }
  }

  /** Undefined for whoever is not listed, or not any more. */
  listing(id: PeerId, nowMs: number): Listing | undefined {
    return inForce(this.#known.get(id), nowMs)
  }

  listings(nowMs: number): readonly Listing[] {
    return [...this.#known.values()].map((one) => inForce(one, nowMs)).filter((one) => one !== undefined)
  }

  #offended(id: PeerId, counts: OffenceCounts, nowMs: number): readonly BlacklistEffect[] {
    const before = this.#known.get(id) ?? unknown(id, nowMs)
    const offences = addCounts(before.offences, counts)
    const weight = forgiven(before, nowMs) + weightOf(counts)
    const noted = { ...before, offences, weight, weighedAtMs: nowMs }
    if (weight < OFFENCE_LISTED_AT || inForce(before, nowMs) !== undefined)
      return this.#set(noted, false, nowMs)
    const strikes = strikesLeft(before, nowMs)
    const listing: Listing = {
      id,
      reason: gravest(offences),
      source: 'automatic',
      sinceMs: nowMs,
      untilMs: nowMs + termMs(strikes),
      offences,
    }
    // Paid for by the listing: the next one takes offences of its own.
    const struck = { ...noted, listing, strikes: strikes + 1, struckAtMs: nowMs, weight: 0, offences: {} }
    return [{ kind: 'listed', listing }, ...this.#set(struck, true, nowMs)]
  }

  #list(id: PeerId, { reason, untilMs, note }: AdminTerms, nowMs: number): readonly BlacklistEffect[] {
    const before = this.#known.get(id) ?? unknown(id, nowMs)
    const isByHand = inForce(before, nowMs)?.source === 'admin'
    if (!isByHand && this.#byHand(nowMs) >= this.#most) return [{ kind: 'full' }]
    const { offences } = before
    const told = note === undefined ? {} : { note }
    const listing: Listing = { id, reason, source: 'admin', sinceMs: nowMs, untilMs, offences, ...told }
    return [{ kind: 'listed', listing }, ...this.#set({ ...before, listing }, true, nowMs)]
  }

  /** With all that weighed against it: whoever takes somebody off starts it anew. */
  #unlist(id: PeerId, nowMs: number): readonly BlacklistEffect[] {
    if (inForce(this.#known.get(id), nowMs) === undefined) return [{ kind: 'notListed', id }]
    this.#known.delete(id)
    return [
      { kind: 'unlisted', id },
      { kind: 'forget', id },
    ]
  }

  #set(offender: Offender, keep: boolean, nowMs: number): readonly BlacklistEffect[] {
    this.#known.delete(offender.id)
    this.#known.set(offender.id, offender)
    const kept: readonly BlacklistEffect[] = keep ? [{ kind: 'keep', offender }] : []
    return [...kept, ...this.#makeRoom(nowMs)]
  }

  /** Those first who are not listed and never were, then not listed, then listed for a term; of each who was heard of first. */
  #makeRoom(nowMs: number): readonly BlacklistEffect[] {
    if (this.#known.size <= this.#most) return []
    const guilt = (one: Offender) => {
      const listing = inForce(one, nowMs)
      return listing === undefined ? Number(one.strikes > 0) : listing.source === 'automatic' ? 2 : 3
    }
    let least: Offender | undefined
    for (const one of this.#known.values()) {
      if (least === undefined || guilt(one) < guilt(least)) least = one
      if (guilt(least) === 0) break
    }
    if (least === undefined || guilt(least) === 3) return []
    this.#known.delete(least.id)
    return least.listing === undefined ? [] : [{ kind: 'forget', id: least.id }]
  }

  #byHand(nowMs: number): number {
    return this.listings(nowMs).filter(({ source }) => source === 'admin').length
  }
}

function unknown(id: PeerId, nowMs: number): Offender {
  return { id, listing: undefined, strikes: 0, struckAtMs: 0, weight: 0, weighedAtMs: nowMs, offences: {} }
}

function inForce(offender: Offender | undefined, nowMs: number): Listing | undefined {
  const listing = offender?.listing
  return listing !== undefined && (listing.untilMs === null || nowMs < listing.untilMs) ? listing : undefined
}

function forgiven({ weight, weighedAtMs }: Offender, nowMs: number): number {
  return weight * 2 ** (-Math.max(0, nowMs - weighedAtMs) / OFFENCE_HALF_LIFE_MS)
}

/** One for each day since the last is forgotten. */
function strikesLeft({ strikes, struckAtMs }: Offender, nowMs: number): number {
  return Math.max(0, strikes - Math.floor(Math.max(0, nowMs - struckAtMs) / LISTING_FORGIVEN_MS))
}

function termMs(strikes: number): number {
  return LISTING_TERMS_MS[Math.min(strikes, LISTING_TERMS_MS.length - 1)] as number
}
