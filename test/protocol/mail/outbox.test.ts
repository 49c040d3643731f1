// The outbox's decisions: what is kept and put when, and that no message has two outcomes or none.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MAIL_KEEP_AFTER_MS,
  MAIL_PROOFS_MAX,
  MAIL_PUTS_MAX,
  MAIL_RETRY_MAX_MS,
} from '../../../protocol/limits/client-mail.ts'
import {
  type OutboxEffect,
  type OutboxInput,
  type OutboxItem,
  OutboxMachine,
} from '../../../protocol/mail/outbox.ts'
import { MAIL_REFUSAL, type MailRefusal } from '../../../protocol/wire/registry.ts'

const FAR_MS = 1e9

function item(id: string, to = 'bob', more: Partial<OutboxItem> = {}): OutboxItem {
  return { id, to, priority: 'normal', expiresAtMs: FAR_MS, ...more }
}

/** Gives inputs in turn at one time; effects as short words. */
function outbox() {
  const machine = new OutboxMachine(() => 0.5)
  const words = (effects: readonly OutboxEffect[]) => effects.map(wordsOf)
  return { machine, give: (input: OutboxInput, nowMs = 0) => words(machine.receive(input, nowMs)) }
}

function wordsOf(effect: OutboxEffect): string {
  switch (effect.kind) {
    case 'keep':
      return `keep ${effect.ids.join(' ')}`
    case 'put':
      return `put ${effect.id} ${effect.envelope}`
    case 'failed':
      return `failed ${effect.id}: ${effect.why}`
    default:
      return `${effect.kind} ${effect.id}`
  }
}

describe('a message nobody can be given now', () => {
  it('is kept, sealed, put and forgotten', () => {
    const { give, machine } = outbox()
    expect(give({ kind: 'add', item: item('a') })).toEqual(['keep a', 'seal a'])
    expect(give({ kind: 'sealed', id: 'a', envelopes: 2 })).toEqual(['put a 0'])
    expect(give({ kind: 'stored', id: 'a' })).toEqual(['put a 1'])
    expect(give({ kind: 'stored', id: 'a' })).toEqual(['mailed a', 'forget a'])
    expect(machine.size).toBe(0)
    expect(machine.wakeAtMs).toBeUndefined()
  })

  it('of an earlier life goes on where it was, and is not kept again', () => {
    const { give } = outbox()
    const left = item('a', 'bob', { sealed: { envelopes: 3, stored: 1 } })
    expect(give({ kind: 'add', item: left, kept: true })).toEqual(['put a 1'])
  })

  it('fails when its time is over, whatever was under way', () => {
    const { give, machine } = outbox()
    give({ kind: 'add', item: item('a', 'bob', { expiresAtMs: 1_000 }) })
    give({ kind: 'sealed', id: 'a', envelopes: 1 })
    expect(machine.wakeAtMs).toBe(1_000)
    expect(give({ kind: 'wake' }, 999)).toEqual([])
    expect(give({ kind: 'wake' }, 1_000)).toEqual(['failed a: timeout', 'forget a'])
    expect(give({ kind: 'stored', id: 'a' }, 1_001)).toEqual([])
  })
})

describe('a message that a link is trying', () => {
  it('is not kept when the link is quick', () => {
    const { give } = outbox()
    expect(give({ kind: 'add', item: item('a'), held: true })).toEqual([])
    expect(give({ kind: 'cancel', id: 'a' }, MAIL_KEEP_AFTER_MS - 1)).toEqual(['forget a'])
  })

  it('is kept when it is not, and mailed when it gave up', () => {
    const { give, machine } = outbox()
    give({ kind: 'add', item: item('a'), held: true })
    give({ kind: 'add', item: item('b'), held: true })
    expect(machine.wakeAtMs).toBe(MAIL_KEEP_AFTER_MS)
    expect(give({ kind: 'wake' }, MAIL_KEEP_AFTER_MS)).toEqual(['keep a b'])
    expect(give({ kind: 'release', id: 'b' }, 500)).toEqual(['seal b'])
    expect(give({ kind: 'cancel', id: 'a' }, 501)).toEqual(['forget a'])
  })
})

