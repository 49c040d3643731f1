// What one meeting machine decides where a world of many hides it: where it lives, what it keeps, and what it looks for.

import { describe, expect, it } from 'vitest'
import type { Bits } from '../../../protocol/dht/meeting/contract.ts'
import { Meeting } from '../../../protocol/dht/meeting/machine.ts'
import { MESH_LINKS_MAX } from '../../../protocol/limits/direct.ts'
import {
  MEETING_BITS_MAX,
  MEETING_BUSY_MS,
  MEETING_CONNECT_MS,
  MEETING_CONNECTING_MAX,
  MEETING_IDLE_MS,
  MEETING_KEEPERS,
  MEETING_LONELY_MS,
  MEETING_NEWCOMER_MS,
  MEETING_OTHERS_LEAST,
  MEETING_RESIDENTS_MAX,
  MEETING_RETRY_MS,
  MEETING_RETURNED_MS,
  MEETING_SPREAD_MS,
} from '../../../protocol/limits/meeting.ts'
import { Alone, among, enter, leave, moved, names, placed, say } from './lone-meeting.ts'

describe('where it lives', () => {
  it('a room of too many is split by the first few of them, who keep it', () => {
    expect(moved(among(0, MEETING_RESIDENTS_MAX - 1).came)).toEqual([])
    expect(moved(among(0, MEETING_RESIDENTS_MAX).came)).toEqual([say('', true), enter('0')])
    const between = (before: number) => moved(among([0x80, before - 1, 1], MEETING_RESIDENTS_MAX).came)
    expect([between(MEETING_KEEPERS - 1).length, between(MEETING_KEEPERS).length]).toEqual([2, 0])
  })

  it('whoever comes into a room that is split goes on, and keeps it where too few do', () => {
    expect(moved(among(0, MEETING_KEEPERS - 1, MEETING_KEEPERS - 1).came)).toEqual([
      say('', true),
      enter('0'),
    ])
    const one = new Alone(placed(0))
    one.random = 0.9
    expect(moved(one.comesInto('', MEETING_KEEPERS, MEETING_KEEPERS))).toEqual([leave(''), enter('0')])
  })

  it('those who live where it is split follow at a moment of their own, unless those who keep it have gone', () => {
    const one = new Alone(placed(0))
    one.comesInto('', MEETING_OTHERS_LEAST)
    one.random = 0.5
    const keeper = (room: Bits) => {
      const member = { peer: 'keeper', node: placed(0, 0, 99), isKeeper: true }
      one.nowMs++
      return moved(one.tell({ kind: 'seen', room, member }))
    }
    expect(keeper('')).toEqual([])
    one.tell({ kind: 'gone', room: '', peer: 'keeper' })
    expect(moved(one.wakes(MEETING_SPREAD_MS))).toEqual([])
    for (const room of ['', '0']) {
      expect(keeper(room)).toEqual([])
      expect(moved(one.wakes(MEETING_SPREAD_MS / 2 - 1))).toEqual([])
      expect(moved(one.wakes(1))[1]).toEqual(enter(`${room}0`))
      one.comesInto(`${room}0`, MEETING_OTHERS_LEAST)
    }
  })

  it('keeps one room alone, and another when it was thrown out of that', () => {
    const { one } = among(0, 1, 1)
    expect(moved(one.comesInto('0', 1, 1))).toEqual([leave('0'), enter('00')])
    one.tell({ kind: 'ended', room: '', isFull: false })
    expect(moved(one.comesInto('00', 1, 1))).toEqual([say('00', true), enter('000')])
  })

  it('goes no deeper than a name has bits, whoever keeps that room and however full it is', () => {
    const one = new Alone(placed(0))
    one.livesIn('0'.repeat(MEETING_BITS_MAX), MEETING_OTHERS_LEAST)
    const keeper = { peer: 'keeper', node: placed(0, 0, 99), isKeeper: true }
    const room = one.meeting.home as Bits
    expect(moved(one.tell({ kind: 'seen', room, member: keeper }))).toEqual([])
    expect(moved(one.tell({ kind: 'ended', room, isFull: true }))).toEqual([])
    expect(moved(one.wakes(MEETING_RETRY_MS - 1))).toEqual([])
    expect(moved(one.wakes(1))).toEqual([enter('')])
  })

  it('goes back up when it was lonely for long, and does not go deeper again at once', () => {
    const one = new Alone(placed(0))
    one.livesIn('00', MEETING_OTHERS_LEAST - 1)
    for (const home of ['00', '0']) {
      expect(moved(one.wakes(MEETING_LONELY_MS - 1))).toEqual([])
      expect(moved(one.wakes(1))).toEqual([leave(home), enter(home.slice(1))])
      one.tell({ kind: 'entered', room: home.slice(1) })
    }
    one.comesInto('', MEETING_KEEPERS, MEETING_KEEPERS)
    expect(moved(one.wakes(MEETING_RETURNED_MS - 3))).toEqual([])
    expect(moved(one.wakes(1))).toEqual([leave(''), enter('0')])
  })

  it('is lonely from when it was last with enough others on', () => {
    const one = new Alone(placed(0))
    one.livesIn('0', MEETING_OTHERS_LEAST)
    one.nowMs += MEETING_LONELY_MS
    one.tell({ kind: 'gone', room: '0', peer: 'peer 0' })
    expect(moved(one.wakes(MEETING_LONELY_MS - 1))).toEqual([])
    const back = { peer: 'peer 0', node: placed(0, 0, 1), isKeeper: false }
    one.tell({ kind: 'seen', room: '0', member: back })
    one.tell({ kind: 'gone', room: '0', peer: 'peer 0' })
    expect(moved(one.wakes(MEETING_LONELY_MS - 1))).toEqual([])
    expect(moved(one.wakes(1))).toEqual([leave('0'), enter('')])
  })

  it('lives again in the room that it keeps, and keeps it no more, when it was lonely below or was thrown out', () => {
    const { one: lonely } = among(0, 1, 1)
    lonely.comesInto('0')
    expect(moved(lonely.wakes(MEETING_LONELY_MS))).toEqual([leave('0'), say('', false)])
    const { one: thrown } = among(0, 1, 1)
    thrown.comesInto('0', MEETING_OTHERS_LEAST)
    thrown.tell({ kind: 'ended', room: '0', isFull: false })
    expect(moved(thrown.wakes(MEETING_RETRY_MS))).toEqual([say('', false)])
    expect(thrown.meeting.home).toBe('')
    expect(moved(thrown.tell({ kind: 'ended', room: '', isFull: false }))).toEqual([])
    expect(thrown.meeting.home).toBe(undefined)
  })

  it('hears nothing of rooms in which it is no more', () => {
    const one = new Alone(placed(0))
    one.livesIn('0', MEETING_OTHERS_LEAST)
    for (const isFull of [true, false]) one.tell({ kind: 'ended', room: '', isFull })
    expect(one.meeting.home).toBe('0')
  })
})

