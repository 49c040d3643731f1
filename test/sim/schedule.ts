// One schedule: a few people in one room whose links are encrypted, a minute or so of everything that can go wrong, and calm
// after it. What must hold is told by throwing. The same seed is the same schedule, event for event.

import type { PeerId } from '../../protocol/peer-id.ts'
import type { Lane } from '../../protocol/wire/frames.ts'
import type { Client } from './client-host.ts'
import { KeyedLine } from './keyed-line.ts'
import { Keyring, type RoomWeather } from './keyring.ts'
import { FINE, ROUGH, type Weather } from './network.ts'
import type { Random } from './random.ts'
import { Town } from './town.ts'
import { promisesKept } from './world.ts'

const STORM: Weather = { lossShare: 0.2, duplicateShare: 0.1, jitterMs: 300 }
const LANES: readonly Lane[] = ['control', 'bulk', 'streams', 'service']
const ROOMS: readonly RoomWeather[] = [
  { lossShare: 0, duplicateShare: 0, lateShare: 0 },
  { lossShare: 0.02, duplicateShare: 0.02, lateShare: 0.05 },
  { lossShare: 0.15, duplicateShare: 0.1, lateShare: 0.2 },
  { lossShare: 0.4, duplicateShare: 0, lateShare: 0.1 },
]
/** Beyond it a room that is calm again has not seen everybody for too long: protocol/limits/, and some. */
const SETTLES_MS = 90_000
/** Until what was said in the storm is settled. The longest: a direct way that died, resends at their slowest, a new handshake. */
const ACKNOWLEDGED_MS = 60_000
/** Until a word said in calm is acknowledged, at both ends. */
const PATH_MS = 20_000

export interface Told {
  readonly seed: number | string
  readonly hash: string
  readonly words: number
  readonly events: number
  readonly virtualMs: number
  /** From the calm until all that was said in the storm was settled, and until a word said then was acknowledged by everybody. */
  readonly settledMs: number
  readonly pathMs: number
  /** Links there were, times that one took a direct way, and what was dropped on all of them. */
  readonly links: number
  readonly direct: number
  readonly drops: Readonly<Record<string, number>>
}

class Story {
  readonly town: Town
  readonly #keys: Keyring
  readonly #names: readonly string[]
  readonly #lines: KeyedLine[] = []
  #calm = false
  /** Who may have been away for longer than a message waits. */
  readonly reloaded = new Set<PeerId>()

  constructor(town: Town, keys: Keyring, names: readonly string[]) {
    this.town = town
    this.#keys = keys
    this.#names = names
  }

  async passes(ms: number): Promise<void> {
    const { town } = this
    await town.world.runsWithPromises(ms)
    if (town.failures.length > 0) throw town.failures[0]
  }

  async until(what: string, isSo: () => boolean, withinMs: number): Promise<number> {
    const { world } = this.town
    const sinceMs = world.nowMs
    while (!isSo()) {
      if (world.nowMs - sinceMs >= withinMs) throw new Error(`not ${what} within ${withinMs} ms`)
      await this.passes(100)
    }
    return world.nowMs - sinceMs
  }

  /** Two different ones, if there are two. */
  pair(): [Client, Client] | undefined {
    const { alive, random } = this.town
    const all = [...alive.values()]
    const a = all.splice(random.below(all.length), 1)[0]
    const b = all.splice(random.below(all.length), 1)[0]
    return a === undefined || b === undefined ? undefined : [a, b]
  }

  speaks(): void {
    const { town } = this
    const { random } = town
    const [from, to] = this.pair() ?? []
    if (from === undefined || to === undefined) return
    const bytes = random.chance(0.08) ? random.below(120_000) : random.below(300)
    for (let words = random.chance(0.1) ? 10 : 1; words > 0; words--)
      town.tells(from, to, random.pick(LANES), bytes)
  }

  troubles(): void {
    const { town } = this
    const { random } = town
    const [a, b] = this.pair() ?? []
    if (a === undefined || b === undefined) return
    random.pick([
      () => this.#connects(a, b),
      () => this.#connects(a, b),
      () => this.#connects(a, b, random.chance(0.3)),
      () => this.#line((line) => line.closes()),
      () => this.#line((line) => this.#silences(line)),
      () => this.#line((line) => this.#silences(line)),
      () => a.line?.breaks(),
      () => a.line?.breaks(),
      () => a.line?.goesSilent(),
      () => a.networkChanges(),
      () => town.edge.evicts(),
      () => town.edge.restarts(random.below(3_000)),
      () => town.cutsOff(a, random.below(8_000)),
      () => this.#reloads(a, random.chance(0.5)),
      () => this.#reloads(a, random.chance(0.5)),
      () => this.#reloadsWhileHearing(a, b),
      () => this.#changesRoom(),
      () => this.#changesRoom(),
    ])()
  }

  calms(): void {
    const { town } = this
    this.#calm = true
    town.network.heal()
    town.network.weather = FINE
    Object.assign(this.#keys.room, ROOMS[0])
    for (const line of this.#lines) line.speaksAgain()
  }

  #connects(a: Client, b: Client, swapped = false): void {
    const line = KeyedLine.between(this.town.network, a, b, swapped)
    if (line !== undefined) this.#lines.push(line)
  }

  #line(then: (line: KeyedLine) => void): void {
    const open = this.#lines.filter(({ over }) => !over)
    if (open.length > 0) then(this.town.random.pick(open))
  }

