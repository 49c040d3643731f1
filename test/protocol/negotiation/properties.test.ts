// Whatever a room does to signals and a network to connections: when it is over, both have the same one, and nothing
// was attempted for longer than an attempt may take. The pair throws when a machine spins or is woken in vain.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ATTEMPT_RETRY_MAX_MS, ATTEMPT_TIMEOUT_MS } from '../../../protocol/limits/direct.ts'
import { seeded } from '../link/world.ts'
import { anyFrame } from '../wire/arbitrary.ts'
import { Pair, type Party } from './pair.ts'

type Who = 'polite' | 'other'
type Step = (pair: Pair) => void

const who = fc.constantFrom<Who>('polite', 'other')
const at = (step: (pair: Pair, party: Party) => void) =>
  who.map(
    (each): Step =>
      (pair) =>
        step(pair, pair[each]),
  )

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: at((pair, party) => pair.connects(party)) },
  {
    weight: 2,
    arbitrary: fc.constant<Step>((pair) => {
      for (const each of pair.parties) pair.connects(each)
    }),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom(1, 20, 45, 100, 700, 3_000, 16_000, 100_000).map(
      (ms): Step =>
        (pair) =>
          pair.after(ms),
    ),
  },
  { weight: 2, arbitrary: at((pair, party) => pair.changesNetwork(party)) },
  { weight: 1, arbitrary: at((pair, party) => pair.changesNetwork(party, false)) },
  { weight: 1, arbitrary: at((pair, party) => pair.give(party, { kind: 'networkChanged' })) },
  { weight: 1, arbitrary: at((pair, party) => pair.give(party, { kind: 'reachable' })) },
  { weight: 1, arbitrary: at((pair, party) => pair.give(party, { kind: 'close' })) },
  { weight: 1, arbitrary: fc.constant<Step>((pair) => pair.breaks()) },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((pair) => {
      pair.network = true
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        loss: fc.constantFrom(0, 0.2, 0.6, 1),
        repeat: fc.constantFrom(0, 0.5),
        jitterMs: fc.constantFrom(0, 50, 2_000),
      })
      .map(
        (weather): Step =>
          (pair) =>
            void Object.assign(pair, weather),
      ),
  },
)

function lives(steps: readonly Step[], seed: number): Pair {
  const pair = new Pair(seeded(seed))
  for (const each of steps) {
    each(pair)
    for (const { machine, browser } of pair.parties) {
      // Inputs and effects name one connection; the browser has it, and no other.
      const { kind } = machine.state
      expect(kind === 'attempting' || kind === 'open').toBe(browser !== undefined)
    }
  }
  return pair
}

describe('two peers, whatever happens to their signals', () => {
  it('end with the same open connection once the network is well', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }), fc.nat(), (steps, seed) => {
        const pair = lives(steps, seed)
        Object.assign(pair, { loss: 0, repeat: 0, jitterMs: 0, network: true })
        for (const party of pair.parties) pair.connects(party)
        pair.after(2 * ATTEMPT_RETRY_MAX_MS)
        expect(pair.bothOpen).toBe(true)
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  it('attempt nothing for longer than an attempt may take', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 40, size: 'max' }), fc.nat(), (steps, seed) => {
        const pair = lives(steps, seed)
        pair.breaks()
        for (let i = 0; i < 60; i++) {
          pair.after(1_000)
          for (const { machine, createdAtMs } of pair.parties) {
            if (machine.state.kind !== 'attempting') continue
            expect(pair.nowMs - createdAtMs).toBeLessThanOrEqual(ATTEMPT_TIMEOUT_MS)
          }
        }
        expect(pair.parties.every(({ machine }) => machine.state.kind !== 'open')).toBe(true)
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('take any frame of a hostile peer without throwing, spinning, or waiting for ever', () => {
    const frame = anyFrame.filter(({ kind }) => ['offer', 'answer', 'candidates', 'decline'].includes(kind))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, fc.nat({ max: 4 })), { maxLength: 40 }),
        fc.nat(),
        (frames, seed) => {
          const pair = new Pair(seeded(seed))
          pair.loss = 1
          for (const [each, connection] of frames) {
            const party = pair.other
            const id = connection === 0 ? (party.browser?.id ?? 1) : connection
            pair.give(party, { kind: 'signal', frame: { ...each, connection: id } as never })
            pair.after(100)
          }
          pair.after(ATTEMPT_TIMEOUT_MS)
          expect(pair.other.machine.state.kind).not.toBe('attempting')
        },
      ),
      { numRuns: 200 },
    )
  }, 60_000)
})