describe('when it looks at all again', () => {
  it('is not at all before it begins, soon while something is under way, and seldom where nothing is', () => {
    expect(
      new Meeting({ self: placed(0), random: () => 0, connections: () => 0, isMet: () => false }).wakeAtMs,
    ).toBe(undefined)
    const one = new Alone(placed(0))
    one.livesIn('000', MEETING_OTHERS_LEAST)
    const isBusy = (isIt: boolean) =>
      expect(one.meeting.wakeAtMs).toBe(one.nowMs + (isIt ? MEETING_BUSY_MS : MEETING_IDLE_MS))
    isBusy(true)
    for (let i = 0; i < MEETING_OTHERS_LEAST; i++)
      one.tell({ kind: 'linked', peer: `peer ${i}`, node: placed(0, 0, i + 1) })
    isBusy(true) // They came but now.
    one.wakes(MEETING_NEWCOMER_MS)
    isBusy(false)
    one.tell({ kind: 'seen', room: '000', member: { peer: 'late', node: placed(0x10), isKeeper: false } })
    isBusy(true)
    one.tell({ kind: 'gone', room: '000', peer: 'late' })
    one.wakes(MEETING_NEWCOMER_MS)
    isBusy(false)
    one.tell({ kind: 'wanted', buckets: [0] })
    isBusy(true)
    one.tell({ kind: 'ended', room: '100', isFull: false })
    isBusy(false)
    one.random = 0.9
    one.tell({ kind: 'seen', room: '000', member: { peer: 'peer 0', node: placed(0, 0, 1), isKeeper: true } })
    one.wakes(MEETING_NEWCOMER_MS)
    isBusy(true)
    one.tell({ kind: 'gone', room: '000', peer: 'peer 0' })
    isBusy(false)
    one.tell({ kind: 'unlinked', peer: 'peer 1' })
    isBusy(true)
  })
})

