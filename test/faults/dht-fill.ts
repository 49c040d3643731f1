// Values kept in the shards of a network by the hundred thousand, while the shards split, and all of them fetched again: how
// long it takes, and whether all are there. `npm run test:kills -- --dht --records 1000000`.

import { join } from 'node:path'
import { KnownLeaves } from '../../protocol/dht/leaves.ts'
import { ROOTS } from '../../protocol/dht/place.ts'
import { keyOf } from '../support/dht.ts'
import type { Order, Outcome } from '../support/dht-edge/orders.ts'
import { LocalEdge } from '../support/local-edge.ts'

export interface FillTerms {
  readonly records: number
  readonly print?: (line: string) => void
}

const TOGETHER = 256
const CALLS_AT_ONCE = 4
const CHUNK = 32_768
/** So that a million makes some hundred shards. */
const SPLIT_RECORDS = 20_000
const TURNS_MAX = 50

class Filling {
  readonly leaves = new KnownLeaves()
  readonly faults: string[] = []
  calls = 0
  moved = 0
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  /** Asks until each has come to what is wanted. */
  async all(what: Order['do'], wanted: Outcome['kind'], from: number, to: number): Promise<void> {
    let left = Array.from({ length: to - from }, (_, at) => String(from + at))
    for (let turn = 0; left.length > 0; turn++) {
      if (turn > TURNS_MAX) throw new Error(`${left.length} values are not to be had`)
      const calls: { readonly leaf: string; readonly seeds: string[] }[] = []
      for (const [leaf, seeds] of Map.groupBy(left, (seed) => this.leaves.leafOf(keyOf(seed))))
        for (let at = 0; at < seeds.length; at += TOGETHER)
          calls.push({ leaf, seeds: seeds.slice(at, at + TOGETHER) })
      left = []
      const work = async () => {
        for (let call = calls.pop(); call !== undefined; call = calls.pop())
          left.push(...(await this.#call(call.leaf, call.seeds, what, wanted)))
      }
      await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work))
    }
  }

  async #call(leaf: string, seeds: string[], what: Order['do'], wanted: Outcome['kind']): Promise<string[]> {
    const orders = seeds.map((seed) => ({ do: what, seed, prefix: '' }))
    const body = JSON.stringify({ network: 'filled', leaf, orders })
    this.calls++
    const response = await fetch(this.#url, { method: 'POST', body })
    const outcomes = (await response.json()) as Outcome[]
    return seeds.filter((seed, at) => {
      const outcome = outcomes[at]
      if (outcome?.kind === wanted) return false
      if (outcome?.kind === 'moved') {
        if (this.leaves.note(outcome)) this.moved++
      } else if (outcome?.kind !== 'refused' || outcome.reason !== 'busy') {
        this.faults.push(`${seed}: ${JSON.stringify(outcome)}`)
        return false
      }
      return true
    })
  }
}

export async function keepMany({ records, print }: FillTerms) {
  const settings = {
    DHT_SPLIT_RECORDS: String(SPLIT_RECORDS),
    DHT_SPLIT_PER_SECOND: '1000000',
    DHT_REQUESTS_PER_SECOND: '1000000',
  }
  const edge = await LocalEdge.start({
    vars: settings,
    entry: join('test', 'support', 'dht-edge', 'worker.ts'),
  })
  try {
    const filling = new Filling(edge.url)
    const pass = async (what: Order['do'], wanted: Outcome['kind']) => {
      const beganMs = performance.now()
      for (let from = 0; from < records; from += CHUNK) {
        await filling.all(what, wanted, from, Math.min(from + CHUNK, records))
        const perSecond = (Math.min(from + CHUNK, records) / (performance.now() - beganMs)) * 1_000
        print?.(`${what} ${from + CHUNK}: ${Math.round(perSecond)} a second, ${filling.faults.length} faults`)
      }
      return Math.round(performance.now() - beganMs)
    }
    const keepMs = await pass('keep', 'stored')
    const fetchMs = await pass('fetch', 'record')
    const leaves = ROOTS.flatMap((prefix) => filling.leaves.below(prefix))
    const { faults, calls, moved } = filling
    return { faults, counts: { records, keepMs, fetchMs, leaves: leaves.length, calls, moved } }
  } finally {
    await edge.stop()
  }
}
