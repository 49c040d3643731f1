// Names written to shards and read from them while the shards split and the edge is killed, again and again. Of each name the
// highest sequence that was acknowledged is found after every kill, or a higher one. `npm test` does it a few times
// (dht.test.ts); `npm run test:kills -- --dht --kills 100` as often as one likes.

import { join } from 'node:path'
import { KnownLeaves } from '../../protocol/dht/leaves.ts'
import { keyOf } from '../support/dht.ts'
import type { Order, Outcome } from '../support/dht-edge/orders.ts'
import { LocalEdge } from '../support/local-edge.ts'
import { sleep } from '../support/mail-traffic/way.ts'
import { seeded } from '../support/seeded.ts'

export interface ShardKillTerms {
  /** kill -9 of the edge, at random moments. */
  readonly kills: number
  readonly seed: number
  readonly print?: (line: string) => void
}

const NETWORK = 'killed'
const WRITERS = 6
const READERS = 2
/** A shard splits when it has so many rows: with a new name in every second write, that is all the time. */
const SPLIT_RECORDS = '24'
/** All below one root, some of them close together. */
const PREFIXES = ['0110', '0110', '011011']
const CALM_WRITES = 120
const CALM_MS_MAX = 5_000
/** And so many after a kill, while everything is looked for: however slow that is, the rest stays as much work as it was. */
const WRITES_WHILE_CHECKED = 30
const MOVES_MAX = 20
const TOGETHER = 40

interface Name {
  readonly seed: string
  readonly prefix: string
  /** The highest that was tried. */
  tried: number
  acknowledged: number
}

type Counts = Record<
  'written' | 'read' | 'unanswered' | 'moved' | 'checked' | 'leaves' | 'depth' | 'kills',
  number
>

class Shards {
  readonly names: Name[] = []
  readonly faults: string[] = []
  readonly counts: Counts = {
    kills: 0,
    written: 0,
    read: 0,
    unanswered: 0,
    moved: 0,
    checked: 0,
    leaves: 0,
    depth: 0,
  }
  isOver = false
  /** Nobody writes beyond it. */
  writesMax = 0
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** Undefined: nobody knows whether it was done. */
  async ask(leaves: KnownLeaves, order: Order): Promise<Outcome | undefined> {
    const key = keyOf(order.seed, order.prefix)
    for (let moves = 0; moves < MOVES_MAX; moves++) {
      const [outcome] = (await this.post(leaves.leafOf(key), [order])) ?? []
      if (outcome?.kind !== 'moved') return outcome
      this.counts.moved++
      leaves.note(outcome)
    }
    this.faults.push(`${order.seed} was moved for ever`)
    return undefined
  }

