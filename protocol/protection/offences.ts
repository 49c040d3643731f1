// What peers do that counts against them, and what an object gathers of it. Only what is proven to be a peer's counts: what
// came over a socket or with a pass of its own. Nobody can offend in another's name.

import { OFFENCE_REPORTED_AT, OFFENCE_WEIGHTS, OFFENDERS_GATHERED_MAX } from '../limits/protection.ts'
import { type PeerId, peerIdText } from '../peer-id.ts'
import type { DhtRefusal } from '../wire/registry.ts'

export const OFFENCES = [
  'flooding', // went on sending after it was refused a thousand times, until its socket was closed; or asked so over HTTP
  'forged', // wrote what is not signed by whom it says, or is not what its key says
  'malformed', // sent frames that are none
  'unexpected', // sent frames that have no business there
  'too-large', // sent frames over a bound
] as const

export type Offence = (typeof OFFENCES)[number]

export type OffenceCounts = Readonly<Partial<Record<Offence, number>>>

/** What an object tells the registry of one peer. */
export interface OffenceReport {
  readonly peer: Uint8Array
  readonly counts: OffenceCounts
}

export function isOffence(reason: string): reason is Offence {
  return (OFFENCES as readonly string[]).includes(reason)
}

/** Of what the DHT does not keep: what whoever sent it could not have taken for good. */
export function isForgery(reason: DhtRefusal): boolean {
  return reason === 'wrong-signature' || reason === 'wrong-key'
}

export function weightOf(counts: OffenceCounts): number {
  return OFFENCES.reduce((sum, reason) => sum + (counts[reason] ?? 0) * OFFENCE_WEIGHTS[reason], 0)
}

/** The reason that weighs most. */
export function gravest(counts: OffenceCounts): Offence {
  const weight = (reason: Offence) => (counts[reason] ?? 0) * OFFENCE_WEIGHTS[reason]
  return OFFENCES.reduce((worst, reason) => (weight(reason) > weight(worst) ? reason : worst))
}

export function addCounts(a: OffenceCounts, b: OffenceCounts): OffenceCounts {
  const sum = { ...a } as Partial<Record<Offence, number>>
  for (const reason of OFFENCES) if (b[reason] !== undefined) sum[reason] = (sum[reason] ?? 0) + b[reason]
  return sum
}

/** What is gathered until it is worth telling: a summary, never every frame. Slips that never come to much are forgotten. */
export class Gathering {
  readonly #peers = new Map<PeerId, OffenceCounts>()

  /** A report to be made now, or undefined. */
  note(peer: Uint8Array, offence: Offence): OffenceReport | undefined {
    const id = peerIdText(peer)
    const counts = addCounts(this.#peers.get(id) ?? {}, { [offence]: 1 })
    this.#peers.delete(id)
    if (weightOf(counts) >= OFFENCE_REPORTED_AT) return { peer, counts }
    this.#peers.set(id, counts)
    for (const first of this.#peers.keys())
      if (this.#peers.size > OFFENDERS_GATHERED_MAX) this.#peers.delete(first)
    return undefined
  }
}
