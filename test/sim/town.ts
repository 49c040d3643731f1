// A town of clients around one edge, in the words of a story, with a ledger of what was said: who may be seen by whom
// and for how long, and that every message arrives once and in order.

import type { PeerId } from '../../protocol/peer-id.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'
import type { Lane } from '../../protocol/wire/frames.ts'
import { Client, type ClientListener } from './client-host.ts'
import { EdgeNode } from './edge-node.ts'
import type { ClientKeys } from './keyring.ts'
import { type Latency, seededLatency } from './latency.ts'
import { FINE, Network, type Weather } from './network.ts'
import type { Random } from './random.ts'
import { World } from './world.ts'

const ROOM = 'town'

interface Sent {
  readonly by: Client
  readonly to: PeerId
  readonly text: string
  outcome: 'acknowledged' | 'timeout' | 'abandoned' | undefined
  deliveries: number
}

export interface TownOptions {
  readonly weather?: Weather
  readonly latency?: Latency
  /** Of whoever has this name; their links are encrypted then. */
  readonly keysOf?: (name: string) => ClientKeys
}

export class Town {
  readonly world: World
  readonly network: Network
  readonly edge: EdgeNode
  readonly random: Random
  /** Whoever is alive now, by name. */
  readonly alive = new Map<string, Client>()
  readonly sent: Sent[] = []
  readonly #keysOf: TownOptions['keysOf']
  readonly #lives = new Map<string, number>()
  /** Since when a peer is gone; absent while it lives. */
  readonly #goneAtMs = new Map<PeerId, number>()
  readonly #cutOff = new Map<string, number>()
  readonly #order = new Map<string, number>()
  #oldestGhostMs = 0
  /** What went wrong where nobody could throw it at us. */
  readonly failures: unknown[] = []
  /** Times that anybody saw anybody go. */
  departures = 0

  constructor(seed: number | string, options: TownOptions = {}) {
    this.world = new World(seed)
    this.#keysOf = options.keysOf
    this.random = this.world.random('scenario')
    const latency = options.latency ?? seededLatency(this.world.random('map'))
    this.network = new Network(this.world, options.weather ?? FINE, latency)
    this.edge = new EdgeNode(this.network)
  }

  /** The longest that anybody who was gone was seen by anybody who was there. */
  get oldestGhostMs(): number {
    return this.#oldestGhostMs
  }

  // ---- who comes and goes -------------------------------------------------------------------------------------

