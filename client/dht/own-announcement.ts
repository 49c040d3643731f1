// What a client announces of itself: what the application says, and, where there is room for it, where its node and its edges are.

import { type Announcement, encodeAnnouncement } from '../../protocol/dht/records/announcement.ts'
import { DHT_ANNOUNCEMENT_BYTES_MAX } from '../../protocol/limits/dht.ts'
import { utf8 } from '../../protocol/wire/bytes.ts'

/** Of a node's claim, as JSON. */
const NODE_TOLD_BYTES = 64

export type Ours = Pick<Announcement, 'node' | 'edges'>

/** Throws a RangeError for what the application may not say. */
export function announcementOf(
  said: Omit<Announcement, keyof Ours>,
  { node, edges = [] }: Ours = {},
): Uint8Array<ArrayBuffer> {
  const bytes = encodeAnnouncement(said)
  // What the application says goes before what we have to add.
  let room = DHT_ANNOUNCEMENT_BYTES_MAX - bytes.length
  const fits = (bytesMore: number) => {
    if (bytesMore > room) return false
    room -= bytesMore
    return true
  }
  const ours: { node?: Announcement['node']; edges?: Announcement['edges'] } = {}
  if (node !== undefined && fits(NODE_TOLD_BYTES)) ours.node = node
  if (edges.length > 0 && fits(utf8(JSON.stringify({ edges })).length)) ours.edges = edges
  return encodeAnnouncement({ ...said, ...ours })
}
