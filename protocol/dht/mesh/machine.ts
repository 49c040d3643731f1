// A node of the mesh: finds, keeps and carries. See README.md beside this.
//
// Invariants
// 1. A request goes only to neighbours, whose places are proven; and a node carries a lookup once.
// 2. Of a request that is not answered nothing is left after its time; a lookup of our own is done exactly once.
// 3. Nothing is kept, and nothing is called found, that was not verified.
// 4. What neighbours make it hold is bounded: by their number, by requests of each, by what is verified at once, by what is held.

import { Carrier } from './carrier.ts'
import type { MeshConfig, MeshEffect, MeshInput, MeshMachine, Neighbour } from './contract.ts'
import { Ground } from './ground.ts'
import { isAsk, tryDecodeMesh } from './messages.ts'
import { NODE_BYTES } from './node.ts'
import { Searches } from './searches.ts'

const FINDS = { nodes: 'findNode', value: 'findValue', providers: 'getProviders' } as const

export class MeshNode implements MeshMachine {
  readonly #ground: Ground
  readonly #carrier: Carrier
  readonly #searches: Searches

  constructor(config: MeshConfig) {
    const { self, random } = config
    if (self.length !== NODE_BYTES) throw new RangeError(`self has ${self.length} bytes, not ${NODE_BYTES}`)
    this.#ground = new Ground(self, random)
    this.#carrier = new Carrier(this.#ground)
    this.#searches = new Searches(this.#ground, this.#carrier, config)
  }

  /** Records and providers it keeps for others. */
  get held(): number {
    return this.#ground.held.records
  }

  get neighbours(): number {
    return this.#ground.links.neighbours.size
  }

  get wakeAtMs(): number | undefined {
    const times = [this.#ground.links.wakeAtMs, this.#carrier.wakeAtMs, this.#searches.wakeAtMs]
    const due = times.filter((time) => time !== undefined)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  receive(input: MeshInput, nowMs: number): readonly MeshEffect[] {
    this.#ground.begins(nowMs)
    this.#receive(input)
    this.#searches.settle()
    return this.#ground.effects
  }

  #receive(input: MeshInput): void {
    const { links, nowMs } = this.#ground
    switch (input.kind) {
      case 'linked':
        return links.linked(input, nowMs)
      case 'unlinked':
        links.unlinked(input.neighbour, nowMs)
        return this.#carrier.unlinked(input.neighbour)
      case 'message':
        return this.#message(input.neighbour, input.bytes)
      case 'find':
        return this.#searches.find(input.lookup, FINDS[input.wanted], input.key, input.thorough ?? false)
      case 'put':
        return this.#searches.put(input.lookup, input.given, input.key, input.item)
      case 'cancel':
        return this.#searches.cancel(input.lookup)
      case 'publish':
        return this.#searches.publish(input.given, input.key, input.item)
      case 'retract':
        return this.#searches.retract(input.key)
      case 'verified':
        return this.#ground.verified(input.task, input.item)
      case 'wake':
        links.wakes(nowMs)
        this.#carrier.wakes()
        return this.#searches.wakes()
    }
  }

  #message(neighbour: Neighbour, bytes: Uint8Array): void {
    const { links, nowMs } = this.#ground
    const entry = links.neighbours.get(neighbour)
    if (entry === undefined) return this.#ground.drop('unknown-peer', neighbour)
    if (!links.neighbours.hears(entry, bytes.length, nowMs))
      return this.#ground.drop('rate-limited', neighbour)
    const message = tryDecodeMesh(bytes)
    if (message === undefined) return this.#ground.lie(entry, 'malformed')
    if (isAsk(message)) return this.#carrier.asked(entry, message)
    switch (message.kind) {
      case 'ping':
        return this.#ground.send(entry, { kind: 'pong', token: message.token })
      case 'pong':
        if (!links.pong(entry, message.token, nowMs)) this.#ground.drop('stale', neighbour)
        return
      default:
        return this.#carrier.answered(entry, message)
    }
  }
}
