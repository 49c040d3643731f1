// The simulator's own ground: time, chance and the network do what scenarios take for granted.

import { describe, expect, it } from 'vitest'
import { measuredLatency, seededLatency } from './latency.ts'
import { FINE, Line, Network, ROUGH } from './network.ts'
import { Random } from './random.ts'
import { World } from './world.ts'

describe('virtual time', () => {
  it('runs what was planned in its order, and what was planned for one moment in the order of planning', () => {
    const world = new World('order')
    const ran: number[] = []
    const times = [5, 1, 3, 1, 5, 0, 3]
    times.forEach((ms, i) => {
      world.after(ms, () => ran.push(i))
    })
    world.after(4, () => ran.push(-1)).cancel()
    world.runs(10)
    expect(ran).toEqual([5, 1, 3, 2, 6, 0, 4])
    expect([world.passedMs, world.ran]).toEqual([10, 7])
  })

  it('bears ten thousand events in any order', () => {
    const world = new World('many')
    const random = world.random('times')
    let lastMs = 0
    for (let i = 0; i < 10_000; i++) {
      world.after(random.below(1_000), () => {
        expect(world.nowMs).toBeGreaterThanOrEqual(lastMs)
        lastMs = world.nowMs
      })
    }
    world.runs(1_000)
    expect(world.ran).toBe(10_000)
  })
})

describe('chance', () => {
  it('is the same for the same seed and name, and another for another', () => {
    const draws = (seed: string) =>
      Array.from({ length: 20 }, (_, __, random = new Random(seed)) => random.u32())
    expect(draws('a')).toEqual(draws('a'))
    expect(draws('a')).not.toEqual(draws('b'))
    const [parent, child] = [new Random('a'), new Random('a').fork('child')]
    parent.u32()
    expect(parent.fork('child').u32()).toBe(child.u32())
  })

  it('is spread evenly', () => {
    const random = new Random('even')
    const counts = Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) counts[random.below(10)]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })
})

describe.each([
  ['made from a seed', seededLatency],
  ['measured on PlanetLab, where the measurement is here', measuredLatency],
])('latency %s', (_, make) => {
  it('is like that between hosts of the Internet', () => {
    const latency = make(new Random('map')) ?? seededLatency(new Random('map'))
    const roundTrips: number[] = []
    for (let a = 0; a < 300; a++)
      for (let b = 0; b < a; b++) roundTrips.push(2 * latency(`node ${a}`, `node ${b}`))
    roundTrips.sort((x, y) => x - y)
    const at = (share: number) => roundTrips[Math.floor(share * roundTrips.length)]!
    expect(at(0.1)).toBeGreaterThan(20)
    expect(at(0.1)).toBeLessThan(60)
    expect(Math.abs(at(0.5) - 135)).toBeLessThan(25)
    expect(Math.abs(at(0.9) - 291)).toBeLessThan(45)
    expect(latency('node 3', 'node 7')).toBe(latency('node 7', 'node 3'))
  })
})

describe('a line', () => {
  function line(weather = ROUGH) {
    const world = new World('line')
    const network = new Network(world, weather, () => 40)
    const both = new Line(network, 'a', 'b')
    const heard: string[] = []
    const events = (who: string) => ({
      message: (data: Uint8Array | string) => void heard.push(`${who} ${data}`),
      closed: (code: number, reason: string, clean: boolean) =>
        void heard.push(`${who} closed ${code} ${reason} ${clean}`),
    })
    both.a.events = events('a')
    both.b.events = events('b')
    return { world, network, both, heard }
  }
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => `b ${i}`)

  it('delivers everything in order, however rough the weather', () => {
    const { world, both, heard } = line()
    for (let i = 0; i < 200; i++) both.a.send(`${i}`)
    world.runs(20_000)
    expect(heard).toEqual(numbers(200))
  })

  it('closes on both ends, each told once, after what was sent before', () => {
    const { world, both, heard } = line(FINE)
    both.a.send('0')
    both.a.close(4_001, 'done')
    both.a.send('never')
    world.runs(1_000)
    expect(heard).toEqual(['b 0', 'b closed 4001 done true', 'a closed 4001 done true'])
  })

  it('breaks with a word to both, or without one to anybody', () => {
    const told = line(FINE)
    told.both.a.send('lost')
    told.both.breaks()
    told.world.runs(1_000)
    expect(told.heard.sort()).toEqual(['a closed 1006  false', 'b closed 1006  false'])
    const untold = line(FINE)
    untold.both.goesSilent()
    untold.both.a.send('lost')
    untold.world.runs(1_000_000)
    expect(untold.heard).toEqual([])
  })

  it('is held up by a partition, and goes on where it was', () => {
    const { world, network, both, heard } = line(FINE)
    both.a.send('0')
    world.runs(1_000)
    network.partition(['a'])
    both.a.send('1')
    both.a.send('2')
    world.runs(10_000)
    expect(heard).toEqual(numbers(1))
    network.heal()
    world.runs(1_000)
    expect(heard).toEqual(numbers(3))
  })
})
