// Each strategy of balancing: whom it chooses, how often, and what moves when somebody goes.

import { describe, expect, it } from 'vitest'
import { BOUNDED_LOAD, ConsistentHash, hash, rank } from '../../../protocol/balance/consistent-hash.ts'
import type { Target } from '../../../protocol/balance/contract.ts'
import { EWMA_HALF_MS, PeakEwma } from '../../../protocol/balance/ewma.ts'
import { STRATEGIES, strategyFor } from '../../../protocol/balance/kinds.ts'
import { PowerOfTwo } from '../../../protocol/balance/power-of-two.ts'
import { RoundRobin } from '../../../protocol/balance/round-robin.ts'
import { byScore, score } from '../../../protocol/balance/score.ts'
import { unknownTarget } from '../../../protocol/balance/target.ts'
import { seeded } from '../../support/seeded.ts'

const NOWHERE = { region: undefined, key: '' }
type Loaded = { -readonly [Name in keyof Target]: Target[Name] }

const targets = (...known: Partial<Target>[]): Loaded[] =>
  known.map((each, i) => ({ ...unknownTarget(`edge ${i}`, each) }))

/** How often each was chosen; what it was asked stays with it. */
function spread(
  name: keyof typeof STRATEGIES,
  among: Loaded[],
  times: number,
  keyOf = (i: number) => `${i}`,
): number[] {
  const strategy = STRATEGIES[name](seeded(7))
  const counts = among.map(() => 0)
  for (let i = 0; i < times; i++) {
    const place = strategy.choose(among, { region: undefined, key: keyOf(i) }) as number
    counts[place] = (counts[place] ?? 0) + 1
    ;(among[place] as Loaded).inFlight++
  }
  return counts
}

describe('every strategy', () => {
  it.each(Object.keys(STRATEGIES) as (keyof typeof STRATEGIES)[])(
    '%s passes over who is not well',
    (name) => {
      expect(spread(name, targets({}, { isWell: false }, {}), 100)[1]).toBe(0)
      const strategy = STRATEGIES[name](seeded(1))
      expect(strategy.choose([], NOWHERE)).toBe(undefined)
      // Somebody has to be asked.
      expect(strategy.choose(targets({ isWell: false }), NOWHERE)).toBe(0)
    },
  )
})

describe('round robin', () => {
  it('takes turns, as often as the weights say, and not in a row', () => {
    const strategy = new RoundRobin()
    const among = targets({ weight: 2 }, {}, {})
    const order = Array.from({ length: 8 }, () => strategy.choose(among, NOWHERE))
    expect(order).toEqual([0, 1, 2, 0, 0, 1, 2, 0])
  })
})

describe('least connections', () => {
  it('fills all alike, by their weights', () => {
    const counts = spread('least-connections', targets({ weight: 3 }, {}, { inFlight: 50 }), 400)
    expect(Math.abs((counts[0] ?? 0) - 270)).toBeLessThan(4)
    expect(Math.abs((counts[1] ?? 0) - 90)).toBeLessThan(4)
    expect(Math.abs((counts[2] ?? 0) - 40)).toBeLessThan(4)
  })
})

describe('weighted response time', () => {
  it('asks the faster more often, and who was never asked as often as the middle', () => {
    const [fast = 0, middle = 0, slow = 0, unknown = 0] = spread(
      'weighted-response-time',
      targets({ latencyMs: 10 }, { latencyMs: 20 }, { latencyMs: 40 }, {}).toReversed(),
      10_000,
    ).toReversed()
    expect(fast / middle).toBeCloseTo(2, 0)
    expect(middle / slow).toBeCloseTo(2, 0)
    expect(unknown / middle).toBeCloseTo(1, 0)
  })

  it('asks somebody, whatever the rounding of fractions leaves', () => {
    const strategy = STRATEGIES['weighted-response-time'](() => 1 - 2 ** -53)
    for (let weights = 1; weights < 50; weights++) {
      const among = targets(...Array.from({ length: 9 }, (_, i) => ({ weight: (i * weights) / 7 + 0.1 })))
      expect(strategy.choose(among, NOWHERE)).toBe(8)
    }
  })
})

