// A crowd that comes to relays one after another, each choosing by a strategy with what it could know: the relays in the order in
// which a bootstrap puts them, pings of the first few, and loads as they were a while ago.

import { BOUNDED_LOAD } from '../../../protocol/balance/consistent-hash.ts'
import type { Strategy, Target } from '../../../protocol/balance/contract.ts'
import { candidates, least } from '../../../protocol/balance/contract.ts'
import { STRATEGIES } from '../../../protocol/balance/kinds.ts'
import { byScore } from '../../../protocol/balance/score.ts'
import { unknownTarget } from '../../../protocol/balance/target.ts'
import type { Region } from '../../../protocol/dht/regions.ts'
import { peopleIn, seededLatency, seededRegion } from '../latency.ts'
import { Random } from '../random.ts'

export interface CrowdTerms {
  readonly clients: number
  readonly relays: number
  readonly seed: number
  /** Loads are known as they were when so many came before. */
  readonly stale: number
}

/** How many of the first a client pings before it chooses. */
export const PINGED = 6
/** A relay with so much more than its share is put last by the bootstrap: below the goal, as what it knows is old. */
const OVERLOADED = 1.15

export type Way =
  | keyof typeof STRATEGIES
  /** Of all of them alike, whatever is known: what bench/balance.ts has beside the others. */
  | 'random'
  | 'score'
  | 'nearest-of-six'
  | 'nearest-of-six, loads unknown'
  | 'oracle, bounded'
  | 'oracle'

export const WAYS: readonly Way[] = [
  ...(Object.keys(STRATEGIES) as (keyof typeof STRATEGIES)[]),
  'score',
  'nearest-of-six',
  'nearest-of-six, loads unknown',
  'oracle, bounded',
  'oracle',
]

export interface CrowdOutcome {
  readonly way: Way
  /** Of clients, beside each relay's share. */
  readonly maxOverMean: number
  readonly p50Ms: number
  readonly p90Ms: number
  /** Of what each client's relay takes, as many times what its nearest would. */
  readonly p90OfRatios: number
}

interface Relay extends Target {
  inFlight: number
  isWell: boolean
  load: number
}

export class Crowd {
  readonly #terms: CrowdTerms
  readonly #regionOf: (client: number) => Region
  readonly #relays: readonly { readonly region: Region; readonly weight: number }[]
  /** Round trips, a row for each client. */
  readonly #ms: Float32Array

