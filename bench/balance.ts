// What a choice costs by each strategy of balancing, beside a bare pick at random; and how evenly it spreads a crowd of clients over
// relays, in the simulation of test/sim/balance/, beside what such a pick makes of the same crowd.

import type { Asked, Strategy, Target } from '../protocol/balance/contract.ts'
import { STRATEGIES } from '../protocol/balance/kinds.ts'
import { unknownTarget } from '../protocol/balance/target.ts'
import { REGIONS, type Region } from '../protocol/dht/regions.ts'
import { Crowd } from '../test/sim/balance/crowd.ts'
import { type Benchmark, type Effort, inTurns, QUICK, type Row, row, type Side } from './benchmark.ts'

type Name = keyof typeof STRATEGIES
const NAMES = Object.keys(STRATEGIES) as Name[]
const SIZES = [3, 30, 300] as const
/** Choices between two looks at the clock: a twentieth of a millisecond at least, so that the look is nothing. */
const CHOICES = 500
const KEYS = 512
const RELAYS = 24

const bare: Strategy = { choose: (targets) => Math.floor(Math.random() * targets.length) }

/** As different as a client may know them: one in ten is not well. */
function targetsOf(count: number): Target[] {
  return Array.from({ length: count }, (_, i) =>
    unknownTarget(`https://edge-${i}.example/`, {
      weight: 1 + (i % 3),
      region: REGIONS[i % REGIONS.length] as Region,
      isWell: i % 10 !== 9,
      inFlight: (i * 7) % 11,
      latencyMs: 10 + ((i * 37) % 190),
      load: ((i * 13) % 100) / 100,
    }),
  )
}

const ASKS: readonly Asked[] = Array.from({ length: KEYS }, (_, i) => ({
  region: REGIONS[i % REGIONS.length] as Region,
  key: `network ${i}`,
}))

/** Nanoseconds of the process's time for one choice, its garbage with it. */
function costOf(strategy: Strategy, targets: readonly Target[], withinMs: number): number {
  const choose = (times: number) => {
    let sum = 0
    for (let i = 0; i < times; i++) sum += strategy.choose(targets, ASKS[i % KEYS] as Asked) ?? 0
    if (sum < 0) throw new Error('a place is no place') // So that no choice is for nothing.
  }
  choose(CHOICES)
  const before = process.cpuUsage()
  const untilMs = performance.now() + withinMs
  let choices = 0
  while (performance.now() < untilMs) {
    choose(CHOICES)
    choices += CHOICES
  }
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1_000) / choices
}

async function costs({ rounds, roundMs }: Effort): Promise<Row[]> {
  const withinMs = roundMs / (NAMES.length * SIZES.length * 2)
  const rows: Row[] = []
  for (const name of NAMES)
    for (const size of SIZES) {
      const targets = targetsOf(size)
      const sides: Record<Side, Strategy> = { ours: STRATEGIES[name](Math.random), bare }
      const figures = await inTurns(rounds, async (side) => costOf(sides[side], targets, withinMs))
      rows.push(row(`balance/${name}/${size}`, 'ns', figures))
    }
  return rows
}

/** The same crowd each time: nothing here hangs on the machine. */
function spreads(effort: Effort): Row[] {
  const clients = effort === QUICK ? 3_000 : 30_000
  const crowd = new Crowd({ clients, relays: RELAYS, seed: 1, stale: Math.floor(clients / 600) })
  const random = crowd.play('random')
  return NAMES.flatMap((name) => {
    const { maxOverMean, p90Ms } = crowd.play(name)
    return [
      row(`balance/${name}/spread`, 'max/mean', { ours: [maxOverMean], bare: [random.maxOverMean] }),
      row(`balance/${name}/p90`, 'ms', { ours: [p90Ms], bare: [random.p90Ms] }),
    ]
  })
}

export const balance: Benchmark = {
  name: 'balance',
  run: async (effort) => [...(await costs(effort)), ...spreads(effort)],
}
