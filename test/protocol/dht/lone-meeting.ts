// One meeting machine, told by hand what a room would tell it.

import { expect } from 'vitest'
import type { Bits, MeetingEffect, MeetingInput } from '../../../protocol/dht/meeting/contract.ts'
import { Meeting } from '../../../protocol/dht/meeting/machine.ts'
import { MEETING_KEEPERS } from '../../../protocol/limits/meeting.ts'

export const placed = (...first: readonly number[]) => {
  const place = new Uint8Array(32)
  place.set(first)
  return place
}

/** One of that place, which chooses the first of what there is, and has begun. */
export class Alone {
  readonly meeting: Meeting
  random = 0
  connections = 0
  readonly met = new Set<string>()
  nowMs = 0

  constructor(self: Uint8Array) {
    const connections = () => this.connections
    const isMet = (peer: string) => this.met.has(peer)
    this.meeting = new Meeting({ self, random: () => this.random, connections, isMet })
    this.tell({ kind: 'begin' })
  }

  tell(input: MeetingInput): readonly MeetingEffect[] {
    return this.meeting.receive(input, this.nowMs)
  }

  wakes(afterMs: number): readonly MeetingEffect[] {
    this.nowMs += afterMs
    return this.tell({ kind: 'wake' })
  }

  /** Into a room of so many others, of whom so many keep it; and what it did when it was in. */
  comesInto(room: Bits, others = 0, keepers = 0, nodeOf = (i: number) => placed(0, 0, i + 1)) {
    this.nowMs++
    const before = Array.from({ length: others }, (_, i) => {
      const member = { peer: `peer ${i}`, node: nodeOf(i), isKeeper: i < keepers }
      return this.tell({ kind: 'seen', room, member })
    })
    this.nowMs++
    return [...before.flat(), ...this.tell({ kind: 'entered', room })]
  }

  /** Through rooms that are all split, to one in which so many live. */
  livesIn(home: Bits, others: number): void {
    for (let bits = ''; bits.length < home.length; bits += '0')
      this.comesInto(bits, MEETING_KEEPERS, MEETING_KEEPERS)
    this.comesInto(home, others)
    expect(this.meeting.home).toBe(home)
  }
}

/** In the room of all, with so many others of whom so many keep it; and what it did when it came in. */
export function among(self: number | readonly number[], others: number, keepers = 0, connections = 0) {
  const one = new Alone(placed(...[self].flat()))
  one.connections = connections
  return { one, came: one.comesInto('', others, keepers, (i) => placed(0x80, i)) }
}

export const asked = (effects: readonly MeetingEffect[]) =>
  effects.filter(({ kind }) => kind === 'connect').length
export const names = (effects: readonly MeetingEffect[]) =>
  effects.flatMap((effect) => (effect.kind === 'connect' ? [effect.peer] : []))
export const moved = (effects: readonly MeetingEffect[]) =>
  effects.filter(({ kind }) => !/connect|letGo/.test(kind))
export const enter = (room: Bits) => ({ kind: 'enter', room, isKeeper: false })
export const leave = (room: Bits) => ({ kind: 'leave', room })
export const say = (room: Bits, isKeeper: boolean) => ({ kind: 'say', room, isKeeper })
