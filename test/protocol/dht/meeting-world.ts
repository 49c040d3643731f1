// Rooms without an edge, and links without a network, for as many meeting machines as a test likes: who is in which room, who has a
// link with whom, and how often anybody was asked for something.

import type { Bits, MeetingEffect, MeetingInput } from '../../../protocol/dht/meeting/contract.ts'
import { Meeting } from '../../../protocol/dht/meeting/machine.ts'
import { Neighbours } from '../../../protocol/dht/mesh/neighbours.ts'
import { MESH_LINKS_TAKEN_MAX } from '../../../protocol/limits/direct.ts'
import { fnv1a, Random } from '../../sim/random.ts'

const LINK_MS = 1_500
const ENTER_MS = 100
const REFRESH_MS = 30_000
const TICK_MS = 500

export class Node {
  readonly name: string
  readonly place: Uint8Array
  readonly meeting: Meeting
  readonly rooms = new Map<Bits, { isKeeper: boolean }>()
  readonly linked = new Map<Node, number>()
  readonly making = new Set<Node>()
  /** Rooms it was in at once, at most; and rooms it entered in all. */
  roomsMost = 0
  entries = 0
  linksMost = 0
  /** Links that are its application's. */
  readonly met = new Set<Node>()

  constructor(
    name: string,
    place: Uint8Array,
    random: () => number,
    find: (name: string) => Node | undefined,
  ) {
    this.name = name
    this.place = place
    this.meeting = new Meeting({
      self: place,
      random,
      connections: () => this.connections,
      isMet: (peer) => this.met.has(find(peer) as Node),
    })
  }

  get connections(): number {
    return this.linked.size + this.making.size
  }
}

export class MeetingWorld {
  nowMs = 1_000
  readonly nodes = new Map<string, Node>()
  readonly #rooms = new Map<Bits, Set<Node>>()
  readonly #random: Random
  readonly #later: { readonly atMs: number; readonly act: () => void }[] = []
  /** Of ten pairs. */
  readonly #unconnectable: number
  lastLink = 0

  constructor(seed: number, unconnectable = 2) {
    this.#random = new Random(`meeting ${seed}`)
    this.#unconnectable = unconnectable
  }

  arrives(place = this.#random.bytes(32)): Node {
    const random = () => this.#random.below(2 ** 30) / 2 ** 30
    const node = new Node(`node ${this.nodes.size}`, place, random, (name) => this.nodes.get(name))
    this.nodes.set(node.name, node)
    this.gives(node, { kind: 'begin' })
    return node
  }

  /** Its page is closed. */
  goes(node: Node): void {
    this.nodes.delete(node.name)
    for (const bits of [...node.rooms.keys()]) this.#leaves(node, bits)
    for (const other of [...node.linked.keys()]) this.unlinks(node, other)
  }

  runs(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs += TICK_MS) {
      const due = this.#later.filter(({ atMs }) => atMs <= this.nowMs)
      for (const one of due) this.#later.splice(this.#later.indexOf(one), 1)
      for (const { act } of due) act()
      for (const node of [...this.nodes.values()]) {
        if (this.nowMs % REFRESH_MS < TICK_MS) this.gives(node, { kind: 'wanted', buckets: emptyOf(node) })
        if ((node.meeting.wakeAtMs ?? Number.POSITIVE_INFINITY) <= this.nowMs)
          this.gives(node, { kind: 'wake' })
      }
    }
  }

  gives(node: Node, input: MeetingInput): void {
    if (this.nodes.get(node.name) !== node) return
    for (const effect of node.meeting.receive(input, this.nowMs)) this.#perform(node, effect)
  }

  links(one: Node, other: Node): void {
    one.making.delete(other)
    if (one.linked.has(other)) return
    const id = ++this.lastLink
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const) {
      a.linked.set(b, id)
      a.linksMost = Math.max(a.linksMost, a.linked.size)
      this.gives(a, { kind: 'linked', peer: b.name, node: b.place })
    }
  }

  unlinks(one: Node, other: Node): void {
    for (const [a, b] of [
      [one, other],
      [other, one],
    ] as const)
      if (a.linked.delete(b)) this.gives(a, { kind: 'unlinked', peer: b.name })
  }

  residents(bits: Bits): number {
    return [...(this.#rooms.get(bits) ?? [])].filter(({ meeting }) => meeting.home === bits).length
  }

  #perform(node: Node, effect: MeetingEffect): void {
    switch (effect.kind) {
      case 'enter':
        node.rooms.set(effect.room, { isKeeper: effect.isKeeper })
        node.roomsMost = Math.max(node.roomsMost, node.rooms.size)
        node.entries++
        return this.#after(ENTER_MS, () => this.#entered(node, effect.room))
      case 'leave':
        return this.#leaves(node, effect.room)
      case 'say': {
        node.rooms.set(effect.room, { isKeeper: effect.isKeeper })
        for (const other of this.#rooms.get(effect.room) ?? []) this.#shows(other, effect.room, node)
        return
      }
      case 'connect': {
        const other = this.nodes.get(effect.peer)
        if (other === undefined || !this.#canConnect(node, other)) return
        node.making.add(other)
        return this.#after(LINK_MS, () => {
          if (this.nodes.get(other.name) === other && this.nodes.get(node.name) === node)
            this.links(node, other)
        })
      }
      case 'letGo': {
        const other = this.nodes.get(effect.peer)
        if (other === undefined) return
        node.making.delete(other)
        return this.unlinks(node, other)
      }
    }
  }

  #canConnect(one: Node, other: Node): boolean {
    const pair = [one.name, other.name].sort().join(' ')
    return other.connections < MESH_LINKS_TAKEN_MAX && fnv1a(pair) % 10 >= this.#unconnectable
  }

  #entered(node: Node, bits: Bits): void {
    if (!node.rooms.has(bits) || this.nodes.get(node.name) !== node) return
    const room = this.#rooms.get(bits) ?? new Set()
    this.#rooms.set(bits, room)
    for (const other of room) this.#shows(node, bits, other)
    this.gives(node, { kind: 'entered', room: bits })
    if (!node.rooms.has(bits)) return
    for (const other of room) this.#shows(other, bits, node)
    room.add(node)
  }

  #shows(to: Node, room: Bits, { name, place, rooms }: Node): void {
    if (to.name === name) return
    const isKeeper = rooms.get(room)?.isKeeper === true
    this.gives(to, { kind: 'seen', room, member: { peer: name, node: place, isKeeper } })
  }

  #leaves(node: Node, bits: Bits): void {
    node.rooms.delete(bits)
    const room = this.#rooms.get(bits)
    if (room?.delete(node) !== true) return
    for (const other of room) this.gives(other, { kind: 'gone', room: bits, peer: node.name })
  }

  #after(ms: number, act: () => void): void {
    this.#later.push({ atMs: this.nowMs + ms, act })
  }
}

/** As the mesh says it of its links. */
export function emptyOf(node: Node): readonly number[] {
  const table = new Neighbours(node.place)
  for (const [other, id] of node.linked) table.add(id, other.place, undefined, 0)
  return table.empty
}
