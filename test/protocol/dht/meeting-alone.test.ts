// One meeting machine, told by hand what a room would tell it: what it decides where a world of many hides it.

import { describe, expect, it } from 'vitest'
import type { MeetingEffect, MeetingInput } from '../../../protocol/dht/meeting/contract.ts'
import { Meeting } from '../../../protocol/dht/meeting/machine.ts'
import { MESH_LINKS_MAX, MESH_LINKS_TAKEN_MAX } from '../../../protocol/limits/direct.ts'
import {
  MEETING_AVOIDED_MS,
  MEETING_CONNECT_MS,
  MEETING_KEEPERS,
  MEETING_NEAREST,
  MEETING_RESIDENTS_MAX,
} from '../../../protocol/limits/meeting.ts'

const placed = (first: number, second = 0) => {
  const place = new Uint8Array(32)
  place.set([first, second])
  return place
}

/** In the room of all, with so many others of whom so many keep it; and what it did when it came in. */
function among(first: number, others: number, keepers = 0, connections: number | (() => number) = 0) {
  const meeting = new Meeting({
    self: placed(first),
    random: () => 0,
    connections: typeof connections === 'number' ? () => connections : connections,
    isMet: () => false,
  })
  const tell = (input: MeetingInput, nowMs: number) => meeting.receive(input, nowMs)
  tell({ kind: 'begin' }, 0)
  for (let i = 0; i < others; i++) {
    const member = { peer: `peer ${i}`, node: placed(0x80, i), isKeeper: i < keepers }
    tell({ kind: 'seen', room: '', member }, 1)
  }
  return { tell, came: tell({ kind: 'entered', room: '' }, 2) }
}

const asked = (effects: readonly MeetingEffect[]) => effects.filter(({ kind }) => kind === 'connect').length
const moved = (effects: readonly MeetingEffect[]) => effects.filter(({ kind }) => kind !== 'connect')

const KEEPS = { kind: 'say', room: '', isKeeper: true }
const DEEPER = { kind: 'enter', room: '0', isKeeper: false }

it('somebody with whom no link came about is not asked for a bucket, either, for a while', () => {
  const { tell, came } = among(0, 1)
  expect(asked(came)).toBe(1)
  const overdueMs = 2 + MEETING_CONNECT_MS
  expect(asked(tell({ kind: 'wake' }, overdueMs))).toBe(0)
  expect(asked(tell({ kind: 'wanted', buckets: [0] }, overdueMs + 1))).toBe(0)
  expect(asked(tell({ kind: 'wanted', buckets: [0] }, overdueMs + MEETING_AVOIDED_MS))).toBe(1)
})

it('a room of too many is split by the first few of them, who keep it', () => {
  expect(moved(among(0, MEETING_RESIDENTS_MAX - 1).came)).toEqual([])
  expect(moved(among(0, MEETING_RESIDENTS_MAX).came)).toEqual([KEEPS, DEEPER])
  expect(moved(among(0xff, MEETING_RESIDENTS_MAX).came)).toEqual([])
})

it('whoever comes into a room that is split goes on, and keeps it where too few do', () => {
  expect(moved(among(0, MEETING_KEEPERS - 1, MEETING_KEEPERS - 1).came)).toEqual([KEEPS, DEEPER])
  expect(moved(among(0, MEETING_KEEPERS, MEETING_KEEPERS).came)).toEqual([
    { kind: 'leave', room: '' },
    DEEPER,
  ])
})

it('nobody is asked where there are as many connections as there may be', () => {
  expect(asked(among(0, 3, 0, MESH_LINKS_MAX - 1).came)).toBeGreaterThan(0)
  expect(asked(among(0, 3, 0, MESH_LINKS_MAX).came)).toBe(0)
})

describe('where there are as many connections as there may be', () => {
  const full = () => {
    let connections = 0
    const { tell } = among(0, 1, 0, () => connections)
    const links = (peer: string, node: Uint8Array) => {
      connections++
      const effects = tell({ kind: 'linked', peer, node }, 3)
      for (const effect of effects)
        if (effect.kind === 'letGo') {
          connections--
          tell({ kind: 'unlinked', peer: effect.peer }, 3)
        }
      return effects
    }
    for (let i = 0; i < MEETING_NEAREST; i++) links(`near ${i}`, placed(0, i + 1))
    links('peer 0', placed(0x80, 0)) // Whom we asked.
    while (connections < MESH_LINKS_MAX) links(`came ${connections}`, placed(0x80, connections))
    return { tell, links, attempts: () => connections++ }
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
    const { tell, attempts } = full()
    while (attempts() < MESH_LINKS_TAKEN_MAX - 1) expect(tell({ kind: 'wake' }, 4)).toEqual([])
    expect(tell({ kind: 'wake' }, 4)).toEqual([])
    attempts()
    expect(tell({ kind: 'wake' }, 4)).toMatchObject([{ kind: 'letGo' }])
  })
})
