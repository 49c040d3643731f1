// A node among neighbours who say anything at any time: it never throws, never goes round in circles, does each lookup once,
// keeps within its bounds, and once they are silent has nothing left to wait for.

import { describe, expect, it } from 'vitest'
import type { MeshEffect, MeshInput } from '../../../protocol/dht/mesh/contract.ts'
import { MeshNode } from '../../../protocol/dht/mesh/machine.ts'
import { encodeMesh, type MeshMessage, tryDecodeMesh } from '../../../protocol/dht/mesh/messages.ts'
import { MESH_LOOKUP_MS, MESH_NEIGHBOURS_MAX } from '../../../protocol/limits/mesh.ts'
import { forgedRecord, recordOf } from '../../sim/mesh/records.ts'
import { Random } from '../../sim/random.ts'

const NEIGHBOURS = 12
const FOREVER_MS = Number.POSITIVE_INFINITY

class Mob {
  readonly random: Random
  readonly node: MeshNode
  readonly keys: Uint8Array[]
  readonly linked = new Set<number>()
  readonly begun = new Set<number>()
  readonly done = new Set<number>()
  readonly tasks: (MeshEffect & { kind: 'verify' })[] = []
  /** Tokens the node asked with: a mob that answers must know them. */
  readonly tokens: { readonly neighbour: number; readonly token: number }[] = []
  nowMs = 1_000
  next = 1

  constructor(seed: number) {
    this.random = new Random(`mob ${seed}`)
    this.keys = Array.from({ length: 4 }, () => this.random.bytes(32))
    this.node = new MeshNode({ self: this.random.bytes(32), random: () => this.random.unit() })
  }

  gives(input: MeshInput): void {
    for (const effect of this.node.receive(input, this.nowMs)) {
      if (effect.kind === 'send') {
        expect(this.linked.has(effect.neighbour)).toBe(true)
        const message = tryDecodeMesh(effect.bytes)
        if (message === undefined) throw new Error('says what is no message')
        this.tokens.push({ neighbour: effect.neighbour, token: message.token })
      } else if (effect.kind === 'verify') this.tasks.push(effect)
      else if (effect.kind === 'done') {
        expect(this.begun.has(effect.lookup) && !this.done.has(effect.lookup)).toBe(true)
        this.done.add(effect.lookup)
      } else if (effect.kind === 'found') expect(this.done.has(effect.lookup)).toBe(false)
    }
    expect(this.node.neighbours).toBeLessThanOrEqual(MESH_NEIGHBOURS_MAX)
  }