  async post(leaf: string, orders: readonly Order[]): Promise<readonly Outcome[] | undefined> {
    try {
      const body = JSON.stringify({ network: NETWORK, leaf, orders })
      const response = await fetch(this.#url, { method: 'POST', body })
      if (response.ok) return (await response.json()) as Outcome[]
    } catch {
      // Killed in the middle of it.
    }
    this.counts.unanswered++
    return undefined
  }

  async write(random: () => number): Promise<void> {
    const leaves = new KnownLeaves()
    const mine: Name[] = []
    while (!this.isOver) {
      if (this.counts.written >= this.writesMax) {
        await sleep(5)
        continue
      }
      const isNew = mine.length === 0 || random() < 0.5
      const name = isNew ? this.#newName(random) : (mine[Math.floor(random() * mine.length)] as Name)
      if (isNew) mine.push(name)
      const sequence = ++name.tried
      const { seed, prefix } = name
      const outcome = await this.ask(leaves, { do: 'put', seed, prefix, sequence })
      if (outcome === undefined) await sleep(20)
      else if (outcome.kind !== 'stored') this.faults.push(`${seed} ${sequence}: ${JSON.stringify(outcome)}`)
      else {
        name.acknowledged = sequence
        this.counts.written++
      }
    }
  }

  async read(random: () => number): Promise<void> {
    let leaves = new KnownLeaves()
    while (!this.isOver) {
      if (random() < 0.05) leaves = new KnownLeaves()
      const name = this.names[Math.floor(random() * this.names.length)]
      const least = name?.acknowledged ?? 0
      const outcome = name && (await this.ask(leaves, { do: 'get', seed: name.seed, prefix: name.prefix }))
      if (outcome === undefined) await sleep(20)
      else this.#compare(name as Name, outcome, least)
      this.counts.read++
    }
  }

  /** Every name that was ever acknowledged, by somebody who knows nothing. */
  async checkAll(): Promise<void> {
    const leaves = new KnownLeaves()
    let left = this.names.map((name) => ({ name, least: name.acknowledged })).filter(({ least }) => least > 0)
    this.counts.checked += left.length
    for (let turn = 0; left.length > 0; turn++) {
      if (turn > MOVES_MAX) return void this.faults.push(`${left.length} names are not to be had`)
      const byLeaf = Map.groupBy(left, ({ name }) => leaves.leafOf(keyOf(name.seed, name.prefix)))
      left = []
      for (const [leaf, all] of byLeaf)
        for (let at = 0; at < all.length; at += TOGETHER) {
          const some = all.slice(at, at + TOGETHER)
          const orders = some.map(({ name }) => ({
            do: 'get' as const,
            seed: name.seed,
            prefix: name.prefix,
          }))
          const outcomes = await this.post(leaf, orders)
          for (const [i, each] of some.entries()) {
            const outcome = outcomes?.[i]
            if (outcome?.kind === 'moved') leaves.note(outcome)
            if (outcome === undefined || outcome.kind === 'moved') left.push(each)
            else this.#compare(each.name, outcome, each.least)
          }
        }
    }
    const known = leaves.below('0110')
    this.counts.leaves = known.length
    this.counts.depth = Math.max(...known.map(({ length }) => length))
  }

  #newName(random: () => number): Name {
    const prefix = PREFIXES[Math.floor(random() * PREFIXES.length)] ?? ''
    const name = { seed: `name ${this.names.length}`, prefix, tried: 0, acknowledged: 0 }
    this.names.push(name)
    return name
  }

  #compare({ seed, tried }: Name, outcome: Outcome, least: number): void {
    const found = outcome.kind === 'record' ? outcome.sequence : outcome.kind === 'nothing' ? 0 : undefined
    if (found === undefined) this.faults.push(`${seed}: a read came to ${JSON.stringify(outcome)}`)
    else if (found < least || found > tried) this.faults.push(`${seed}: ${found}, not ${least} to ${tried}`)
  }
}

export async function killShards({ kills, seed, print }: ShardKillTerms) {
  const random = seeded(seed)
  const entry = join('test', 'support', 'dht-edge', 'worker.ts')
  const settings = { DHT_SPLIT_RECORDS: SPLIT_RECORDS, DHT_REQUESTS_PER_SECOND: '1000000' }
  const edge = await LocalEdge.start({ vars: settings, entry })
  const shards = new Shards(edge.url)
  try {
    const traffic = [
      ...Array.from({ length: WRITERS }, (_, at) => shards.write(seeded(seed + at + 1))),
      ...Array.from({ length: READERS }, (_, at) => shards.read(seeded(seed - at - 1))),
    ]
    for (let kill = 1; kill <= kills; kill++) {
      await calm(shards, random)
      await edge.kill()
      await edge.up()
      shards.counts.kills++
      // While everybody goes on writing.
      await shards.checkAll()
      if (kill % 10 === 0) print?.(`${JSON.stringify(shards.counts)}, ${shards.faults.length} faults`)
    }
    shards.isOver = true
    await Promise.all(traffic)
    await shards.checkAll()
    return { faults: shards.faults, counts: shards.counts }
  } finally {
    shards.isOver = true
    await edge.stop()
  }
}

async function calm(shards: Shards, random: () => number): Promise<void> {
  const { counts } = shards
  const [until, untilMs] = [counts.written + random() * CALM_WRITES, performance.now() + CALM_MS_MAX]
  shards.writesMax = until + WRITES_WHILE_CHECKED
  while (counts.written < until && performance.now() < untilMs) await sleep(2)
}