describe('geographic', () => {
  it('takes the nearest, and of those as near the idler', () => {
    const strategy = strategyFor('near', seeded(1))
    const among = targets(
      { region: 'weur', inFlight: 9 },
      { region: 'weur', inFlight: 3 },
      { region: 'apac' },
    )
    expect(strategy.choose(among, { region: 'eeur', key: '' })).toBe(1)
    expect(strategy.choose(among, { region: 'oc', key: '' })).toBe(2)
    expect(strategy.choose(among, NOWHERE)).toBe(2)
  })

  it('goes no further however much the nearest has to do, and takes the idler for its weight', () => {
    const strategy = strategyFor('near', seeded(1))
    const near = { region: 'weur', inFlight: 1_000 } as const
    const asked = { region: 'weur', key: '' } as const
    expect(strategy.choose(targets({ region: 'eeur' }, near), asked)).toBe(1)
    expect(strategy.choose(targets(near, { ...near, inFlight: 1_500, weight: 2 }), asked)).toBe(1)
  })
})

describe('consistent hash', () => {
  const ten = () => targets(...Array.from({ length: 10 }, () => ({})))

  it('gives a key to the same one, and moves only the keys of who went', () => {
    const strategy = new ConsistentHash(undefined)
    const without = ten().map((target, i) => ({ ...target, isWell: i !== 4 }))
    for (let i = 0; i < 1_000; i++) {
      const asked = { region: undefined, key: `key ${i}` }
      const before = strategy.choose(ten(), asked)
      const after = strategy.choose(without, asked)
      if (before !== 4) expect(after).toBe(before)
      else expect(after).toBe(rank(ten(), asked.key)[1])
    }
  })

  it('is the same in every version of ours: those who choose by another would not meet', () => {
    expect(['', 'a', 'foobar'].map(hash)).toEqual([2_872_998_923, 444_641_715, 202_221_276])
    const edges = ['https://a.example/', 'https://b.example/', 'https://c.example/', 'https://d.example/']
    const order = (key: string) =>
      rank(
        edges.map((id) => unknownTarget(id)),
        key,
      ).join('')
    expect(['default', 'lobby', 'chess'].map(order)).toEqual(['3021', '1032', '2103'])
  })

  it('lets none have more than a quarter above its share, whatever the keys', () => {
    const heavy = ten().map((target, i) => ({ ...target, weight: i === 0 ? 11 : 1 }))
    for (let key = 0; key < 20; key++) {
      const [first = 0, ...others] = spread(
        'consistent-hash',
        heavy.map((one) => ({ ...one })),
        200,
        () => `${key}`,
      )
      expect(first).toBeLessThanOrEqual(Math.ceil((200 * BOUNDED_LOAD * 11) / 20))
      expect(Math.max(...others)).toBeLessThanOrEqual(Math.ceil((200 * BOUNDED_LOAD) / 20))
    }
  })

  it('spreads keys by weight', () => {
    const among = targets({ weight: 3 }, { weight: 1 })
    let heavy = 0
    for (let i = 0; i < 10_000; i++) if (rank(among, `${i}`)[0] === 0) heavy++
    expect(heavy / 10_000).toBeCloseTo(0.75, 1)
  })
})

