// A registry's blacklist: the machine (protocol/protection/machine.ts) with its rows, one for each peer that was ever listed and
// not forgotten since, and the rooms that complained in this life, which are told when somebody is listed.

import { COMPLAINANTS_MAX } from '../../protocol/limits/protection.ts'
import type { PeerId } from '../../protocol/peer-id.ts'
import type {
  AdminTerms,
  BlacklistEffect,
  BlacklistInput,
  ListedPeers,
  Listing,
  Offender,
} from '../../protocol/protection/contract.ts'
import { BlacklistMachine } from '../../protocol/protection/machine.ts'
import type { OffenceCounts } from '../../protocol/protection/offences.ts'

const TABLE =
  'CREATE TABLE IF NOT EXISTS offenders (id TEXT PRIMARY KEY NOT NULL, known TEXT NOT NULL) WITHOUT ROWID'
const HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'offenders'"
const READ_ALL = 'SELECT known FROM offenders'
const WRITE = 'INSERT OR REPLACE INTO offenders (id, known) VALUES (?, ?)'
const DELETE = 'DELETE FROM offenders WHERE id = ?'

/** Rooms whose complaints are remembered, of peers not listed yet. */
const COMPLAINED_OF_MAX = 1_024

export interface BlacklistHost {
  /** Somebody is listed from now on: to be told to those objects where it may be. */
  listed(listing: Listing, rooms: readonly string[]): void
}

export class BlacklistDesk {
  readonly #sql: SqlStorage
  readonly #host: BlacklistHost
  readonly #life = crypto.randomUUID()
  readonly #complainants = new Map<PeerId, Set<string>>()
  #changes = 0
  #hasTable: boolean
  #made: BlacklistMachine | undefined

  constructor({ sql }: DurableObjectStorage, host: BlacklistHost) {
    this.#sql = sql
    this.#host = host
    this.#hasTable = sql.exec(HAS_TABLE).toArray().length > 0
  }

  /** `room`: the object name of the room that tells; undefined where it was none. */
  offended(id: PeerId, counts: OffenceCounts, room: string | undefined, nowMs: number): void {
    if (room !== undefined) this.#complained(id, room)
    this.#receive({ kind: 'offended', id, counts }, nowMs)
  }

  /** Undefined where there is no room for more. */
  list(id: PeerId, terms: AdminTerms, nowMs: number): Listing | undefined {
    return this.#receive({ kind: 'list', id, terms }, nowMs)
      .map((effect) => (effect.kind === 'listed' ? effect.listing : undefined))
      .find((listing) => listing !== undefined)
  }

  unlist(id: PeerId, nowMs: number): boolean {
    return this.#receive({ kind: 'unlist', id }, nowMs).some(({ kind }) => kind === 'unlisted')
  }

  listing(id: PeerId, nowMs: number): Listing | undefined {
    return this.#machine.listing(id, nowMs)
  }

  listings(nowMs: number): readonly Listing[] {
    return this.#machine.listings(nowMs)
  }

  /** Undefined for whoever knows it already. */
  listedSince(version: string | undefined, nowMs: number): ListedPeers | undefined {
    const now = `${this.#life}.${this.#changes}`
    if (version === now) return undefined
    return { version: now, peers: this.listings(nowMs).map(({ id, untilMs }) => ({ id, untilMs })) }
  }

  get #machine(): BlacklistMachine {
    this.#made ??= new BlacklistMachine(this.#read())
    return this.#made
  }

  *#read(): Iterable<Offender> {
    if (!this.#hasTable) return
    for (const { known } of this.#sql.exec<{ known: string }>(READ_ALL)) yield JSON.parse(known) as Offender
  }

  #receive(input: BlacklistInput, nowMs: number): readonly BlacklistEffect[] {
    const effects = this.#machine.receive(input, nowMs)
    for (const effect of effects) this.#perform(effect)
    return effects
  }

  #perform(effect: BlacklistEffect): void {
    switch (effect.kind) {
      case 'keep':
        if (!this.#hasTable) this.#sql.exec(TABLE)
        this.#hasTable = true
        this.#sql.exec(WRITE, effect.offender.id, JSON.stringify(effect.offender))
        return
      case 'forget':
        if (this.#hasTable) this.#sql.exec(DELETE, effect.id)
        this.#changes++
        return
      case 'listed': {
        this.#changes++
        const rooms = [...(this.#complainants.get(effect.listing.id) ?? [])]
        this.#complainants.delete(effect.listing.id)
        return this.#host.listed(effect.listing, rooms)
      }
      case 'unlisted':
        this.#changes++
        return
      case 'notListed':
      case 'full':
        return
    }
  }

  #complained(id: PeerId, room: string): void {
    const rooms = this.#complainants.get(id) ?? new Set()
    this.#complainants.delete(id)
    this.#complainants.set(id, rooms)
    rooms.add(room)
    for (const first of rooms) if (rooms.size > COMPLAINANTS_MAX) rooms.delete(first)
    for (const first of this.#complainants.keys())
      if (this.#complainants.size > COMPLAINED_OF_MAX) this.#complainants.delete(first)
  }
}
