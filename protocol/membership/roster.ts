// Who is in the room as far as this client knows, and how one view becomes the next.

import { type PeerId, peerIdText } from '../peer-id.ts'
import { equalBytes } from '../wire/bytes.ts'
import type { RosterMember } from '../wire/frames.ts'

export interface KnownMember {
  readonly id: PeerId
  readonly peer: Uint8Array
  readonly session: Uint8Array
  address: number
  metadata: Uint8Array
  /** Set while the newest roster does not have it: then it has so long to come back. */
  missingUntilMs: number | undefined
  /** It is missing from a roster of ours: not only because we have no socket. */
  missed: boolean
}

export type RosterChange =
  | { readonly kind: 'arrived'; readonly member: KnownMember }
  | { readonly kind: 'departed'; readonly member: KnownMember }
  | { readonly kind: 'described'; readonly member: KnownMember }
  /** The same session as before; reachable again, perhaps at another address, or not for now (`miss`). */
  | { readonly kind: 'returned'; readonly member: KnownMember }

export class Roster {
  readonly #byId = new Map<PeerId, KnownMember>()
  readonly #byAddress = new Map<number, KnownMember>()

  get size(): number {
    return this.#byId.size
  }

  members(): Iterable<KnownMember> {
    return this.#byId.values()
  }

  of(id: PeerId): KnownMember | undefined {
    return this.#byId.get(id)
  }

  at(address: number): KnownMember | undefined {
    return this.#byAddress.get(address)
  }

  /** How many members have a lower address. */
  rank(address: number): number {
    let rank = 0
    for (const member of this.#byAddress.keys()) if (member < address) rank++
    return rank
  }

  /** Those present: with an address that is good now. */
  get present(): number {
    return this.#byAddress.size
  }

  see(entry: RosterMember): RosterChange[] {
    const id = peerIdText(entry.peer)
    const known = this.#byId.get(id)
    if (known !== undefined && equalBytes(known.session, entry.session)) return this.#seeAgain(known, entry)
    const changes: RosterChange[] = known === undefined ? [] : [this.#depart(known)]
    // Copies: the entry is a view of the message it came in.
    const member: KnownMember = {
      id,
      peer: entry.peer.slice(),
      session: entry.session.slice(),
      address: entry.address,
      metadata: entry.metadata.slice(),
      missingUntilMs: undefined,
      missed: false,
    }
    changes.push(...this.leave(entry.address)) // An address has one owner: whoever had it is gone.
    this.#byId.set(id, member)
    this.#byAddress.set(member.address, member)
    return [...changes, { kind: 'arrived', member }]
  }

  #seeAgain(known: KnownMember, entry: RosterMember): RosterChange[] {
    const changes: RosterChange[] = []
    if (known.missingUntilMs !== undefined || known.address !== entry.address) {
      this.#vacate(known)
      changes.push(...this.leave(entry.address))
      known.address = entry.address
      known.missingUntilMs = undefined
      known.missed = false
      changes.push({ kind: 'returned', member: known })
    }
    this.#byAddress.set(known.address, known)
    return [...changes, ...this.describe(known.address, entry.metadata)]
  }

  leave(address: number): RosterChange[] {
    const member = this.#byAddress.get(address)
    return member === undefined ? [] : [this.#depart(member)]
  }

  /** It left, and may be seen again by then: it cannot be reached, and is with us still. */
  miss(address: number, untilMs: number): RosterChange[] {
    const member = this.#byAddress.get(address)
    if (member === undefined) return []
    this.#vacate(member)
    member.missingUntilMs = untilMs
    member.missed = true
    return [{ kind: 'returned', member }]
  }

  describe(address: number, metadata: Uint8Array): RosterChange[] {
    const member = this.#byAddress.get(address)
    if (member === undefined || equalBytes(member.metadata, metadata)) return []
    member.metadata = metadata.slice()
    return [{ kind: 'described', member }]
  }

  /** No socket any more: nobody can be reached, and everybody has until then to be seen again. */
  allMissing(untilMs: number): void {
    this.#byAddress.clear()
    for (const member of this.#byId.values()) member.missingUntilMs ??= untilMs
  }

  /** A new roster is complete: who is not in it has so long to follow. Who was missed before had its time already. */
  expectMissing(untilMs: number): void {
    for (const member of this.#byId.values()) {
      if (member.missingUntilMs === undefined || member.missed) continue
      member.missingUntilMs = untilMs
      member.missed = true
    }
  }

  departOverdue(nowMs: number): RosterChange[] {
    const changes: RosterChange[] = []
    for (const member of [...this.#byId.values()]) {
      if (member.missingUntilMs !== undefined && member.missingUntilMs <= nowMs)
        changes.push(this.#depart(member))
    }
    return changes
  }

  departAll(): RosterChange[] {
    return [...this.#byId.values()].map((member) => this.#depart(member))
  }

  nextOverdueMs(): number | undefined {
    let next: number | undefined
    for (const { missingUntilMs } of this.#byId.values()) {
      if (missingUntilMs !== undefined && (next === undefined || missingUntilMs < next)) next = missingUntilMs
    }
    return next
  }

  #depart(member: KnownMember): RosterChange {
    this.#byId.delete(member.id)
    this.#vacate(member)
    return { kind: 'departed', member }
  }

  #vacate(member: KnownMember): void {
    if (this.#byAddress.get(member.address) === member) this.#byAddress.delete(member.address)
  }
}