  joins(name: string): Client {
    const life = (this.#lives.get(name) ?? 0) + 1
    this.#lives.set(name, life)
    const client = new Client(this.edge, ROOM, name, life, this.#listener, this.#keysOf?.(name))
    this.#goneAtMs.delete(client.id)
    this.alive.set(name, client)
    this.world.trace(name, `begins life ${life}`)
    return client.joins()
  }

  leaves(name: string): void {
    this.#client(name).leaves()
    this.#goes(name)
  }

  vanishes(name: string): void {
    this.#client(name).vanishes()
    this.#goes(name)
  }

  /** The page is reloaded: the same peer, a moment later, in another session. */
  reloads(name: string): void {
    this.vanishes(name)
    this.world.after(300, () => this.joins(name))
  }

  /** So long nobody reaches it, nor it anybody; then its device says that the network is back, as browsers do. */
  cutsOff(client: Client, ms: number): void {
    this.#cutOff.set(client.name, (this.#cutOff.get(client.name) ?? 0) + 1)
    this.network.partition(...[...this.#cutOff.keys()].map((name) => [name]))
    this.world.after(ms, () => {
      const times = (this.#cutOff.get(client.name) ?? 1) - 1
      if (times === 0) this.#cutOff.delete(client.name)
      else this.#cutOff.set(client.name, times)
      this.network.partition(...[...this.#cutOff.keys()].map((name) => [name]))
      client.networkChanges()
    })
  }

  someone(): Client {
    return this.random.pick([...this.alive.values()])
  }

  // ---- what is said ---------------------------------------------------------------------------------------------

  /** False: it could not be sent at all, as the sender knows nobody of that name. */
  tells(from: Client, to: Client, lane: Lane, bytes = 0, ttlMs = 300_000): boolean {
    const token = this.sent.length
    const text = `${token} ${'.'.repeat(bytes)}`
    if (!from.sends(to.id, token, lane, utf8(text), ttlMs)) return false
    this.sent.push({ by: from, to: to.id, text, outcome: undefined, deliveries: 0 })
    return true
  }

  readonly #listener: ClientListener = {
    delivered: (to, from, lane, data) => this.#delivered(to, from, lane, data),
    settled: (by, token, outcome) => {
      const sent = this.sent[token]
      if (sent?.by !== by) throw new Error(`settled ${token}, which ${by.name} never sent`)
      if (sent.outcome !== undefined) throw new Error(`settled ${token} twice`)
      if (outcome === 'acknowledged' && sent.deliveries === 0)
        throw new Error(`${token} acknowledged unheard`)
      sent.outcome = outcome
    },
    departed: () => {
      this.departures++
    },
    failed: (error) => {
      this.failures.push(error)
    },
    broadcast: (to, from, payload) =>
      this.world.trace(to.name, `broadcast of ${from.slice(-8)}: ${payload.length}`),
  }

  #delivered(to: Client, from: PeerId, lane: Lane, data: Uint8Array): void {
    const text = new TextDecoder().decode(data)
    const token = Number.parseInt(text, 10)
    const sent = this.sent[token]
    this.world.trace(to.name, `hears ${token} on ${lane}`)
    if (sent === undefined || sent.text !== text)
      throw new Error(`${to.name} heard what nobody said: ${text}`)
    if (sent.by.id !== from || sent.to !== to.id)
      throw new Error(`${token} was not for ${to.name}, or not from there`)
    // Tokens count up, so on each lane of each pair of lives they do too: once, and in order.
    const lane0 = `${from} ${lives(sent.by)} ${to.id} ${lives(to)} ${lane}`
    const before = this.#order.get(lane0) ?? -1
    if (token <= before) throw new Error(`${to.name} heard ${token} after ${before}`)
    this.#order.set(lane0, token)
    sent.deliveries++
  }

  // ---- what must hold -------------------------------------------------------------------------------------------

  /** Lets time pass, and keeps looking for ghosts. */
  runs(ms: number): void {
    const untilMs = this.world.nowMs + ms
    while (this.world.nowMs < untilMs) {
      this.world.runs(Math.min(500, untilMs - this.world.nowMs))
      this.#watchForGhosts()
    }
  }

  /** Everybody alive is here, and sees exactly all others. */
  get agrees(): boolean {
    const all = [...this.alive.values()]
    return all.every(
      (client) =>
        client.isHere &&
        client.present.size === all.length - 1 &&
        all.every((other) => other === client || client.present.has(other.id)),
    )
  }

  /** Whoever lives sees it so, after at most that long; and how long it took. */
  settles(withinMs: number): number {
    const sinceMs = this.world.nowMs
    while (!this.agrees) {
      if (this.world.nowMs - sinceMs > withinMs)
        throw new Error(`seed ${this.world.seed}: ${this.#disagreement()}`)
      this.runs(500)
    }
    return this.world.nowMs - sinceMs
  }

  get unsettled(): Sent[] {
    return this.sent.filter(({ outcome }) => outcome === undefined)
  }

  #disagreement(): string {
    const all = [...this.alive.values()]
    return all
      .map(
        ({ name, machine, present }) =>
          `${name} is ${machine.state}, sees ${present.size} of ${all.length - 1}`,
      )
      .join('; ')
  }

  #watchForGhosts(): void {
    for (const client of this.alive.values()) {
      if (!client.isHere) continue
      for (const id of client.present) {
        const goneAtMs = this.#goneAtMs.get(id)
        if (goneAtMs === undefined) continue
        this.#oldestGhostMs = Math.max(this.#oldestGhostMs, this.world.nowMs - goneAtMs)
      }
    }
  }

  #goes(name: string): void {
    this.#goneAtMs.set(this.#client(name).id, this.world.nowMs)
    this.alive.delete(name)
    this.world.trace(name, 'is gone')
  }

  #client(name: string): Client {
    const client = this.alive.get(name)
    if (client === undefined) throw new Error(`${name} is not alive`)
    return client
  }
}

function lives(client: Client): string {
  return client.session.join('.')
}
