// How two peers get a direct connection, keep it, and give up: protocol/negotiation/README.md, one situation each.

import { describe, expect, it } from 'vitest'
import {
  ATTEMPT_RETRY_MS,
  ATTEMPT_TIMEOUT_MS,
  RESTART_TIMEOUT_MS,
  SIGNAL_RESEND_MS,
} from '../../../protocol/limits/direct.ts'
import { seeded } from '../link/world.ts'
import { Pair } from './pair.ts'

function open(): Pair {
  const pair = new Pair(seeded(1))
  pair.connects(pair.other)
  pair.after(2_000)
  expect(pair.bothOpen).toBe(true)
  return pair
}

describe('connecting', () => {
  it('is done soon, whoever begins', () => {
    for (const who of ['polite', 'other'] as const) {
      const pair = new Pair()
      pair.connects(pair[who])
      pair.after(1_000)
      expect(pair.bothOpen).toBe(true)
      expect(pair.polite.told).toEqual(['opened'])
      expect(pair.polite.machine.wakeAtMs ?? pair.nowMs + 60_000).toBeGreaterThan(pair.nowMs)
    }
  })

  it('of both at once makes one connection', () => {
    const pair = new Pair(seeded(2))
    for (const party of pair.parties) pair.connects(party)
    pair.after(1_000)
    expect(pair.bothOpen).toBe(true)
    expect(pair.parties.map(({ told }) => told.filter((each) => each === 'opened').length)).toEqual([1, 1])
  })

  it('of both at once stays one though the offer that was not taken comes again late', () => {
    const pair = new Pair(seeded(3))
    for (const party of pair.parties) pair.connects(party)
    pair.after(1_000)
    const [late] = pair.polite.signals.filter(({ kind }) => kind === 'offer')
    if (late !== undefined) pair.give(pair.other, { kind: 'signal', frame: late })
    pair.after(20_000)
    expect(pair.other.told.filter((each) => each === 'lost')).toEqual([])
    expect(pair.bothOpen).toBe(true)
  })

  it.each(['offer', 'answer', 'candidates'] as const)('survives the loss of the first %s', (kind) => {
    const pair = new Pair(seeded(4))
    for (const party of pair.parties) {
      const give = party.machine.receive.bind(party.machine)
      let lost = false
      party.machine.receive = (input, nowMs) => {
        if (input.kind !== 'signal' || input.frame.kind !== kind || lost) return give(input, nowMs)
        lost = true
        return []
      }
    }
    pair.connects(pair.other)
    pair.after(2 * SIGNAL_RESEND_MS + 1_000)
    expect(pair.bothOpen).toBe(true)
  })

  it('with an edge of chance names a connection that fits its frame', () => {
    for (const chance of [0, 1 - 2 ** -33, 1 - 2 ** -53]) {
      const pair = new Pair(() => chance)
      pair.connects(pair.other)
      pair.after(10)
      const id = pair.other.browser?.id ?? 0
      expect(id).toBeGreaterThan(0)
      expect(id).toBeLessThan(2 ** 32)
    }
  })
})

describe('giving up', () => {
  it('nobody answers: no-answer, and tried again later and later', () => {
    const pair = new Pair(seeded(5))
    pair.loss = 1
    pair.connects(pair.other)
    pair.after(ATTEMPT_TIMEOUT_MS)
    expect(pair.other.told).toEqual(['failed no-answer'])
    pair.after(ATTEMPT_RETRY_MS * 1.25)
    expect(pair.other.machine.state.kind).toBe('attempting')
    pair.after(3_600_000)
    const failures = pair.other.told.length
    expect(failures).toBeGreaterThan(8)
    expect(failures).toBeLessThan(20)
  })

  it('no path: said so by both, in time, and they connect once there is one and they hear of it', () => {
    const pair = new Pair(seeded(6))
    pair.network = false
    pair.connects(pair.other)
    pair.after(ATTEMPT_TIMEOUT_MS + 100)
    expect(pair.parties.map(({ told }) => told)).toEqual([['failed no-path'], ['failed no-path']])
    pair.network = true
    pair.give(pair.other, { kind: 'networkChanged' })
    pair.after(1_000)
    expect(pair.bothOpen).toBe(true)
  })

  it('declined: not asked again, but for the other side to ask', () => {
    const pair = new Pair(seeded(7))
    pair.polite.unwilling = 'relay-only'
    pair.connects(pair.other)
    pair.after(3_600_000)
    expect(pair.other.machine.state).toEqual({ kind: 'declined', reason: 'relay-only' })
    expect(pair.other.signals.filter(({ kind }) => kind === 'offer').length).toBe(1)
    pair.polite.unwilling = undefined
    pair.connects(pair.polite)
    pair.after(1_000)
    expect(pair.bothOpen).toBe(true)
  })

  it('having all the connections one may have does not keep one from being replaced', () => {
    const pair = open()
    pair.polite.unwilling = 'too-many'
    const frame = { kind: 'offer', connection: 77, round: 1, sdp: 'anew' } as const
    pair.give(pair.polite, { kind: 'signal', frame })
    expect(pair.polite.browser?.id).toBe(77)
    pair.give(pair.polite, { kind: 'close' })
    pair.give(pair.polite, { kind: 'signal', frame: { ...frame, connection: 78 } })
    expect(pair.polite.signals.at(-1)).toEqual({ kind: 'decline', connection: 78, reason: 'too-many' })
  })

  it('closed: nothing goes on', () => {
    const pair = open()
    for (const party of pair.parties) pair.give(party, { kind: 'close' })
    expect(pair.parties.map(({ machine }) => machine.wakeAtMs)).toEqual([undefined, undefined])
    pair.after(60_000)
    expect(pair.parties.map(({ machine }) => machine.state.kind)).toEqual(['idle', 'idle'])
  })
})

