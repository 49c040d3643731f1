// A schedule of two people in several rooms. In the end there is calm in one room at least, and then it must be as if nothing
// had been: what was said has arrived, once and in order, and a word goes through at once.

import { identityFromSeed } from '../../protocol/crypto/identity.ts'
import type { Lane } from '../../protocol/wire/frames.ts'
import { seededLatency } from './latency.ts'
import { FINE, Network, ROUGH, type Weather } from './network.ts'
import { type Person, RoomsOfTwo } from './rooms-of-two.ts'
import { toySuite } from './toy-suite.ts'
import { World } from './world.ts'

const STORM: Weather = { lossShare: 0.25, duplicateShare: 0.1, jitterMs: 600 }
const LANES: readonly Lane[] = ['control', 'bulk', 'streams', 'service']
const SETTLED_MS = 90_000
const PATH_MS = 20_000

export interface Outcome {
  readonly hash: string
  readonly words: number
  readonly settledMs: number
  readonly pathMs: number
}

export async function roomsSchedule(seed: number | string): Promise<Outcome> {
  try {
    return await play(seed)
  } catch (error) {
    throw new Error(`rooms seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

async function play(seed: number | string): Promise<Outcome> {
  const world = new World(`rooms ${seed}`)
  const suite = toySuite(world.random('suite').bytes)
  const identity = (name: string) => identityFromSeed(suite, world.random(name).bytes(32))
  const network = new Network(world, FINE, seededLatency(world.random('map')))
  const two = new RoomsOfTwo(world, network, suite, [await identity('anna'), await identity('bert')])
  const { random } = two
  for (const person of two.people) two.enters(person, random.pick(two.rooms))
  network.weather = random.pick([FINE, ROUGH, STORM])
  const everyMs = random.pick([500, 3_000, 9_000])
  const untilMs = world.nowMs + 5_000 + random.below(60_000)
  const speak = () => {
    if (world.nowMs >= untilMs) return
    const bytes = random.chance(0.1) ? random.below(80_000) : random.below(200)
    two.says(random.pick(two.people), random.pick(LANES), bytes)
    world.after(random.exponential(1_500), speak)
  }
  const trouble = () => {
    if (world.nowMs >= untilMs) return
    troubles(two)
    world.after(random.exponential(everyMs), trouble)
  }
  speak()
  trouble()
  await passes(two, untilMs - world.nowMs)
  calms(two)
  const settledMs = await until(two, 'all acknowledged', () => two.unsettled.length === 0, SETTLED_MS)
  const last = two.words.length
  for (const person of two.people) for (const lane of LANES) two.says(person, lane, 0)
  const acknowledged = () => two.words.slice(last).every(({ outcome }) => outcome === 'acknowledged')
  const pathMs = await until(two, 'a path', acknowledged, PATH_MS)
  return { hash: world.hash, words: two.words.length, settledMs, pathMs }
}

function troubles(two: RoomsOfTwo): void {
  const { random, rooms, world } = two
  const person = random.pick(two.people)
  const room = random.pick(rooms)
  random.pick([
    () => two.enters(person, room),
    () => two.enters(person, room),
    () => two.enters(person, room),
    () => two.leaves(person, room),
    () => {
      room.silent = !room.silent
    },
    () => {
      room.lies = !room.lies
      two.tells(room)
    },
    () => two.connects(false),
    () => two.connects(false),
    () => two.connects(random.chance(0.5)),
    () => two.line?.closes(),
    () => {
      const { line } = two
      line?.goesSilent()
      world.after(random.exponential(6_000), () => line?.speaksAgain())
    },
    () => reloads(two, person),
    () => {
      two.network.weather = random.pick([FINE, ROUGH, STORM])
    },
  ])()
}

function reloads(two: RoomsOfTwo, person: Person): void {
  two.line?.closes()
  two.forgetsWordsOf(person)
  two.begins(person, two.random.chance(0.5))
  const other = two.other(person)
  other.link.arrived(person.session)
}

/** One room is as it should be, with both in it; of the others it is only sure that nothing changes any more. */
function calms(two: RoomsOfTwo): void {
  two.network.weather = FINE
  two.line?.speaksAgain()
  const honest = two.random.pick(two.rooms)
  honest.silent = false
  honest.lies = false
  for (const person of two.people) two.enters(person, honest)
}

async function passes(two: RoomsOfTwo, ms: number): Promise<void> {
  await two.world.runsWithPromises(ms)
  if (two.failures.length > 0) throw two.failures[0]
}

async function until(two: RoomsOfTwo, what: string, isSo: () => boolean, withinMs: number): Promise<number> {
  const sinceMs = two.world.nowMs
  while (!isSo()) {
    if (two.world.nowMs - sinceMs >= withinMs) throw new Error(`not ${what} within ${withinMs} ms`)
    await passes(two, 100)
  }
  return two.world.nowMs - sinceMs
}