  #silences(line: KeyedLine): void {
    line.goesSilent()
    this.town.world.after(this.town.random.exponential(8_000), () => line.speaksAgain())
  }

  #reloads({ name, id }: Client, forgetful: boolean): void {
    this.reloaded.add(id)
    if (forgetful) this.#keys.forgets(name)
    this.town.reloads(name)
  }

  /** In the middle of something long: the rest of it is nothing to who comes after. */
  #reloadsWhileHearing(a: Client, b: Client): void {
    const { town } = this
    for (const lane of LANES) town.tells(b, a, lane, 20_000 + town.random.below(200_000))
    town.world.after(town.random.below(1_500), () => {
      if (!this.#calm && town.alive.get(a.name) === a) this.#reloads(a, town.random.chance(0.5))
    })
  }

  #changesRoom(): void {
    Object.assign(this.#keys.room, this.town.random.pick(ROOMS))
  }

  get complete(): boolean {
    return this.town.alive.size === this.#names.length && this.town.agrees
  }
}

/** Throws with the seed when something does not hold. */
export async function schedule(seed: number | string): Promise<Told> {
  try {
    return await tell(seed)
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

interface Pace {
  readonly lengthMs: number
  readonly wordEveryMs: number
  readonly troubleEveryMs: number
}

/** Mostly a minute; now and then an hour, for keys that step on and fresh secrets; seldom a day, after which signatures are due. */
function paceOf(random: Random): Pace {
  const chance = random.unit()
  if (chance < 0.001) return { lengthMs: 90_000_000, wordEveryMs: 600_000, troubleEveryMs: 14_400_000 }
  if (chance < 0.015) return { lengthMs: 3_600_000, wordEveryMs: 30_000, troubleEveryMs: 600_000 }
  const troubleEveryMs = random.pick([1_000, 4_000, 10_000])
  return { lengthMs: 5_000 + random.below(60_000), wordEveryMs: 1_500, troubleEveryMs }
}

async function tell(seed: number | string): Promise<Told> {
  const ring: { keys?: Keyring } = {}
  const town = new Town(seed, { keysOf: (name) => (ring.keys as Keyring).keysOf(name) })
  const { world, random } = town
  const names = Array.from({ length: random.chance(0.15) ? 3 : 2 }, (_, i) => `person ${i}`)
  const keys = await Keyring.of(world, names)
  ring.keys = keys
  const story = new Story(town, keys, names)
  for (const name of names) town.joins(name)
  await story.until('gathered', () => story.complete, 30_000)

  town.network.weather = random.pick([FINE, ROUGH, STORM])
  Object.assign(keys.room, random.pick(ROOMS))
  const pace = paceOf(random)
  const untilMs = world.nowMs + pace.lengthMs
  const speak = () => {
    if (world.nowMs >= untilMs) return
    story.speaks()
    world.after(random.exponential(pace.wordEveryMs), speak)
  }
  const trouble = () => {
    if (world.nowMs >= untilMs) return
    story.troubles()
    world.after(random.exponential(pace.troubleEveryMs), trouble)
  }
  speak()
  trouble()
  await story.passes(untilMs - world.nowMs)
  story.calms()
  const { settledMs, pathMs } = await endsWell(story)
  const drops: Record<string, number> = {}
  for (const link of keys.links)
    for (const [reason, times] of link.drops) drops[reason] = (drops[reason] ?? 0) + times
  return {
    seed,
    hash: world.hash,
    words: town.sent.length,
    events: world.ran,
    virtualMs: world.passedMs,
    settledMs,
    pathMs,
    links: keys.links.length,
    direct: keys.links.reduce((sum, { direct }) => sum + direct, 0),
    drops,
  }
}

/** In calm: everybody sees everybody, nothing is left unsaid, and a word goes through at once. */
async function endsWell(story: Story): Promise<{ settledMs: number; pathMs: number }> {
  const { town } = story
  const calmAtMs = town.world.nowMs
  await story.until('agreed', () => story.complete, SETTLES_MS)
  const ofTheLiving = () => town.unsettled.filter(({ by }) => town.alive.get(by.name) === by)
  await story.until('all acknowledged', () => story.complete && ofTheLiving().length === 0, ACKNOWLEDGED_MS)
  const settledMs = town.world.nowMs - calmAtMs
  const all = [...town.alive.values()]
  const last = town.sent.length
  for (const from of all)
    for (const to of all)
      for (const lane of LANES)
        if (from !== to && !town.tells(from, to, lane)) throw new Error('nobody to tell')
  const pathMs = await story.until(
    'a path',
    () => town.sent.slice(last).every(({ outcome }) => outcome !== undefined),
    PATH_MS,
  )
  for (const { by, to, outcome, deliveries, text } of town.sent) {
    const who = `${text.slice(0, 8)} of ${by.name} to ${to.slice(-8)}`
    const livesThrough = town.alive.get(by.name) === by
    if (outcome === 'acknowledged' && deliveries === 0) throw new Error(`${who} acknowledged, and not heard`)
    const abandoned = outcome === 'abandoned' && story.reloaded.has(to)
    if (livesThrough && outcome !== 'acknowledged' && !abandoned) throw new Error(`${who}: ${outcome}`)
  }
  await promisesKept()
  return { settledMs, pathMs }
}
