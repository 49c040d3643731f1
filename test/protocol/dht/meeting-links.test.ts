// With whom one meeting machine makes links, and whom it lets go.

import { describe, expect, it } from 'vitest'
import { MESH_LINKS_MAX, MESH_LINKS_TAKEN_MAX } from '../../../protocol/limits/direct.ts'
import {
  MEETING_AVOIDED_MAX,
  MEETING_AVOIDED_MS,
  MEETING_CONNECT_MS,
  MEETING_CONNECTING_MAX,
  MEETING_KEEPERS,
  MEETING_MEMBERS_MAX,
  MEETING_NEAREST,
  MEETING_NEWCOMER_MS,
} from '../../../protocol/limits/meeting.ts'
import { Alone, among, asked, enter, moved, names, placed, say } from './lone-meeting.ts'

describe('with whom it makes links', () => {
  it('nobody, where there are as many connections as there may be', () => {
    expect(asked(among(0, 3, 0, MESH_LINKS_MAX - 1).came)).toBeGreaterThan(0)
    expect(asked(among(0, 3, 0, MESH_LINKS_MAX).came)).toBe(0)
  })

  it('the next nearest, where with one of the nearest none came about', () => {
    const { one, came } = among(0, MEETING_CONNECTING_MAX + 1)
    expect(asked(came)).toBe(MEETING_CONNECTING_MAX)
    const last = { kind: 'connect', room: '', peer: `peer ${MEETING_CONNECTING_MAX}` }
    one.random = 0.9
    expect(asked(one.tell({ kind: 'wanted', buckets: [0] }))).toBe(0)
    expect(one.wakes(MEETING_CONNECT_MS)).toContainEqual(last)
  })

  it('nobody before it is in, and its four nearest alone: of those who come later such as have not asked', () => {
    const one = new Alone(placed(0))
    const came = one.comesInto('', MEETING_NEAREST + 1, 0, (i) => placed(0x80, 9 - i))
    expect(names(came)).toEqual(['peer 4', 'peer 3', 'peer 2', 'peer 1'])
    for (const peer of names(came)) expect(one.tell({ kind: 'linked', peer, node: placed(0x80) })).toEqual([])
    expect(names(one.tell({ kind: 'unlinked', peer: 'peer 4' }))).toEqual(['peer 4'])
    const nearer = { peer: 'nearer', node: placed(0x80, 1), isKeeper: false }
    one.nowMs++
    one.tell({ kind: 'seen', room: '', member: nearer })
    one.nowMs += MEETING_NEWCOMER_MS - 1
    expect(one.tell({ kind: 'seen', room: '', member: nearer })).toEqual([])
    expect(names(one.wakes(1))).toEqual(['nearer'])
  })

  it('of those who live there, and of no more members than are looked at', () => {
    const askedBehind = (visitors: number) => {
      const one = new Alone(placed(0))
      one.comesInto('', MEETING_KEEPERS, MEETING_KEEPERS)
      return asked(
        one.comesInto('0', visitors + 1, 0, (i) => (i < visitors ? placed(0x80, i) : placed(0, 0, 1))),
      )
    }
    expect([3, MEETING_MEMBERS_MAX - 1, MEETING_MEMBERS_MAX].map(askedBehind)).toEqual([1, 1, 0])
    // What those say who are looked at is still heard.
    const one = new Alone(placed(0))
    one.comesInto('', MEETING_KEEPERS, MEETING_KEEPERS)
    one.comesInto('0', MEETING_MEMBERS_MAX, 0, (i) => (i > 0 ? placed(0x80, i) : placed(0, 0, 1)))
    const keeper = { peer: 'peer 0', node: placed(0, 0, 1), isKeeper: true }
    one.nowMs++
    expect(moved(one.tell({ kind: 'seen', room: '0', member: keeper }))).toEqual([
      say('0', true),
      enter('00'),
    ])
  })

  it('nobody of those, many as they are, who were of no use lately', () => {
    const { one } = among(0, 1)
    one.tell({ kind: 'spare', peer: 'peer 0' })
    for (let n = 1; n < MEETING_AVOIDED_MAX; n++)
      expect(asked(one.tell({ kind: 'spare', peer: `other ${n}` }))).toBe(0)
    expect(asked(one.tell({ kind: 'spare', peer: 'one too many' }))).toBe(1)
  })

  it('and lets one of the fullest bucket go where there are too many, but none of its nearest, nor one that is met', () => {
    const one = new Alone(placed(0))
    const far = { 'alone there': 0x40, 'one of two': 0x80, 'the other': 0x81 }
    for (const [peer, first] of Object.entries(far)) one.tell({ kind: 'linked', peer, node: placed(first) })
    for (let i = 0; i < MEETING_NEAREST; i++)
      one.tell({ kind: 'linked', peer: `near ${i}`, node: placed(0, 0, i + 1) })
    one.connections = MESH_LINKS_TAKEN_MAX
    expect(one.wakes(1)).toEqual([])
    one.connections++
    for (const peer of ['one of two', 'the other', 'alone there']) {
      expect(one.wakes(1)).toEqual([{ kind: 'letGo', peer }])
      one.met.add(peer)
    }
    expect(one.wakes(1)).toEqual([])
  })

  it('somebody with whom no link came about is not asked for a bucket, either, for a while', () => {
    const { one, came } = among(0, 1)
    expect(asked(came)).toBe(1)
    expect(one.wakes(MEETING_CONNECT_MS - 1)).toEqual([])
    expect(one.wakes(1)).toEqual([{ kind: 'letGo', peer: 'peer 0' }])
    expect(asked(one.tell({ kind: 'wanted', buckets: [0] }))).toBe(0)
    one.nowMs += MEETING_AVOIDED_MS
    expect(asked(one.tell({ kind: 'wanted', buckets: [0] }))).toBe(1)
  })
})

describe('where there are as many connections as there may be', () => {
  /** Its nearest, one whom it asked, and those who came to it. */
  function full() {
    const { one } = among(0, 1)
    const links = (peer: string, node: Uint8Array) => {
      one.connections++
      const effects = one.tell({ kind: 'linked', peer, node })
      for (const effect of effects)
        if (effect.kind === 'letGo') {
          one.connections--
          one.tell({ kind: 'unlinked', peer: effect.peer })
        }
      return effects
    }
    for (let i = 0; i < MEETING_NEAREST; i++) links(`near ${i}`, placed(0, i + 1))
    links('peer 0', placed(0x80, 0)) // Whom it asked.
    while (one.connections < MESH_LINKS_MAX) links(`came ${one.connections}`, placed(0x80, one.connections))
    return { one, links }
  }

  it('whoever comes is taken, and of those who came before one goes', () => {
    const { links } = full()
    expect(links('newcomer', placed(0x40))).toEqual([{ kind: 'letGo', peer: 'came 5' }])
    const gone = Array.from({ length: 100 }, (_, i) => links(`flood ${i}`, placed(0x80, i))).flat()
    const left = gone.map((effect) => (effect.kind === 'letGo' ? effect.peer : ''))
    expect(left).toHaveLength(100)
    expect(left.filter((peer) => /^near|^peer 0|^newcomer/.test(peer))).toEqual([])
  })

  it('attempts alone put nobody out, up to a few', () => {
    const { one } = full()
    for (; one.connections < MESH_LINKS_TAKEN_MAX; one.connections++) expect(one.wakes(1)).toEqual([])
    expect(one.wakes(1)).toEqual([])
    one.connections++
    expect(one.wakes(1)).toMatchObject([{ kind: 'letGo' }])
  })
})
