// `npm run sim -- --balance 100000 --seed 1`: what README.md says of balancing, anew.

import { Crowd, WAYS } from './crowd.ts'
import { herd } from './herd.ts'

const RELAYS = 24

export function balanceReport(clients: number, seed: number): void {
  const stale = Math.max(1, Math.floor(clients / 600))
  const crowd = new Crowd({ clients, relays: RELAYS, seed, stale })
  console.log(`${clients} clients, ${RELAYS} relays, loads ${stale} clients old, seed ${seed}`)
  console.log(
    '| way | max / mean | p50 ms | p90 ms | p90 beside the bounded oracle’s | p90 of each one’s ratio |',
  )
  console.log('|---|---|---|---|---|---|')
  const outcomes = WAYS.map((way) => crowd.play(way))
  const oracleMs = outcomes.find(({ way }) => way === 'oracle, bounded')?.p90Ms ?? 1
  for (const { way, maxOverMean, p50Ms, p90Ms, p90OfRatios } of outcomes) {
    const figures = [
      maxOverMean.toFixed(2),
      p50Ms.toFixed(0),
      p90Ms.toFixed(0),
      (p90Ms / oracleMs).toFixed(2),
    ]
    console.log(`| ${way} | ${figures.join(' | ')} | ${p90OfRatios.toFixed(1)} |`)
  }
  for (const awayMs of [20_000, 600_000])
    for (const networks of [1, 1_000]) {
      const outcome = herd({ clients, seed, awayMs, networks })
      console.log(`first edge away for ${awayMs / 1_000} s, ${networks} networks: ${JSON.stringify(outcome)}`)
    }
}