describe('a page that may end any moment', () => {
  it('keeps what a link has at once, and once', () => {
    const { give } = outbox()
    give({ kind: 'add', item: item('a'), held: true })
    give({ kind: 'add', item: item('b', 'carol'), held: true })
    expect(give({ kind: 'ending' })).toEqual(['keep a b'])
    expect(give({ kind: 'ending' })).toEqual([])
    expect(give({ kind: 'wake' }, MAIL_KEEP_AFTER_MS)).toEqual([])
  })
})

describe('order', () => {
  it('is kept to one peer and of one priority, and holds up nobody else', () => {
    const { give } = outbox()
    expect(give({ kind: 'add', item: item('a') })).toContain('seal a')
    expect(give({ kind: 'add', item: item('b') })).not.toContain('seal b')
    expect(give({ kind: 'add', item: item('c', 'bob', { priority: 'high' }) })).toContain('seal c')
    expect(give({ kind: 'add', item: item('d', 'carol') })).toContain('seal d')
    expect(give({ kind: 'sealed', id: 'a', envelopes: 1 })).toEqual(['put a 0'])
    expect(give({ kind: 'stored', id: 'a' })).toEqual(['mailed a', 'forget a', 'seal b'])
  })

  it('lets a message wait behind one that is tried again later', () => {
    const { give, machine } = outbox()
    give({ kind: 'add', item: item('a') })
    give({ kind: 'sealed', id: 'a', envelopes: 1 })
    give({ kind: 'add', item: item('b') })
    expect(give({ kind: 'refused', id: 'a', reason: 'rate-limited', retryAfterMs: 5_000 })).toEqual([])
    expect(machine.wakeAtMs).toBe(5_000)
    expect(give({ kind: 'wake' }, 5_000)).toEqual(['put a 0'])
  })

  it('wakes nobody for a message that has to wait for another, or for room', () => {
    const { give, machine } = outbox()
    const failsOnce = (id: string, to: string) => {
      give({ kind: 'add', item: item(id, to) })
      give({ kind: 'sealed', id, envelopes: 1 })
      give({ kind: 'refused', id, reason: 'internal', retryAfterMs: 0 })
    }
    give({ kind: 'add', item: item('a'), held: true })
    failsOnce('b', 'bob')
    expect(machine.wakeAtMs).toBeLessThan(FAR_MS)
    expect(give({ kind: 'release', id: 'a' })).toEqual(['keep a', 'seal a']) // Before b, as it was said.
    expect(machine.wakeAtMs).toBe(FAR_MS)
    for (let i = 0; i < MAIL_PUTS_MAX - 2; i++) give({ kind: 'add', item: item(`${i}`, `peer ${i}`) })
    failsOnce('c', 'carol')
    expect(machine.wakeAtMs).toBeLessThan(FAR_MS)
    give({ kind: 'add', item: item('d', 'dave') })
    expect(machine.wakeAtMs).toBe(FAR_MS)
  })

  it('has no more under way than may be', () => {
    const { give } = outbox()
    let sealing = 0
    for (let i = 0; i < 2 * MAIL_PUTS_MAX; i++)
      sealing += give({ kind: 'add', item: item(`m${i}`, `peer ${i}`) }).filter((word) =>
        word.startsWith('seal'),
      ).length
    expect(sealing).toBe(MAIL_PUTS_MAX)
  })
})

