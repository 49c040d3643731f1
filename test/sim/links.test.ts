// Messages over links while everything else goes wrong: lines break, the edge restarts, direct paths come, go silent
// and go. Each message arrives once and in its order (the town's ledger throws otherwise), and every sender is told.

import { describe, expect, it } from 'vitest'
import type { Client } from './client-host.ts'
import { DirectLine } from './direct-line.ts'
import { FINE, ROUGH, type Weather } from './network.ts'
import { Town } from './town.ts'

const STORM: Weather = { lossShare: 0.2, duplicateShare: 0.1, jitterMs: 300 }

function gathered(seed: string | number, people: number, weather: Weather): Town {
  const town = new Town(seed, { weather })
  for (let i = 0; i < people; i++) town.joins(`person ${i}`)
  town.settles(30_000)
  return town
}

/** A direct path for this pair: made when there is none, else troubled. */
class Paths {
  readonly #town: Town
  readonly #paths = new Map<string, DirectLine>()

  constructor(town: Town) {
    this.#town = town
  }

  trouble(a: Client, b: Client): void {
    const pair = [a.name, b.name].sort().join()
    const path = this.#paths.get(pair)
    if (path === undefined) {
      const made = DirectLine.between(this.#town.network, a, b)
      if (made !== undefined) this.#paths.set(pair, made)
      return
    }
    const { random } = this.#town
    if (random.chance(0.5)) {
      path.closes()
      this.#paths.delete(pair)
    } else {
      path.goesSilent()
      this.#town.world.after(random.exponential(4_000), () => path.speaksAgain())
    }
  }

  /** In the end nothing is silent for ever. */
  rest(): void {
    for (const path of this.#paths.values()) path.speaksAgain()
  }
}

interface Story {
  readonly minutes: number
  readonly incidentEveryMs: number
  readonly messageEveryMs: number
}

/** Random words between random people, and random trouble that leaves nobody away for long. */
function talk(town: Town, { minutes, incidentEveryMs, messageEveryMs }: Story): Paths {
  const { world, random } = town
  const paths = new Paths(town)
  const untilMs = world.nowMs + minutes * 60_000
  const speak = () => {
    const [from, to] = [town.someone(), town.someone()]
    const long = random.chance(0.03) ? random.below(120_000) : random.below(200)
    if (from !== to) town.tells(from, to, random.pick(['control', 'bulk', 'streams', 'service']), long)
    if (world.nowMs < untilMs) world.after(random.exponential(messageEveryMs), speak)
  }
  const trouble = () => {
    const [a, b] = [town.someone(), town.someone()]
    random.pick([
      () => a !== b && paths.trouble(a, b),
      () => a !== b && paths.trouble(a, b),
      () => a !== b && paths.trouble(a, b),
      () => a.line?.breaks(),
      () => a.line?.goesSilent(),
      () => a.networkChanges(),
      () => town.edge.evicts(),
      () => random.chance(0.3) && town.edge.restarts(random.below(3_000)),
      () => town.cutsOff(a, random.below(5_000)),
    ])()
    if (world.nowMs < untilMs) world.after(random.exponential(incidentEveryMs), trouble)
  }
  speak()
  trouble()
  town.runs(untilMs - world.nowMs)
  paths.rest()
  town.network.heal()
  return paths
}

/** Everything that was sent has arrived once, and its sender knows. */
function expectAllDelivered(town: Town): void {
  town.settles(60_000)
  town.world.runsUntil('all acknowledged', () => town.unsettled.length === 0, 120_000)
  for (const { outcome, deliveries, text } of town.sent)
    expect([outcome, deliveries], text.slice(0, 20)).toEqual(['acknowledged', 1])
}

describe('two people', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'lose no word to lines that break and paths that change (seed %i)',
    (seed) => {
      const town = gathered(seed, 2, FINE)
      talk(town, { minutes: 10, incidentEveryMs: 5_000, messageEveryMs: 500 })
      expectAllDelivered(town)
      expect(town.sent.length).toBeGreaterThan(400)
    },
  )

  it.each([21, 22, 23, 24])('nor to a storm (seed %i)', (seed) => {
    const town = gathered(seed, 2, STORM)
    talk(town, { minutes: 10, incidentEveryMs: 10_000, messageEveryMs: 1_000 })
    expectAllDelivered(town)
  })
})

describe('a word to somebody who seems gone', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
    'waits until we know that it is not we who were cut off (seed %i)',
    (seed) => {
      const town = gathered(seed, 2, FINE)
      const [alice, bob] = [town.alive.get('person 0')!, town.alive.get('person 1')!]
      town.runs(seed * 1_000) // at another moment between two pings each time
      // Bob's socket breaks and he is back at once; but Alice's own died just before she could hear of that.
      bob.line?.breaks()
      expect(town.tells(alice, bob, 'control')).toBe(true)
      town.world.runsUntil('noticed', () => !alice.present.has(bob.id), 1_000, 10)
      alice.line?.goesSilent()
      town.runs(1_000)
      expectAllDelivered(town)
    },
  )
})

describe('many people', () => {
  it.each([
    [5, 31],
    [10, 32],
    [20, 33],
    [50, 34],
  ])('%i of them lose no word either', (people, seed) => {
    const town = gathered(seed, people, ROUGH)
    talk(town, { minutes: 3, incidentEveryMs: 1_000, messageEveryMs: 40 })
    expectAllDelivered(town)
  })

  it('who come and go are told what became of each word, and none is heard twice in one life', () => {
    const town = gathered('lives', 10, ROUGH)
    const { world, random } = town
    for (let i = 0; i < 200; i++) {
      const name = `person ${random.below(12)}`
      if (!town.alive.has(name)) town.joins(name)
      else
        random.pick([
          () => town.leaves(name),
          () => town.vanishes(name),
          () => town.reloads(name),
          () => {},
          () => {},
        ])()
      for (let words = 0; words < 5 && town.alive.size > 1; words++) {
        const [from, to] = [town.someone(), town.someone()]
        if (from !== to)
          town.tells(
            from,
            to,
            random.pick(['control', 'bulk', 'streams', 'service']),
            random.below(500),
            60_000,
          )
      }
      town.runs(random.exponential(2_000))
    }
    town.settles(60_000)
    const ofTheLiving = () => town.unsettled.filter(({ by }) => town.alive.get(by.name) === by)
    world.runsUntil('all settled', () => ofTheLiving().length === 0, 120_000)
    const acknowledged = town.sent.filter(({ outcome }) => outcome === 'acknowledged')
    expect(acknowledged.length).toBeGreaterThan(town.sent.length / 2)
    for (const { deliveries } of acknowledged) expect(deliveries).toBeGreaterThan(0)
  })

  it('tell the same story for the same seed', () => {
    const tell = () => {
      const town = gathered('told twice', 6, ROUGH)
      talk(town, { minutes: 2, incidentEveryMs: 1_000, messageEveryMs: 50 })
      return town.world.hash
    }
    expect(tell()).toBe(tell())
  })
})
