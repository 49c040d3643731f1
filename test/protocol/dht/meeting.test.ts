// Nodes of the mesh meet: in one room while they are few, in neighbourhoods of their places when they are many; each with its nearest, and
// with somebody of every bucket; and never with more than a browser should have.

import { describe, expect, it } from 'vitest'
import { bucketRoom, neighbourhoodRoom } from '../../../protocol/dht/meeting/place.ts'
import { compareDistance, sharedBits } from '../../../protocol/dht/place.ts'
import { MESH_LINKS_MAX } from '../../../protocol/limits/direct.ts'
import {
  MEETING_AVOIDED_MS,
  MEETING_CONNECT_MS,
  MEETING_KEEPERS,
  MEETING_LONELY_MS,
  MEETING_NEAREST,
  MEETING_RESIDENTS_MAX,
  MEETING_SPREAD_MS,
} from '../../../protocol/limits/meeting.ts'
import { isReservedName, isRoomName } from '../../../protocol/names.ts'
import { emptyOf, MeetingWorld, type Node } from './meeting-world.ts'

const nearestOf = (node: Node, world: MeetingWorld) =>
  [...world.nodes.values()]
    .filter((other) => other !== node)
    .sort((a, b) => compareDistance(a.place, b.place, node.place))

const placed = (first: number, second = 0) => {
  const place = new Uint8Array(32).fill(0x55)
  place[0] = first
  place[1] = second
  return place
}

describe('rooms of neighbourhoods', () => {
  it('have names that no application may take, and that the edge takes', () => {
    for (const bits of ['', '0', '1'.repeat(16)]) {
      expect(isReservedName(neighbourhoodRoom(bits))).toBe(true)
      expect(isRoomName(neighbourhoodRoom(bits))).toBe(true)
    }
    expect(new Set(['', '0', '00', '1'].map(neighbourhoodRoom)).size).toBe(4)
    expect(['mesh', 'lobby', 'waypost'].some(isReservedName)).toBe(false)
  })

  it('of a bucket begin as our place does, and turn away in one bit', () => {
    expect(bucketRoom(placed(0b1010_0000), 0, 1, () => 0)).toBe('0')
    expect(bucketRoom(placed(0b1010_0000), 2, 5, () => 0.9)).toBe('10011')
  })
})

describe('a few', () => {
  it('are in one room, and each has links with its nearest; nobody is visited', () => {
    const world = new MeetingWorld(1, 0)
    const nodes = Array.from({ length: 12 }, () => world.arrives())
    world.runs(60_000)
    expect(world.residents('')).toBe(12)
    for (const node of nodes) {
      expect(node.entries).toBe(1)
      const near = nearestOf(node, world).slice(0, MEETING_NEAREST)
      expect(near.every((other) => node.linked.has(other))).toBe(true)
    }
  })

  it('try another where one cannot be connected, and that one not again for a while', () => {
    const world = new MeetingWorld(2, 0)
    const [one] = Array.from({ length: 3 }, (_, i) => world.arrives(placed(i))) as [Node]
    const asked: string[] = []
    world.runs(10_000)
    const receive = one.meeting.receive.bind(one.meeting)
    one.meeting.receive = (input, nowMs) => {
      const effects = receive(input, nowMs)
      for (const effect of effects) if (effect.kind === 'connect') asked.push(effect.peer)
      return effects
    }
    // It answers nothing: nobody of its name is there.
    const ghost = { peer: 'ghost', node: placed(0, 1), isKeeper: false }
    world.gives(one, { kind: 'seen', room: '', member: ghost })
    world.runs(MEETING_CONNECT_MS * 3)
    expect(asked).toEqual(['ghost'])
    world.runs(MEETING_AVOIDED_MS)
    expect(asked).toEqual(['ghost', 'ghost'])
  })

  it('leave a newcomer to ask first', () => {
    const world = new MeetingWorld(3, 0)
    const [one, other] = [world.arrives(), world.arrives()] as [Node, Node]
    world.runs(1_000)
    // Both came at once: whoever was told of the other on coming in has asked it.
    expect(one.making.size + other.making.size).toBe(1)
  })
})

