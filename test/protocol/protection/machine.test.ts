// The blacklist's decisions: what it takes to be listed, for how long, what is forgiven, and that it stays within bounds.

import { describe, expect, it } from 'vitest'
import {
  LISTING_TERMS_MS,
  OFFENCE_HALF_LIFE_MS,
  OFFENCE_LISTED_AT,
  OFFENCE_REPORTED_AT,
  OFFENDERS_GATHERED_MAX,
} from '../../../protocol/limits/protection.ts'
import { type PeerId, peerIdText } from '../../../protocol/peer-id.ts'
import type { BlacklistEffect, Offender } from '../../../protocol/protection/contract.ts'
import { BlacklistMachine } from '../../../protocol/protection/machine.ts'
import {
  Gathering,
  gravest,
  isForgery,
  isOffence,
  OFFENCES,
  type OffenceCounts,
  weightOf,
} from '../../../protocol/protection/offences.ts'

const bytesOf = (n: number) => new Uint8Array(32).fill(n & 0xff).map((b, i) => (i === 0 ? n >> 8 : b))
const idOf = (n: number) => peerIdText(bytesOf(n))
const MALLORY = idOf(1)
const NOW = 1_000_000_000
const DAY = 86_400_000

const offends = (machine: BlacklistMachine, nowMs: number, counts: OffenceCounts, id: PeerId = MALLORY) =>
  machine.receive({ kind: 'offended', id, counts }, nowMs)
const listed = (effects: readonly BlacklistEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'listed' ? [effect.listing] : []))
const lists = (machine: BlacklistMachine, nowMs: number, untilMs: number | null = null, id = MALLORY) =>
  machine.receive({ kind: 'list', id, terms: { reason: 'admin', untilMs } }, nowMs)

