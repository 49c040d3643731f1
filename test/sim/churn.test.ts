// Coming and going at random: after a quiet moment everybody sees who is there and nobody else, and nobody is seen for
// long after being gone. The same seed makes the same story.

import { describe, expect, it } from 'vitest'
import { measuredLatency } from './latency.ts'
import { FINE, ROUGH, type Weather } from './network.ts'
import { Random } from './random.ts'
import { Town } from './town.ts'

const GHOST_MS_MAX = 45_000 // protocol/limits/room.ts: gone within 45 s

/** Ten minutes in which up to so many people come, leave, vanish, reload; and a quiet one after it. */
function churn(
  seed: number | string,
  people: number,
  weather: Weather,
  incidents = 300,
  evicted = false,
): Town {
  const latency = measuredLatency(new Random(seed))
  const town = new Town(seed, latency === undefined ? { weather } : { weather, latency })
  const { random } = town
  for (let i = 0; i < incidents; i++) {
    const name = `person ${random.below(people)}`
    if (!town.alive.has(name)) town.joins(name)
    else
      random.pick([() => town.leaves(name), () => town.vanishes(name), () => town.reloads(name), () => {}])()
    if (evicted) town.edge.evicts()
    town.runs(random.exponential(2_000))
  }
  town.settles(GHOST_MS_MAX + 20_000)
  return town
}

describe('a room in churn', () => {
  it.each([1, 2, 3, 4, 5, 6])('is seen alike by all, and without ghosts (seed %i)', (seed) => {
    const town = churn(seed, 12, FINE)
    expect(town.oldestGhostMs).toBeLessThan(GHOST_MS_MAX)
    expect(town.alive.size).toBeGreaterThan(0)
  })

  it.each([11, 12, 13])('is so in rough weather too (seed %i)', (seed) => {
    expect(churn(seed, 12, ROUGH).oldestGhostMs).toBeLessThan(GHOST_MS_MAX)
  })

  it('of fifty is so', () => {
    expect(churn('fifty', 50, FINE, 400).oldestGhostMs).toBeLessThan(GHOST_MS_MAX)
  })

  it('tells the same story for the same seed, and another for another', () => {
    const hashes = [
      churn('story', 8, ROUGH, 150),
      churn('story', 8, ROUGH, 150),
      churn('other', 8, ROUGH, 150),
    ].map(({ world }) => world.hash)
    expect(hashes[1]).toBe(hashes[0])
    expect(hashes[2]).not.toBe(hashes[0])
  })

  it('tells the same story when the room forgets everything but its records between any two incidents', () => {
    expect(churn('sleep', 8, FINE, 150, true).world.hash).toBe(churn('sleep', 8, FINE, 150, false).world.hash)
  })
})

describe('people who are cut off', () => {
  const gathered = (seed: string, count: number) => {
    const town = new Town(seed)
    for (let i = 0; i < count; i++) town.joins(`person ${i}`)
    town.settles(20_000)
    return town
  }

  it('for a moment are noticed by nobody', () => {
    const town = gathered('moment', 10)
    const arrivals = () => [...town.alive.values()].map(({ present }) => present.size)
    town.network.partition(['person 1', 'person 2'])
    town.runs(3_000)
    town.network.heal()
    town.runs(30_000)
    expect(arrivals()).toEqual(Array(10).fill(9))
    expect(town.agrees).toBe(true)
  })

  it('for minutes are gone for the others, and back when they are back', () => {
    const town = gathered('minutes', 10)
    const away = ['person 1', 'person 2', 'person 3']
    town.network.partition(away)
    town.runs(120_000)
    for (const [name, client] of town.alive) {
      if (!away.includes(name)) expect(client.present.size).toBe(6)
    }
    town.network.heal()
    town.settles(60_000)
  })

  it('by an edge that restarts find each other again, and nobody left', () => {
    const town = gathered('restart', 20)
    for (let i = 0; i < 5; i++) {
      const departed = town.departures
      town.edge.restarts(2_000)
      town.settles(30_000)
      town.runs(20_000)
      expect(town.departures).toBe(departed)
    }
  })

  it.each([5_000, 10_000, 20_000, 30_000])(
    'by an edge that is away for %i ms are not taken for gone while they still come back',
    (awayMs) => {
      const town = gathered(`away ${awayMs}`, 30)
      const departed = town.departures
      town.edge.restarts(awayMs)
      town.runs(awayMs + 60_000)
      expect(town.agrees).toBe(true)
      expect(town.departures).toBe(departed)
    },
  )

  it('in their majority do not keep the others from noticing', () => {
    const town = gathered('majority', 20)
    for (let i = 0; i < 16; i++) town.vanishes(`person ${i}`)
    town.settles(120_000)
    expect(town.oldestGhostMs).toBeLessThan(90_000)
  })
})
