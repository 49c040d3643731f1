// A few nodes of the mesh with links as a test draws them, in virtual time: 10 ms a link, 3 ms to verify. Whoever has no machine is
// played by the test.

import type { Checked, LookupResult, MeshEffect, MeshInput } from '../../../protocol/dht/mesh/contract.ts'
import { MeshNode } from '../../../protocol/dht/mesh/machine.ts'
import {
  type Answer,
  type Ask,
  encodeMesh,
  isAsk,
  type MeshMessage,
  tryDecodeMesh,
} from '../../../protocol/dht/mesh/messages.ts'
import { DropCounts } from '../../../protocol/drops.ts'
import { checks, recordOf } from '../../sim/mesh/records.ts'
import { World } from '../../sim/world.ts'

export const LINK_MS = 10
export const VERIFY_MS = 3
export const FOREVER_MS = Number.POSITIVE_INFINITY

/** A place that begins with these bits, and goes on with zeros. */
export function at(bits: string): Uint8Array {
  const node = new Uint8Array(32)
  for (const [bit, digit] of [...bits].entries()) {
    if (digit === '1') node[bit >>> 3] = (node[bit >>> 3] ?? 0) | (0x80 >>> (bit & 7))
  }
  return node
}

export interface Member {
  readonly name: string
  readonly machine: MeshNode | undefined
  readonly number: number
  readonly links: Map<number, Member>
  /** What came for a member without a machine, and from whom. */
  readonly heard: { readonly from: Member; readonly message: MeshMessage }[]
  readonly effects: MeshEffect[]
}

export class MeshNet {
  readonly world = new World('mesh net')
  readonly drops = new DropCounts()
  readonly #members = new Map<string, Member>()

  joins(name: string, place: Uint8Array, isPlayed = false): Member {
    const random = this.world.random(name)
    const machine = isPlayed ? undefined : new MeshNode({ self: place, random: () => random.unit() })
    const number = this.#members.size + 1
    const member: Member = { name, machine, number, links: new Map(), heard: [], effects: [] }
    this.#places.set(member, place)
    this.#members.set(name, member)
    return member
  }

  readonly #places = new Map<Member, Uint8Array>()

  links(a: Member, b: Member): void {
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      one.links.set(other.number, other)
      this.#gives(one, {
        kind: 'linked',
        neighbour: other.number,
        node: this.#places.get(other)!,
        roundTripMs: 2 * LINK_MS,
      })
    }
  }

  chain(...members: Member[]): void {
    members.slice(1).forEach((member, i) => {
      this.links(members[i]!, member)
    })
  }

  unlinks(a: Member, b: Member): void {
    a.links.delete(b.number)
    b.links.delete(a.number)
    this.#gives(a, { kind: 'unlinked', neighbour: b.number })
    this.#gives(b, { kind: 'unlinked', neighbour: a.number })
  }

  /** Of a member that is played: says something to a neighbour. */
  says(from: Member, to: Member, message: MeshMessage | Uint8Array): void {
    const bytes = message instanceof Uint8Array ? message : encodeMesh(message)
    this.world.after(LINK_MS, () => this.#hears(to, from, bytes))
  }

  gives(member: Member, input: MeshInput): void {
    this.#gives(member, input)
  }

  finds(member: Member, key: Uint8Array, wanted: 'value' | 'nodes' | 'providers' = 'value'): number {
    const lookup = member.effects.length + 1_000
    this.#gives(member, { kind: 'find', lookup, wanted, key })
    return lookup
  }

  puts(member: Member, key: Uint8Array, version = 1, isFinal = true): Checked {
    const item = recordOf(key, version, isFinal, FOREVER_MS)
    this.#gives(member, { kind: 'put', lookup: 1, given: 'record', key, item })
    return item
  }

  passes(ms: number): this {
    this.world.runs(ms)
    return this
  }

  result(member: Member): LookupResult | undefined {
    const done = member.effects.filter((effect) => effect.kind === 'done')
    return done.at(-1)?.result
  }

  asked(member: Member): { readonly from: Member; readonly ask: Ask }[] {
    return member.heard.flatMap(({ from, message }) => (isAsk(message) ? [{ from, ask: message }] : []))
  }

  #hears(to: Member, from: Member, bytes: Uint8Array): void {
    if (!to.links.has(from.number)) return
    if (to.machine !== undefined) return this.#gives(to, { kind: 'message', neighbour: from.number, bytes })
    const message = tryDecodeMesh(bytes)
    if (message === undefined) throw new Error(`${from.name} says what is no message`)
    to.heard.push({ from, message })
  }

  #gives(member: Member, input: MeshInput): void {
    const { machine } = member
    if (machine === undefined) return
    for (const effect of machine.receive(input, this.world.nowMs)) {
      member.effects.push(effect)
      if (effect.kind === 'send') {
        const to = member.links.get(effect.neighbour)
        if (to === undefined) throw new Error(`${member.name} speaks to nobody`)
        this.world.after(LINK_MS, () => this.#hears(to, member, effect.bytes))
      }
      if (effect.kind === 'verify') {
        const item = checks(effect.key, effect.bytes, FOREVER_MS)
        this.world.after(VERIFY_MS, () => this.#gives(member, { kind: 'verified', task: effect.task, item }))
      }
      if (effect.kind === 'drop') this.drops.count(effect.reason)
    }
    this.#rearms(member)
  }

  #rearms(member: Member): void {
    const atMs = member.machine?.wakeAtMs
    if (atMs === undefined) return
    this.world.at(atMs, () => {
      const dueMs = member.machine?.wakeAtMs
      if (dueMs !== undefined && dueMs <= this.world.nowMs) this.#gives(member, { kind: 'wake' })
    })
  }
}

export const KEY = at('1111111111111111')

/** Each nearer to the key than the one before. */
export function chainOf(net: MeshNet, count: number): Member[] {
  const members = Array.from({ length: count }, (_, i) => net.joins(`node ${i}`, at('1'.repeat(i))))
  net.chain(...members)
  return members
}

/** Answers whatever a played member was asked last. */
export function answers(net: MeshNet, member: Member, answer: (token: number) => Answer): void {
  const { from, ask } = net.asked(member).at(-1)!
  net.says(member, from, answer(ask.token))
}