describe('a peer is listed', () => {
  it('for one flood, at once, for a minute', () => {
    const machine = new BlacklistMachine()
    const [listing] = listed(offends(machine, NOW, { flooding: 1 }))
    expect(listing).toEqual({
      id: MALLORY,
      reason: 'flooding',
      source: 'automatic',
      sinceMs: NOW,
      untilMs: NOW + 60_000,
      offences: { flooding: 1 },
    })
    expect(machine.listing(MALLORY, NOW + 59_999)).toEqual(listing)
    expect(machine.listing(MALLORY, NOW + 60_000)).toBeUndefined()
    expect(machine.listings(NOW + 60_000)).toEqual([])
  })

  it('for slips only when they come together: half is forgiven in ten minutes', () => {
    const machine = new BlacklistMachine()
    const slips = { malformed: 30 }
    expect(listed(offends(machine, NOW, slips))).toEqual([])
    expect(listed(offends(machine, NOW + 3 * OFFENCE_HALF_LIFE_MS, slips))).toEqual([])
    expect(listed(offends(machine, NOW + 3 * OFFENCE_HALF_LIFE_MS + 1, slips))).toMatchObject([
      { reason: 'malformed' },
    ])
    const behind = new BlacklistMachine()
    offends(behind, NOW, slips)
    expect(listed(offends(behind, NOW - 10 * OFFENCE_HALF_LIFE_MS, { malformed: 1 }))).toEqual([])
  })

  it('longer each time in a row, up to a day', () => {
    const machine = new BlacklistMachine()
    let nowMs = NOW
    for (const termMs of [...LISTING_TERMS_MS, LISTING_TERMS_MS.at(-1) as number]) {
      const [listing] = listed(offends(machine, nowMs, { flooding: 1 }))
      expect(listing?.untilMs).toBe(nowMs + termMs)
      nowMs += Math.min(termMs, DAY - 1)
      if (termMs === DAY) nowMs += 1
    }
    // Cut short by hand, so that it comes to more of them than there are terms.
    lists(machine, nowMs - DAY, nowMs - DAY + 5)
    expect(listed(offends(machine, nowMs - DAY + 5, { flooding: 1 }))[0]?.untilMs).toBe(nowMs + 5)
  })

  it('for a term less after a day without, and for the first one again after enough of them', () => {
    const machine = new BlacklistMachine()
    for (let n = 0; n < 3; n++) offends(machine, NOW + n * 4_000_000, { flooding: 1 })
    const lastMs = NOW + 2 * 4_000_000
    expect(machine.listing(MALLORY, lastMs)?.untilMs).toBe(lastMs + LISTING_TERMS_MS[2])
    const [again] = listed(offends(machine, lastMs + DAY, { flooding: 1 }))
    expect(again?.untilMs).toBe(lastMs + DAY + LISTING_TERMS_MS[2])
    const later = lastMs + DAY + 10 * DAY
    expect(listed(offends(machine, later, { flooding: 1 }))[0]?.untilMs).toBe(later + LISTING_TERMS_MS[0])
  })

  it('once for what it does while it is listed already', () => {
    const machine = new BlacklistMachine()
    offends(machine, NOW, { flooding: 1 })
    expect(listed(offends(machine, NOW + 1, { flooding: 5 }))).toEqual([])
    expect(machine.listing(MALLORY, NOW + 2)?.untilMs).toBe(NOW + 60_000)
  })

  it('by hand for as long as is said, and no offence shortens that', () => {
    const machine = new BlacklistMachine()
    const terms = { reason: 'admin', untilMs: null, note: 'why' } as const
    expect(listed(machine.receive({ kind: 'list', id: MALLORY, terms }, NOW))).toEqual([
      { id: MALLORY, source: 'admin', sinceMs: NOW, offences: {}, ...terms },
    ])
    expect(listed(lists(machine, NOW))[0]).not.toHaveProperty('note')
    expect(offends(machine, NOW + 1, { flooding: 9 })).toEqual([])
    expect(machine.listing(MALLORY, NOW + 1_000 * DAY)).toMatchObject({ source: 'admin' })
    lists(machine, NOW, NOW + 5)
    expect(machine.listing(MALLORY, NOW + 5)).toBeUndefined()
  })

  it('no more when it is taken off, and then begins anew', () => {
    const machine = new BlacklistMachine()
    offends(machine, NOW, { flooding: 1 })
    expect(machine.receive({ kind: 'unlist', id: MALLORY }, NOW + 1)).toEqual([
      { kind: 'unlisted', id: MALLORY },
      { kind: 'forget', id: MALLORY },
    ])
    expect(machine.listing(MALLORY, NOW + 1)).toBeUndefined()
    expect(machine.receive({ kind: 'unlist', id: MALLORY }, NOW + 2)).toEqual([
      { kind: 'notListed', id: MALLORY },
    ])
    expect(listed(offends(machine, NOW + 3, { flooding: 1 }))[0]?.untilMs).toBe(NOW + 3 + 60_000)
  })
})