describe('many', () => {
  const PEERS = 300
  const world = new MeetingWorld(4)
  for (let i = 0; i < PEERS; i++) {
    world.arrives()
    if (i % 10 === 0) world.runs(1_000)
  }
  world.runs(120_000)
  const nodes = [...world.nodes.values()]

  it('live in neighbourhoods of a size, each in its own', () => {
    for (const { meeting, place } of nodes) {
      const { home } = meeting
      expect(home).toBeDefined()
      expect(sharedBits(place, placeOf(home as string))).toBeGreaterThanOrEqual(home?.length as number)
      expect(world.residents(home as string)).toBeLessThanOrEqual(MEETING_RESIDENTS_MAX)
    }
    const depths = nodes.map(({ meeting }) => meeting.home?.length ?? 0)
    expect(Math.min(...depths)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...depths)).toBeLessThanOrEqual(3)
  })

  it('leave a few in each room that was split, for whoever comes', () => {
    const keepers = nodes.filter(({ rooms }) => rooms.get('')?.isKeeper).length
    expect(keepers).toBeGreaterThanOrEqual(1)
    expect(keepers).toBeLessThanOrEqual(2 * MEETING_KEEPERS)
    const late = world.arrives()
    world.runs(5_000)
    expect(late.meeting.home?.length).toBeGreaterThanOrEqual(1)
  })

  it('have links with most of their nearest, and with somebody of nearly every bucket', () => {
    const shares = nodes.map((node) => {
      const near = nearestOf(node, world).slice(0, MEETING_NEAREST)
      return near.filter((other) => node.linked.has(other)).length / MEETING_NEAREST
    })
    // One pair in five cannot be connected.
    expect(shares.reduce((a, b) => a + b) / shares.length).toBeGreaterThan(0.7)
    const empty = nodes.map((node) => emptyOf(node).length)
    expect(empty.reduce((a, b) => a + b) / nodes.length).toBeLessThan(0.3)
  })

  it('are never in more than three rooms, and have no more links than they should', () => {
    expect(Math.max(...nodes.map(({ roomsMost }) => roomsMost))).toBeLessThanOrEqual(3)
    expect(Math.max(...nodes.map(({ linksMost }) => linksMost))).toBeLessThanOrEqual(MESH_LINKS_MAX + 8)
    const links = nodes.map(({ linked }) => linked.size)
    expect(links.reduce((a, b) => a + b) / nodes.length).toBeLessThan(20)
    // Once settled, they are in their room, and a few in one that they keep.
    expect(nodes.filter(({ rooms }) => rooms.size > 2).length).toBeLessThan(PEERS / 20)
    const entries = nodes.map((node) => node.entries)
    expect(entries.reduce((a, b) => a + b) / nodes.length).toBeLessThan(20)
  })

  it('find each other again when most have gone', () => {
    for (const node of nodes) if (nodes.indexOf(node) % 30 !== 0) world.goes(node)
    world.runs(4 * MEETING_LONELY_MS + MEETING_SPREAD_MS)
    for (const node of world.nodes.values()) expect(node.linked.size).toBeGreaterThan(0)
    const homes = new Set([...world.nodes.values()].map(({ meeting }) => meeting.home))
    expect(homes.size).toBeLessThanOrEqual(4)
  })
})

describe('the application', () => {
  it('goes first: where it wants more links than there may be, those of the mesh go, the nearest last', () => {
    const world = new MeetingWorld(5, 0)
    const one = world.arrives()
    for (let i = 0; i < 12; i++) world.arrives()
    world.runs(30_000)
    const ours = [...one.linked.keys()]
    for (let i = 0; i < MESH_LINKS_MAX; i++) {
      const friend = world.arrives()
      one.met.add(friend)
      world.links(one, friend)
    }
    world.runs(120_000)
    expect([...one.met].every((friend) => one.linked.has(friend))).toBe(true)
    const left = ours.filter((other) => one.linked.has(other))
    expect(left.length).toBeLessThan(ours.length)
    expect(left.length).toBeLessThanOrEqual(MEETING_NEAREST)
  })

  it('keeps a link that the mesh has no use for', () => {
    const world = new MeetingWorld(6, 0)
    const [one, other] = [world.arrives(), world.arrives()] as [Node, Node]
    world.runs(10_000)
    one.met.add(other)
    world.gives(one, { kind: 'spare', peer: other.name })
    expect(one.linked.has(other)).toBe(true)
    world.gives(other, { kind: 'spare', peer: one.name })
    expect(one.linked.has(other)).toBe(false)
    world.runs(60_000)
    expect(one.linked.has(other)).toBe(false)
  })
})

describe('an edge that does not let us in', () => {
  it('is asked again after a while, and where it is only full, one step deeper at once', () => {
    const world = new MeetingWorld(7)
    const one = world.arrives(placed(0))
    world.gives(one, { kind: 'ended', room: '', isFull: true })
    expect([...one.rooms.keys()]).toContain('0')
    world.runs(1_000)
    expect(one.meeting.home).toBe('0')
    world.gives(one, { kind: 'ended', room: '0', isFull: false })
    expect(one.meeting.home).toBeUndefined()
    world.runs(60_000)
    expect(one.meeting.home).toBe('')
  })
})

function placeOf(bits: string): Uint8Array {
  const place = new Uint8Array(32)
  for (let at = 0; at < bits.length; at++)
    if (bits[at] === '1') place[at >>> 3] = (place[at >>> 3] as number) | (0x80 >>> (at & 7))
  return place
}