describe('a refusal', () => {
  const refused = (reason: MailRefusal | 'unreachable') => {
    const { give, machine } = outbox()
    give({ kind: 'add', item: item('a') })
    give({ kind: 'sealed', id: 'a', envelopes: 1 })
    const words = give({ kind: 'refused', id: 'a', reason, retryAfterMs: 0 })
    return { words, left: machine.size }
  }

  it.each(['unreachable', 'rate-limited', 'internal'] as const)('%s: waits', (reason) => {
    expect(refused(reason)).toEqual({ words: [], left: 1 })
  })
  it.each(['bad-access', 'bad-stamp', 'stale-stamp'] as const)('%s: another proof', (reason) => {
    expect(refused(reason)).toEqual({ words: ['put a 0'], left: 1 })
  })
  it.each([
    ['no-such-mailbox', 'no-mailbox'],
    ['over-quota', 'full'],
    ['blocked', 'refused'],
    ['malformed', 'refused'],
    ['too-large', 'refused'],
  ] as const)('%s: fails as %s', (reason, why) => {
    expect(refused(reason)).toEqual({ words: [`failed a: ${why}`, 'forget a'], left: 0 })
  })

  it('that asks to wait for ever is waited for as long as any, and no longer', () => {
    const { give, machine } = outbox()
    give({ kind: 'add', item: item('a') })
    give({ kind: 'sealed', id: 'a', envelopes: 1 })
    give({ kind: 'refused', id: 'a', reason: 'rate-limited', retryAfterMs: 1e300 })
    expect(machine.wakeAtMs).toBe(MAIL_RETRY_MAX_MS)
    expect(give({ kind: 'wake' }, MAIL_RETRY_MAX_MS)).toEqual(['put a 0'])
  })

  it('of one proof after another ends it', () => {
    const { give } = outbox()
    give({ kind: 'add', item: item('a') })
    give({ kind: 'sealed', id: 'a', envelopes: 1 })
    let words: string[] = []
    for (let i = 0; i < MAIL_PROOFS_MAX; i++)
      words = give({ kind: 'refused', id: 'a', reason: 'bad-access', retryAfterMs: 0 })
    expect(words).toEqual(['failed a: refused', 'forget a'])
  })

  it('for want of a network is over when there may be one', () => {
    const { give } = outbox()
    give({ kind: 'add', item: item('a') })
    give({ kind: 'sealed', id: 'a', envelopes: 1 })
    give({ kind: 'refused', id: 'a', reason: 'unreachable', retryAfterMs: 0 })
    expect(give({ kind: 'networkChanged' }, 1)).toEqual(['put a 0'])
  })
})

// ---- whatever happens ---------------------------------------------------------------------------------------------

const IDS = ['a', 'b', 'c', 'd', 'e']
const id = fc.constantFrom(...IDS)
const REASONS = [...(Object.keys(MAIL_REFUSAL) as MailRefusal[]), 'unreachable' as const]
const anyInput: fc.Arbitrary<OutboxInput> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    item: fc.record({
      id,
      to: fc.constantFrom('bob', 'carol'),
      priority: fc.constantFrom('high' as const, 'normal' as const),
      expiresAtMs: fc.integer({ min: 1, max: 20_000 }),
    }),
    held: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('release' as const, 'cancel' as const, 'stored' as const), id }),
  fc.record({ kind: fc.constant('sealed' as const), id, envelopes: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant('unsealed' as const),
    id,
    why: fc.constantFrom('no-mailbox' as const, 'refused' as const, 'later' as const, 'broken' as const),
  }),
  fc.record({
    kind: fc.constant('refused' as const),
    id,
    reason: fc.constantFrom(...REASONS),
    retryAfterMs: fc.integer({ min: 0, max: 10_000 }),
  }),
  fc.constantFrom({ kind: 'wake' as const }, { kind: 'networkChanged' as const }),
)

describe('whatever happens', () => {
  it('a message has one outcome, is forgotten once, and time always brings it on', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyInput, fc.integer({ min: 0, max: 2_000 })), { maxLength: 60 }),
        (steps) => {
          const machine = new OutboxMachine(() => 0.5)
          const open = new Set<string>()
          let nowMs = 0
          const heed = (effects: readonly OutboxEffect[]) => {
            for (const effect of effects) {
              if (effect.kind === 'keep') for (const id of effect.ids) expect(open).toContain(id)
              else expect(open).toContain(effect.id)
              if (effect.kind === 'forget') open.delete(effect.id)
            }
          }
          for (const [input, ms] of steps) {
            nowMs += ms
            if (input.kind === 'add') open.add(input.item.id)
            heed(machine.receive(input, nowMs))
          }
          // Nobody answers any more: time alone ends them all, in as many wakes as there are things to wait for.
          for (let wakes = 0; machine.wakeAtMs !== undefined; wakes++) {
            expect(wakes).toBeLessThan(200)
            nowMs = Math.max(nowMs, machine.wakeAtMs)
            heed(machine.receive({ kind: 'wake' }, nowMs))
          }
          expect(open.size).toBe(0)
          expect(machine.size).toBe(0)
        },
      ),
    )
  })
})
