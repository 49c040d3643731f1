// What a client adds to what its application announces: where there is room, and nothing of the application's is lost for it.

import { describe, expect, it } from 'vitest'
import { announcementOf } from '../../client/dht/own-announcement.ts'
import { ownEdges } from '../../client/edges/own-edges.ts'
import { tryDecodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { DHT_ANNOUNCEMENT_BYTES_MAX } from '../../protocol/limits/dht.ts'

const SAID = { addresses: [], capabilities: [], rooms: [], mailbox: false, region: '' }
const OURS = { node: { era: 2_976, stamp: Uint8Array.of(1, 2, 3, 4) }, edges: ['https://a.example/'] }

/** With so many bytes left beside what the application says. */
function leaving(bytes: number) {
  const long = 'x'.repeat(200)
  const addresses = Array.from({ length: 8 }, () => long)
  const rooms = Array.from({ length: 8 }, () => '')
  const size = () => announcementOf({ ...SAID, addresses, rooms: rooms.filter(Boolean) }).length
  for (let at = 0; DHT_ANNOUNCEMENT_BYTES_MAX - size() > bytes && at < rooms.length; at++)
    rooms[at] = 'r'.repeat(Math.max(1, Math.min(60, DHT_ANNOUNCEMENT_BYTES_MAX - size() - bytes - 3)))
  return { ...SAID, addresses, rooms: rooms.filter(Boolean) }
}

describe('an announcement of ours', () => {
  it('says where our node and our edges are, as far as there is room', () => {
    expect(tryDecodeAnnouncement(announcementOf(SAID, OURS))).toEqual({ ...SAID, ...OURS })
    for (const [room, parts] of [
      [200, ['edges', 'node']],
      [70, ['node']],
      [40, ['edges']],
      [10, []],
    ] as const) {
      const said = leaving(room)
      const read = tryDecodeAnnouncement(announcementOf(said, OURS))
      expect(read, String(room)).toMatchObject(said)
      expect(
        Object.keys(read ?? {})
          .filter((key) => !(key in SAID))
          .sort(),
        String(room),
      ).toEqual(parts)
    }
  })
})

describe('edges that are told of', () => {
  it('are those that the application named and the one in use, which others can reach by their origin', () => {
    const of = (name: string, more = {}) => ({
      url: `https://${name}/`,
      state: 'untried' as const,
      inUse: false,
      learnt: false,
      ...more,
    })
    const base = new URL('https://used/')
    const edges = [
      of('named'),
      of('rumour', { learnt: true }),
      of('used', { learnt: true, inUse: true }),
      of('x/below'),
    ]
    expect(ownEdges({ base, edges })).toEqual(['https://used/', 'https://named/'])
    expect(ownEdges({ base, edges: undefined })).toEqual(['https://used/'])
    expect(ownEdges({ base: new URL('https://used/below/'), edges: undefined })).toEqual([])
  })
})