  /** Whatever time passes, the node is woken when it wants to be. */
  passes(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let wakes = 0; ; wakes++) {
      const atMs = this.node.wakeAtMs
      if (atMs === undefined || atMs > untilMs) break
      if (wakes > 10_000) throw new Error(`wakes in circles at ${atMs}`)
      this.nowMs = Math.max(this.nowMs, atMs)
      this.gives({ kind: 'wake' })
      if (this.node.wakeAtMs === atMs && wakes > 100) throw new Error(`a wake at ${atMs} moves nothing`)
    }
    this.nowMs = untilMs
  }

  does(): void {
    const { random } = this
    const neighbour = random.below(NEIGHBOURS)
    const key = random.pick(this.keys)
    random.pick([
      () => this.#links(neighbour),
      () => this.#links(neighbour),
      () => this.#unlinks(random.chance(0.2) ? neighbour : -1),
      () => this.#says(neighbour, encodeMesh(this.#message(neighbour))),
      () => this.#says(neighbour, encodeMesh(this.#message(neighbour))),
      () => this.#says(neighbour, encodeMesh(this.#message(neighbour))),
      () => this.#says(neighbour, random.bytes(random.below(80))),
      () =>
        this.#begins((lookup) => ({
          kind: 'find',
          lookup,
          wanted: random.pick(['value', 'nodes', 'providers']),
          key,
        })),
      () =>
        this.#begins((lookup) => ({
          kind: 'put',
          lookup,
          given: random.pick(['record', 'provided']),
          key,
          item: this.#item(key),
        })),
      () => this.gives({ kind: 'publish', given: 'record', key, item: this.#item(key) }),
      () => this.gives({ kind: 'retract', key }),
      () => this.verifies(),
      () => this.verifies(),
      () => this.passes(random.exponential(300)),
    ])()
  }

  verifies(): void {
    const task = this.tasks.shift()
    if (task === undefined) return
    const item = this.random.chance(0.7) ? this.#item(task.key) : undefined
    this.gives({ kind: 'verified', task: task.task, item })
  }

  #item(key: Uint8Array) {
    return recordOf(key, 1 + this.random.below(3), false, FOREVER_MS)
  }

  #links(neighbour: number): void {
    if (this.linked.has(neighbour)) return
    this.linked.add(neighbour)
    this.gives({ kind: 'linked', neighbour, node: this.random.bytes(32), roundTripMs: undefined })
  }

  #unlinks(neighbour: number): void {
    if (!this.linked.delete(neighbour)) return
    this.gives({ kind: 'unlinked', neighbour })
  }

  #says(neighbour: number, bytes: Uint8Array): void {
    this.gives({ kind: 'message', neighbour, bytes })
  }

  #begins(input: (lookup: number) => MeshInput): void {
    if (this.begun.size - this.done.size >= 60) return
    const lookup = this.next++
    this.begun.add(lookup)
    this.gives(input(lookup))
  }

  #message(neighbour: number): MeshMessage {
    const { random } = this
    const known = this.tokens.filter((one) => one.neighbour === neighbour).slice(-20)
    const token = known.length > 0 && random.chance(0.8) ? random.pick(known).token : random.u32()
    const key = random.pick(this.keys)
    const bytes = random.chance(0.5) ? forgedRecord(key) : recordOf(key, 2, random.chance(0.5), 0).bytes
    const kind = random.pick(['findNode', 'findValue', 'getProviders', 'store', 'addProvider'] as const)
    const empty = new Uint8Array()
    const ask = {
      kind,
      token,
      lookup: BigInt(random.below(30)),
      hops: random.below(11),
      detours: random.below(9),
      withinMs: random.below(3_001),
      key,
      bytes: kind === 'store' || kind === 'addProvider' ? bytes : empty,
    }
    const hops = random.below(11)
    return random.pick<MeshMessage>([
      ask,
      ask,
      ask,
      { kind: 'ping', token },
      { kind: 'pong', token },
      { kind: 'nodes', token, hops, nodes: [random.bytes(32)] },
      { kind: 'record', token, hops, bytes },
      { kind: 'providers', token, hops, provided: [bytes, random.bytes(5)] },
      { kind: 'stored', token, hops, copies: random.below(256) },
      { kind: 'refused', token, reason: random.pick(['served', 'busy', 'late', 'invalid']) },
    ])
  }
}

describe('a node among neighbours who say anything', () => {
  it('stays what it is', () => {
    let carried = 0
    for (let seed = 1; seed <= 40; seed++) {
      const mob = new Mob(seed)
      try {
        for (let step = 0; step < 400; step++) mob.does()
        // Silence: what is verified comes back, and every lookup is done.
        for (const key of mob.keys) mob.gives({ kind: 'retract', key })
        while (mob.tasks.length > 0) mob.verifies()
        mob.passes(MESH_LOOKUP_MS + 1)
        while (mob.tasks.length > 0) mob.verifies()
        mob.passes(MESH_LOOKUP_MS + 1)
        expect(mob.done).toEqual(mob.begun)
        carried += mob.tokens.length
        // Nothing is left to wait for but to say which links are wanted.
        for (const neighbour of mob.linked) mob.gives({ kind: 'unlinked', neighbour })
        const atMs = mob.node.wakeAtMs
        mob.passes(120_000)
        expect(mob.node.wakeAtMs === undefined || mob.node.wakeAtMs > mob.nowMs, `${atMs}`).toBe(true)
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
      }
    }
    expect(carried).toBeGreaterThan(40 * 100)
  })

  it('refuses what its host does wrong', () => {
    const random = () => 0.5
    expect(() => new MeshNode({ self: new Uint8Array(31), random })).toThrow(RangeError)
    const node = new MeshNode({ self: new Uint8Array(32), random })
    const linked = { kind: 'linked', neighbour: 1, node: new Uint8Array(32).fill(1), roundTripMs: 5 } as const
    node.receive(linked, 0)
    expect(() => node.receive(linked, 0)).toThrow(RangeError)
    expect(() => node.receive({ kind: 'verified', task: 5, item: undefined }, 0)).toThrow(RangeError)
    expect(() =>
      node.receive({ kind: 'find', lookup: 1, wanted: 'value', key: new Uint8Array(3) }, 0),
    ).toThrow(RangeError)
  })
})