  constructor(terms: CrowdTerms) {
    const { clients, relays, seed } = terms
    this.#terms = terms
    const random = new Random(`crowd ${seed}`)
    const [latency, region] = [seededLatency(random), seededRegion(random)]
    this.#regionOf = (client) => region(`client ${client}`)
    const regions = Array.from({ length: relays }, (_, i) => region(`relay ${i}`))
    // Whoever runs them knows from where people come: a region's relays carry its people together.
    this.#relays = regions.map((own) => ({
      region: own,
      weight: (relays * peopleIn(own)) / regions.filter((other) => other === own).length,
    }))
    this.#ms = new Float32Array(clients * relays)
    for (let client = 0; client < clients; client++)
      for (let relay = 0; relay < relays; relay++)
        this.#ms[client * relays + relay] = 2 * latency(`client ${client}`, `relay ${relay}`)
  }

  play(way: Way): CrowdOutcome {
    const { clients, stale, seed } = this.#terms
    const random = new Random(`choices ${seed}`)
    const strategy = strategyOf(way, () => random.unit())
    const now: Relay[] = this.#relays.map((known, i) => ({ ...unknownTarget(`relay ${i}`, known), load: 0 }))
    let told: readonly Relay[] = now.map((relay) => ({ ...relay }))
    const [chosen, ratios]: [number[], number[]] = [[], []]
    const shares = sharesOf(now, clients)
    const prices = way === 'oracle, bounded' ? this.#prices(BOUNDED_LOAD) : undefined
    const knows = way !== 'nearest-of-six, loads unknown'
    for (let client = 0; client < clients; client++) {
      if (client % stale === 0 && knows) told = reported(now, client)
      const place =
        prices === undefined ? this.#choose(way, strategy, told, client) : this.#cheapest(client, prices)
      ;(now[place] as Relay).inFlight++
      const [ms, best] = [this.#msOf(client, place), Math.min(...this.#row(client))]
      chosen.push(ms)
      ratios.push(ms / best)
    }
    chosen.sort((one, other) => one - other)
    ratios.sort((one, other) => one - other)
    return {
      way,
      maxOverMean: Math.max(...now.map((relay, i) => relay.inFlight / (shares[i] as number))),
      p50Ms: quantile(chosen, 0.5),
      p90Ms: quantile(chosen, 0.9),
      p90OfRatios: quantile(ratios, 0.9),
    }
  }

  #choose(way: Way, strategy: Strategy | undefined, told: readonly Relay[], client: number): number {
    if (way === 'oracle') return least([...told.keys()], (place) => this.#msOf(client, place)) ?? 0
    const asked = { region: this.#regionOf(client), key: `network ${client % 500}` }
    const measures = way === 'power-of-two' || way === 'weighted-response-time' || way.startsWith('nearest')
    const order = measures || way === 'score' ? byScore(told, asked) : told
    const placeOf = (target: Target) => Number(target.id.slice('relay '.length))
    if (way === 'score') return placeOf(order[0] as Target)
    const head = measures
      ? order
          .slice(0, PINGED)
          .map((target) => ({ ...target, latencyMs: this.#msOf(client, placeOf(target)) }))
      : order
    const at =
      strategy?.choose(head, asked) ?? least(candidates(head), (place) => head[place]?.latencyMs ?? 0)
    return placeOf(head[at ?? 0] as Target)
  }

  #cheapest(client: number, prices: readonly number[]): number {
    const costOf = (place: number) => this.#msOf(client, place) + (prices[place] as number)
    return least([...prices.keys()], costOf) ?? 0
  }

  /** By how much each relay has to be dearer so that none has more than its bound: nearly the best that there is within it. */
  #prices(bound: number): readonly number[] {
    const { clients } = this.#terms
    const each = Math.max(1, Math.floor(clients / 5_000))
    const shares = sharesOf(this.#relays, Math.ceil(clients / each))
    let prices: readonly number[] = shares.map(() => 0)
    for (let round = 0; round < 300; round++) {
      const loads = shares.map(() => 0)
      for (let client = 0; client < clients; client += each) {
        const place = this.#cheapest(client, prices)
        loads[place] = (loads[place] ?? 0) + 1
      }
      const step = 20 / (1 + round / 30)
      prices = prices.map((price, i) => {
        const over = (loads[i] ?? 0) / (shares[i] as number) - bound + 0.02
        return Math.max(0, price + step * over)
      })
    }
    return prices
  }

  #msOf(client: number, relay: number): number {
    return this.#ms[client * this.#relays.length + relay] as number
  }

  #row(client: number): Float32Array {
    const from = client * this.#relays.length
    return this.#ms.subarray(from, from + this.#relays.length)
  }
}

function strategyOf(way: Way, random: () => number): Strategy | undefined {
  if (way === 'random') return { choose: (targets) => Math.floor(random() * targets.length) }
  return way in STRATEGIES ? STRATEGIES[way as keyof typeof STRATEGIES](random) : undefined
}

/** What a bootstrap hears of relays: how much they have, and that it is too much. */
function reported(now: readonly Relay[], clients: number): readonly Relay[] {
  const shares = sharesOf(now, clients).map((share) => Math.max(1, share))
  return now.map((relay, i) => ({
    ...relay,
    load: Math.min(1, relay.inFlight / (shares[i] as number) / 2),
    isWell: relay.inFlight <= OVERLOADED * (shares[i] as number),
  }))
}

/** Of so many clients, by the relays' weights. */
function sharesOf(relays: readonly { readonly weight: number }[], clients: number): number[] {
  const total = relays.reduce((sum, { weight }) => sum + weight, 0)
  return relays.map(({ weight }) => (clients * weight) / total)
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