describe('an open connection', () => {
  it('is kept when a restart of what was well needs nothing', () => {
    const pair = open()
    const { id } = pair.other.browser ?? { id: 0 }
    for (let i = 0; i < 5; i++) {
      for (const party of pair.parties) pair.give(party, { kind: 'networkChanged' })
      pair.after(60_000)
    }
    expect(pair.other.browser?.id).toBe(id)
    expect(pair.polite.told.filter((each) => each !== 'drop stale')).toEqual(['opened'])
  })

  it('is kept when nobody answers a restart that was not needed, and nobody asks for ever', () => {
    const pair = open()
    pair.loss = 1
    const before = pair.other.signals.length
    pair.give(pair.other, { kind: 'networkChanged' })
    pair.after(3_600_000)
    expect(pair.other.machine.state.kind).toBe('open')
    expect(pair.other.signals.length - before).toBeLessThan(30)
    pair.loss = 0
    pair.changesNetwork(pair.other)
    pair.after(3_000)
    expect(pair.bothOpen).toBe(true)
  })

  it('is restarted at once when the network changed, as the same connection', () => {
    const pair = open()
    const { id } = pair.other.browser ?? { id: 0 }
    for (const party of pair.parties) {
      pair.changesNetwork(party)
      pair.after(1_000)
      expect(pair.bothOpen).toBe(true)
    }
    expect(pair.other.browser?.id).toBe(id)
  })

  it('is restarted when it is silent, though nobody says why, by one side or both', () => {
    const pair = open()
    pair.changesNetwork(pair.polite, false)
    pair.after(5_000)
    expect(pair.bothOpen).toBe(true)
  })

  it('is restarted though the answer was lost, and though the side that gave it thinks that all is well', () => {
    const pair = open()
    const receive = pair.other.machine.receive.bind(pair.other.machine)
    let lost = 0
    pair.other.machine.receive = (input, nowMs) =>
      input.kind === 'signal' && input.frame.kind === 'answer' && lost++ === 0 ? [] : receive(input, nowMs)
    pair.changesNetwork(pair.other)
    pair.after(500)
    pair.give(pair.polite, { kind: 'heard' })
    pair.after(SIGNAL_RESEND_MS + 1_000)
    expect([pair.bothOpen, lost]).toEqual([true, 2])
  })

  it('is restarted though an answer was lost and the polite one then made an offer of its own', () => {
    const pair = open()
    const receive = pair.other.machine.receive.bind(pair.other.machine)
    let lost = 0
    pair.other.machine.receive = (input, nowMs) =>
      input.kind === 'signal' && input.frame.kind === 'answer' && lost++ === 0 ? [] : receive(input, nowMs)
    pair.changesNetwork(pair.other)
    pair.after(500)
    pair.give(pair.polite, { kind: 'networkChanged' })
    pair.after(2 * SIGNAL_RESEND_MS + 1_000)
    expect(pair.bothOpen).toBe(true)
    expect(pair.parties.flatMap(({ told }) => told).filter((each) => each.startsWith('failed'))).toEqual([])
  })

  it('is restarted when the credentials of its path were replaced, without being given up for it', () => {
    const pair = open()
    const connection = pair.other.browser?.id ?? 0
    const offers = () => pair.other.signals.filter(({ kind }) => kind === 'offer')
    pair.give(pair.other, { kind: 'renewed', connection: connection + 1 })
    expect(offers()).toHaveLength(1)
    // Of both at once: the polite one's gives way.
    for (const party of pair.parties) pair.give(party, { kind: 'renewed', connection })
    pair.after(60_000)
    expect(offers().map((frame) => 'round' in frame && frame.round)).toEqual([1, 2])
    expect(pair.bothOpen).toBe(true)
    expect(pair.other.browser?.id).toBe(connection)
    expect(pair.parties.flatMap(({ told }) => told).filter((each) => !each.startsWith('drop'))).toEqual([
      'opened',
      'opened',
    ])
  })

  it('that is not open yet is not restarted for other credentials', () => {
    const pair = new Pair(seeded(9))
    pair.network = false
    pair.connects(pair.other)
    pair.after(1_000)
    const offers = () => pair.other.signals.filter(({ kind }) => kind === 'offer').length
    const before = offers()
    pair.give(pair.other, { kind: 'renewed', connection: pair.other.browser?.id ?? 0 })
    pair.after(100)
    expect([offers(), pair.other.machine.state.kind]).toEqual([before, 'attempting'])
  })

  it('that is silent is not taken for well because ICE says so', () => {
    const pair = open()
    const connection = pair.other.browser?.id ?? 0
    pair.loss = 1
    pair.give(pair.other, { kind: 'silent' })
    pair.after(1_000)
    pair.give(pair.other, { kind: 'iceState', connection, state: 'connected' })
    pair.after(RESTART_TIMEOUT_MS + 2_500)
    expect(pair.other.machine.state.kind).not.toBe('open')
  })

  it('is made anew when the other side lost its own', () => {
    const pair = open()
    pair.give(pair.polite, { kind: 'close' })
    pair.after(5_000)
    expect(pair.bothOpen).toBe(true)
  })
})