describe('what is kept', () => {
  it('is of whoever was listed, and survives; an offence alone is no row', () => {
    const machine = new BlacklistMachine()
    expect(offends(machine, NOW, { malformed: 1 })).toEqual([])
    const kept = offends(machine, NOW, { flooding: 1 }).flatMap((effect) =>
      effect.kind === 'keep' ? [JSON.parse(JSON.stringify(effect.offender)) as Offender] : [],
    )
    expect(lists(machine, NOW, null, idOf(2)).map(({ kind }) => kind)).toEqual(['listed', 'keep'])
    machine.receive({ kind: 'unlist', id: idOf(2) }, NOW)
    const again = new BlacklistMachine(kept)
    expect(again.listings(NOW)).toEqual(machine.listings(NOW))
    expect(listed(offends(again, NOW + 60_000, { flooding: 1 }))[0]?.untilMs).toBe(NOW + 60_000 + 600_000)
  })

  it('is forgotten first of who was heard of first, and of who was listed once after those who never were', () => {
    const machine = new BlacklistMachine([], 3)
    const [struck, one, other, third, fourth] = [1, 2, 3, 4, 5].map(idOf) as [PeerId, ...PeerId[]]
    const slips = (id?: PeerId) => listed(offends(machine, NOW, { malformed: 18 }, id)).length
    for (let n = 3; n > 0; n--) offends(machine, NOW - n * 10_000_000, { flooding: 1 }, struck)
    expect([one, other, one, third].map(slips)).toEqual([0, 0, 0, 0])
    // It is the third time for both; but the other was forgotten.
    expect([slips(one), slips(other), slips(other)]).toEqual([1, 0, 0])
    offends(machine, NOW, { flooding: 1 }, third)
    expect(offends(machine, NOW, { flooding: 1 }, fourth)).toContainEqual({ kind: 'forget', id: struck })
  })

  it('of who was listed by hand is not forgotten, though there is room for fewer than there was', () => {
    const before = new BlacklistMachine()
    const kept = [1, 2].flatMap((n) =>
      lists(before, NOW, null, idOf(n)).flatMap((effect) =>
        effect.kind === 'keep' ? [effect.offender] : [],
      ),
    )
    const machine = new BlacklistMachine(kept, 1)
    lists(machine, NOW, null, idOf(1))
    expect(machine.listings(NOW)).toHaveLength(2)
  })

  it('is bounded: those who did least go first, and who was listed by hand never', () => {
    const machine = new BlacklistMachine([], 3)
    lists(machine, NOW, null, idOf(10))
    offends(machine, NOW, { flooding: 1 }, idOf(11))
    for (let n = 20; n < 40; n++) offends(machine, NOW, { malformed: 1 }, idOf(n))
    expect(machine.listings(NOW).map(({ id }) => id)).toEqual([idOf(10), idOf(11)])
    expect(offends(machine, NOW, { flooding: 1 }, idOf(12)).some(({ kind }) => kind === 'forget')).toBe(false)
    lists(machine, NOW, null, idOf(13))
    expect(machine.listings(NOW).map(({ id }) => id)).toEqual([idOf(10), idOf(12), idOf(13)])
    lists(machine, NOW, null, idOf(14))
    expect(lists(machine, NOW, null, idOf(15))).toEqual([{ kind: 'full' }])
    expect(machine.listings(NOW)).toHaveLength(3)
    expect(listed(lists(machine, NOW, NOW + 9, idOf(14)))).toHaveLength(1)
  })
})

describe('offences', () => {
  it('weigh something each, and the gravest is the reason', () => {
    for (const reason of OFFENCES) expect(weightOf({ [reason]: 1 })).toBeGreaterThan(0)
    expect(gravest({ malformed: 7, forged: 1 })).toBe('forged')
    expect(gravest({ malformed: 9, forged: 1 })).toBe('malformed')
    expect(['rate-limited', 'slow-receiver', 'toString'].map(isOffence)).toEqual([false, false, false])
    expect((['wrong-signature', 'wrong-key', 'stale'] as const).map(isForgery)).toEqual([true, true, false])
  })

  it('are gathered, and told of when they come to something', () => {
    const gathering = new Gathering()
    const [mallory, alice] = [bytesOf(1), bytesOf(2)]
    expect(gathering.note(mallory, 'flooding')).toEqual({ peer: mallory, counts: { flooding: 1 } })
    const needed = OFFENCE_REPORTED_AT / weightOf({ malformed: 1 })
    for (let n = 1; n < needed; n++) {
      expect(gathering.note(mallory, 'malformed')).toBeUndefined()
      if (n < 4) expect(gathering.note(alice, 'malformed')).toBeUndefined()
    }
    expect(gathering.note(mallory, 'malformed')).toEqual({ peer: mallory, counts: { malformed: needed } })
    expect(gathering.note(mallory, 'malformed')).toBeUndefined()
    expect((OFFENCE_LISTED_AT / OFFENCE_REPORTED_AT) % 1).toBe(0)
  })

  it('of too many peers at once forget who was heard of first', () => {
    const gathering = new Gathering()
    for (let n = 0; n < 9; n++) gathering.note(bytesOf(0), 'malformed')
    for (let n = 1; n <= OFFENDERS_GATHERED_MAX; n++) gathering.note(bytesOf(n), 'malformed')
    expect(gathering.note(bytesOf(0), 'malformed')).toBeUndefined()
  })
})