describe('power of two choices', () => {
  it('leaves the slow and the busy alone', () => {
    const counts = spread(
      'power-of-two',
      targets({ latencyMs: 10 }, { latencyMs: 10 }, { latencyMs: 1_000 }),
      300,
    )
    expect(counts[2]).toBeLessThan(10)
    expect(Math.abs((counts[0] ?? 0) - (counts[1] ?? 0))).toBeLessThan(10)
  })

  it('draws two, the heavier the likelier, and never the same twice', () => {
    const of = (random: number, among: Loaded[]) => new PowerOfTwo(() => random).choose(among, NOWHERE)
    const slow = targets({ latencyMs: 10 }, { latencyMs: 10 }, { latencyMs: 1_000, weight: 8 })
    // Both of them the slow one first, and then one of the others.
    expect([0.2, 0.5, 0.99].map((random) => of(random, slow))).toEqual([0, 1, 1])
  })

  it('takes of two the one that has less to do for its weight, whichever it draws first', () => {
    const better = (one: Partial<Target>, other: Partial<Target>) => {
      for (const random of [0, 0.99]) {
        const strategy = new PowerOfTwo(() => random)
        expect(strategy.choose(targets(one, other), NOWHERE)).toBe(0)
        expect(strategy.choose(targets(other, one), NOWHERE)).toBe(1)
      }
    }
    better({ latencyMs: 10 }, { latencyMs: 10, inFlight: 1 })
    better({ latencyMs: 10, inFlight: 3, weight: 4 }, { latencyMs: 10, inFlight: 1 })
    better({ latencyMs: 0.9 }, { latencyMs: 0.1, inFlight: 1 }) // Both are at once.
    better({ latencyMs: 1 }, {})
    better({}, { latencyMs: 1_000 })
  })

  it('goes by the score until there are measurements', () => {
    const strategy = strategyFor('stateless', seeded(3))
    const among = targets({ region: 'weur' }, { region: 'oc' })
    for (let i = 0; i < 50; i++) expect(strategy.choose(among, { region: 'weur', key: '' })).toBe(0)
  })
})

describe('the score', () => {
  it('is a hundred for the best there can be, and half for what nobody knows', () => {
    const best = unknownTarget('best', {
      latencyMs: 0,
      bandwidthMbps: 1e9,
      region: 'weur',
      load: 0,
      reliability: 1,
    })
    expect(score(best, { region: 'weur', key: '' })).toBeCloseTo(100, 3)
    expect(score(unknownTarget('unknown'), NOWHERE)).toBe(50)
    expect(score(unknownTarget('unknown'), { region: 'weur', key: '' })).toBe(50)
    expect(score(unknownTarget('placed', { region: 'weur' }), NOWHERE)).toBe(50)
    expect([-3, 3].map((load) => score(unknownTarget('', { load }), NOWHERE))).toEqual([55, 45])
  })

  it('gives each its points', () => {
    const base = { latencyMs: 100, bandwidthMbps: 50, region: 'oc', load: 1, reliability: 0 } as const
    const asked = { region: 'weur', key: '' } as const
    const gain = (better: Partial<Target>) =>
      score(unknownTarget('', { ...base, ...better }), asked) - score(unknownTarget('', base), asked)
    const gains = [
      gain({ latencyMs: 0 }),
      gain({ region: 'weur' }),
      gain({ bandwidthMbps: 1e9 }),
      gain({ load: 0 }),
      gain({ reliability: 1 }),
    ]
    expect(gains.map(Math.round)).toEqual([20, 16, 12, 10, 5])
  })

  it('orders, those that are well first', () => {
    const among = targets({ latencyMs: 5, isWell: false }, { latencyMs: 50 }, { latencyMs: 20 })
    expect(byScore(among, NOWHERE).map(({ id }) => id)).toEqual(['edge 2', 'edge 1', 'edge 0'])
  })
})

describe('a mean of round trips', () => {
  it('believes bad news at once, and good news slowly', () => {
    const mean = new PeakEwma()
    expect(mean.ms).toBe(undefined)
    mean.measured(10, 0)
    mean.measured(200, 1)
    expect(mean.ms).toBe(200)
    mean.measured(10, 1 + EWMA_HALF_MS)
    expect(mean.ms).toBeCloseTo(105, 1)
    mean.measured(10, 1 + 3 * EWMA_HALF_MS)
    expect(mean.ms).toBeCloseTo(33.75, 2)
    mean.measured(10, 0) // A clock that went back.
    expect(mean.ms).toBeCloseTo(33.75, 2)
  })
})
