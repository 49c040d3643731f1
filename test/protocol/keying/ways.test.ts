// How the keys of a session reach every way, and when another session is due: the machine alone, its tasks' results said by the
// test.

import { describe, expect, it } from 'vitest'
import { TICKET_LIFE_MS } from '../../../protocol/crypto/handshake/ticket.ts'
import { Script } from './script.ts'

describe('further ways', () => {
  it('are joined by the initiator, and said again after 1 and 2 seconds', () => {
    const script = Script.with('initiator')
    expect(script.up(2, 'webrtc', 0)).toEqual(['join 2 on 2'])
    expect(script.says(2, 'join')).toEqual(['say join on 2'])
    expect(script.after(3_000)).toEqual(['1: say join on 2', '3: say join on 2'])
    expect(script.hears(2, 'accept')).toEqual(['feed 2 accept'])
    expect(script.joined(2, 4)).toEqual(['end 2', 'attach 2 as path 4 of 1', 'open 2 first'])
  })

  it('are not joined by the responder, who sends on a direct one when it heard something there', () => {
    const script = Script.with('responder')
    expect(script.up(2, 'webrtc', 0)).toEqual([])
    expect(script.hears(2, 'join')).toEqual(['accept 2 on 2', 'feed 2 join'])
    expect(script.joined(2, 4, 'accept')).toEqual(['end 2', 'say accept on 2', 'attach 2 as path 4 of 1'])
    expect(script.give({ kind: 'heard', session: 1, way: 2 })).toEqual(['open 2'])
    expect(script.give({ kind: 'heard', session: 1, way: 2 })).toEqual([])
  })

  it('are given up when direct and nobody accepts, and then known no more', () => {
    const script = Script.with('initiator')
    script.up(2, 'webrtc', 0)
    script.says(2, 'join')
    expect(script.after(20_000)).toEqual(['1: say join on 2', '3: say join on 2', '7: end 2', '7: giveUp 2'])
    expect(script.hears(2, 'accept')).toEqual(['drop unexpected'])
    expect(script.wants()).toEqual([])
  })

  it('through a room are joined when none is, and lead to a handshake when nobody accepts', () => {
    const script = Script.with('initiator')
    expect(script.up(2)).toEqual([])
    expect(script.down(1)).toEqual(['end 1', 'join 2 on 2'].slice(1))
    script.says(2, 'join')
    expect(script.after(20_000)).toEqual([
      '1: say join on 2',
      '3: say join on 2',
      '7: end 2',
      '7: dial 3 on 2',
      '7: join 4 on 2',
    ])
  })

  it('of another life are not joined, and no reason to dial', () => {
    const script = Script.with('initiator')
    script.down(1)
    expect(script.up(2, 'relay', 8)).toEqual([])
    expect(script.wants()).toEqual(['dial 2 on 2'])
    script.says(2, 'm1')
    expect(script.established(2, 'initiator', 'm3')).toEqual([
      'say m3 on 2',
      'retire 1',
      'adopt 2 of life 8',
      'attach 2 as path 0 of 2',
      'open 2 first',
    ])
  })

  it('all move to a new session, and joins under the old one are over', () => {
    const script = Script.with('initiator')
    script.up(2, 'webrtc', 0)
    script.joined(2, 2)
    script.up(3, 'webrtc', 0)
    script.says(3, 'join')
    script.give({ kind: 'unanswered' })
    expect(script.established(4, 'initiator', 'm3')).toEqual([
      'say m3 on 1',
      'retire 1',
      'detach 1',
      'detach 2',
      'end 3',
      'adopt 4 of life 7',
      'attach 1 as path 0 of 4',
      'open 1 first',
      'join 5 on 3',
      'join 6 on 2',
    ])
  })

  it('that are being accepted are not taken for ways of a newer session', () => {
    const script = Script.with('responder')
    script.up(2, 'webrtc', 0)
    script.hears(2, 'join')
    script.hears(1, 'm1')
    expect(script.established(3, 'responder')).toContain('end 2')
    expect(script.joined(2, 4, 'accept')).toEqual([])
    expect(script.give({ kind: 'heard', session: 3, way: 2 })).toEqual([])
    expect(script.machine.busy).toBe(false)
  })

  it('that are no more when their acceptance is ready leave nothing behind', () => {
    const script = Script.with('responder')
    script.up(2, 'webrtc', 0)
    script.hears(2, 'join')
    expect(script.machine.busy).toBe(true)
    expect(script.down(2)).toEqual(['end 2'])
    expect(script.machine.busy).toBe(false)
    expect(script.joined(2, 4, 'accept')).toEqual([])
  })

  it('on which an ordered channel broke are given up once', () => {
    const script = Script.with('initiator')
    script.up(2, 'webrtc', 0)
    script.joined(2, 2)
    expect(script.give({ kind: 'broken', way: 2 })).toEqual(['detach 2', 'giveUp 2'])
    expect(script.give({ kind: 'broken', way: 2 })).toEqual([])
    expect(script.down(2)).toEqual([])
  })
})

describe('what lasts', () => {
  it('is renewed in full after a day, by who began it', () => {
    const script = Script.with('initiator')
    script.tickets = 1
    expect(script.after(TICKET_LIFE_MS - 1)).toEqual([])
    expect(script.after(1)).toEqual(['0.001: dial 2 on 1'])
    expect(Script.with('responder').after(2 * TICKET_LIFE_MS)).toEqual([])
  })

  it('is renewed later when there is no room just then', () => {
    const script = Script.with('initiator')
    script.down(1)
    expect(script.after(2 * TICKET_LIFE_MS)).toEqual([])
    expect(script.up(2)).toEqual(['join 2 on 2'])
    expect(script.after(0)).toEqual(['0: dial 3 on 2'])
  })

  it('is renewed when what we say is not answered, and goes on until then', () => {
    const script = Script.with('responder')
    expect(script.give({ kind: 'unanswered' })).toEqual(['dial 2 on 1'])
    expect(script.give({ kind: 'unanswered' })).toEqual([])
    expect(new Script().give({ kind: 'unanswered' })).toEqual([])
  })

  it('is renewed by a responder with something to say, when nobody joins for three seconds', () => {
    const script = Script.with('responder')
    script.down(1)
    script.up(2)
    expect(script.after(60_000)).toEqual([])
    expect(script.wants()).toEqual([])
    expect(script.after(60_000)).toEqual(['3: dial 2 on 2'])
  })

  it('is not when somebody joins in time', () => {
    const script = Script.with('responder')
    script.down(1)
    script.up(2)
    script.wants()
    script.after(2_000)
    script.hears(2, 'join')
    expect(script.joined(2, 2, 'accept')).toEqual([
      'end 2',
      'say accept on 2',
      'attach 2 as path 2 of 1',
      'open 2',
    ])
    expect(script.after(60_000)).toEqual([])
  })
})