describe('a bucket in which nobody is', () => {
  const WANTED = { kind: 'wanted', buckets: [0] } as const
  const OTHER = (peer: string) => ({ peer, node: placed(0x80), isKeeper: false })

  /** In a neighbourhood, with those who live there. */
  function settled(home: Bits = '000'): Alone {
    const one = new Alone(placed(0))
    one.livesIn(home, MEETING_OTHERS_LEAST)
    for (let i = 0; i < MEETING_OTHERS_LEAST; i++)
      one.tell({ kind: 'linked', peer: `peer ${i}`, node: placed(0, 0, i + 1) })
    return one
  }

  it('is looked for in a room of our own depth, then in larger ones, one at a time', () => {
    const one = settled('00000')
    expect(one.tell({ kind: 'wanted', buckets: [1] })).toEqual([enter('01000')])
    expect(one.tell(WANTED)).toEqual([])
    expect(one.comesInto('01000')).toEqual([leave('01000'), enter('010')])
    expect(one.comesInto('010')).toEqual([leave('010'), enter('01')])
    expect(one.comesInto('01')).toEqual([leave('01'), enter('10000')])
  })

  it('is looked for when we live somewhere', () => {
    const one = new Alone(placed(0))
    one.tell({ kind: 'seen', room: '', member: OTHER('far') })
    expect(one.tell(WANTED)).toEqual([])
    expect(names(one.tell({ kind: 'entered', room: '' }))).toEqual(['far'])
  })

  it('is looked for among those we live with, where it is as deep as our neighbourhood', () => {
    const one = settled()
    expect(one.tell({ kind: 'wanted', buckets: [3] })).toEqual([])
    const late = { peer: 'late', node: placed(0x10), isKeeper: false }
    expect(one.tell({ kind: 'seen', room: '000', member: late })).toEqual([])
    expect(one.tell({ kind: 'wanted', buckets: [3] })).toEqual([
      { kind: 'connect', room: '000', peer: 'late' },
    ])
  })

  it('is looked for anew when it is wanted anew, though a look was cut short', () => {
    const one = settled()
    one.tell(WANTED)
    expect(one.tell({ kind: 'ended', room: '100', isFull: true })).toEqual([])
    expect(one.tell(WANTED)).toEqual([enter('100')])
  })

  it('is looked for no further when somebody of it was asked, or there is a link', () => {
    const one = settled()
    one.tell(WANTED)
    for (const peer of ['far', 'farther']) one.tell({ kind: 'seen', room: '100', member: OTHER(peer) })
    one.random = 0.9
    expect(one.comesInto('100')).toEqual([{ kind: 'connect', room: '100', peer: 'farther' }])
    expect(one.wakes(1)).toEqual([])
    expect(names(one.wakes(MEETING_CONNECT_MS))).toEqual(['far'])
    expect(one.wakes(MEETING_CONNECT_MS)).toEqual([{ kind: 'letGo', peer: 'far' }, leave('100')])
    one.random = 0
    one.tell(WANTED)
    expect(one.tell({ kind: 'linked', peer: 'friend', node: placed(0x80) })).toEqual([])
    expect(one.comesInto('100')).toEqual([leave('100')])
    expect(one.tell(WANTED)).toEqual([])
  })

  it('is looked for further when it is its turn', () => {
    const one = new Alone(placed(0))
    one.livesIn('000', MEETING_CONNECTING_MAX)
    one.tell(WANTED)
    expect(one.comesInto('100')).toEqual([])
    expect(one.tell({ kind: 'linked', peer: 'peer 0', node: placed(0, 0, 1) })).toEqual([
      leave('100'),
      enter('10'),
    ])
  })

  it('is not looked for where there is no place for a link', () => {
    const one = settled()
    one.connections = MESH_LINKS_MAX
    expect(one.tell(WANTED)).toEqual([])
    one.connections--
    expect(one.wakes(1)).toEqual([enter('100')])
    one.connections++
    one.tell({ kind: 'seen', room: '100', member: OTHER('far') })
    expect(one.comesInto('100')).toEqual([leave('100')])
  })
})
