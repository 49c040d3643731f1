// The picture of a network: one of all registries, each peer and link once, and never more than was asked for.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TOPOLOGY_LINKS_MAX } from '../../../protocol/limits/network.ts'
import { idAt, unpackLink } from '../../../protocol/network/summary.ts'
import { mergeTopologies, sampleTopology, type TopologyPart } from '../../../protocol/network/topology.ts'
import { idOf, summaryOf, type TestLink } from './summaries.ts'

const hex = (id: Uint8Array) => Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('')
const idsIn = ({ ids, peerRooms }: TopologyPart) => peerRooms.map((_, at) => hex(idAt(ids, at)))
function linksIn(part: TopologyPart): string[] {
  const ids = idsIn(part)
  return Array.from({ length: part.links.length / 3 }, (_, at) => {
    const [a = 0, b = 0, packed = 0] = part.links.subarray(3 * at, 3 * at + 3)
    const { path, oneSided } = unpackLink(packed)
    return `${[ids[a], ids[b]].sort().join(' ')} ${path}${oneSided ? ' one-sided' : ''}`
  })
}
const linkOf = (a: number, b: number, how: string) =>
  `${[hex(idOf(a)), hex(idOf(b))].sort().join(' ')} ${how}`

describe('a picture', () => {
  it('has each peer once with all its rooms, and each link once, the better founded statement of two', () => {
    const one = sampleTopology(
      [
        summaryOf({ room: 'a', members: [1, 2], links: [[0, 1, { oneSided: true }]] }),
        summaryOf({
          room: 'b',
          members: [2, 1, 3],
          links: [
            [0, 1, { path: 'relay' }],
            [1, 2],
          ],
        }),
      ],
      10,
    )
    const other = sampleTopology([summaryOf({ room: 'c', members: [3, 1] })], 10)
    const all = mergeTopologies([one, other], 10)
    expect(idsIn(all).sort()).toEqual([1, 2, 3].map((number) => hex(idOf(number))).sort())
    expect(all.rooms.map(({ name, members }) => [name, members])).toEqual([
      ['a', 2],
      ['b', 3],
      ['c', 2],
    ])
    expect(all.peerRooms[idsIn(all).indexOf(hex(idOf(1)))]).toEqual([0, 1, 2])
    expect(linksIn(all).sort()).toEqual([linkOf(1, 2, 'relay'), linkOf(1, 3, 'direct')].sort())
    expect(all.truncated).toBe(false)
  })

  it('shows no more peers than asked for, the same ones however they are spread, and no link to one it does not show', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (members, limit, parts) => {
          const links: TestLink[] = members.slice(1).map((_, at) => [at, at + 1])
          const whole = sampleTopology([summaryOf({ members, links })], limit)
          const rooms = Array.from({ length: parts }, (_, part) =>
            summaryOf({ room: `${part}`, members: members.filter((_, at) => at % parts === part) }),
          )
          const merged = mergeTopologies(
            rooms.map((room) => sampleTopology([room], limit)),
            limit,
          )
          expect(idsIn(whole)).toHaveLength(Math.min(limit, members.length))
          expect(idsIn(merged).sort()).toEqual(idsIn(whole).sort())
          expect([whole.truncated, merged.truncated]).toEqual(Array(2).fill(members.length > limit))
          for (const end of whole.links.filter((_, at) => at % 3 !== 2)) expect(end).toBeLessThan(limit)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('shows no more links than its bound', () => {
    const members = Array.from({ length: 300 }, (_, number) => number)
    const links: TestLink[] = members.flatMap((a) =>
      members.filter((b) => b > a).map((b): TestLink => [a, b]),
    )
    const picture = sampleTopology([summaryOf({ members, links })], 2_000)
    expect(links.length).toBeGreaterThan(TOPOLOGY_LINKS_MAX)
    expect(picture.links.length / 3).toBe(TOPOLOGY_LINKS_MAX)
    expect(picture.truncated).toBe(true)
  })

  it('says where most members of a room are from, of those of whom it is known', () => {
    const { rooms } = sampleTopology(
      [
        summaryOf({ members: [1, 2, 3, 4, 5, 6], regions: [0, 0, 0, 4, 4, 1] }),
        summaryOf({ room: 'x', members: [7] }),
      ],
      10,
    )
    expect(rooms.map(({ region }) => region)).toEqual(['weur', 'unknown'])
  })
})
