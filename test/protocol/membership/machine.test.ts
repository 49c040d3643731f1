// Every arrow of protocol/membership/README.md, and what happens beside them.

import { describe, expect, it } from 'vitest'
import {
  JOIN_TIMEOUT_MS,
  PONG_TIMEOUT_MS,
  RECONNECT_BASE_MS,
  RECONNECT_MAX_MS,
} from '../../../protocol/limits/kept-socket.ts'
import { ABSENCE_MS, ROSTER_GRACE_MS } from '../../../protocol/limits/membership.ts'
import { KEEP_ALIVE_MS, READ_REPORT_BYTES } from '../../../protocol/limits/room.ts'
import { peerIdText } from '../../../protocol/peer-id.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode } from '../../../protocol/wire/registry.ts'
import { START_MS } from '../kept-socket-scene.ts'
import { member, Scene, SELF, WELCOME } from './scene.ts'

const joined = (...others: number[]) => new Scene().starts().welcomes(...others.map((peer) => member(peer)))
const broadcast = (scene: Scene, text: string) =>
  scene.give({ kind: 'broadcast', payload: new TextEncoder().encode(text) })
const HOUR_MS = 3_600_000

describe('getting in', () => {
  it('is done when the welcome and the whole roster came', () => {
    const scene = new Scene().starts().says(WELCOME)
    scene.says({ kind: 'roster', last: false, members: [member(1)] })
    expect(scene.told).toEqual(['arrived 1.1'])
    expect(scene.machine.state).toBe('connecting')
    scene.says({ kind: 'roster', last: true, members: [member(2)] })
    expect(scene.told).toEqual(['arrived 1.1', 'arrived 2.1', 'entered'])
  })

  it('is tried again after a socket that does not welcome us in time', () => {
    const scene = new Scene().starts().after(JOIN_TIMEOUT_MS - 1)
    expect(scene.closed).toEqual([])
    scene.after(1 + RECONNECT_BASE_MS)
    expect(scene.closed).toEqual([1])
    expect(scene.opened).toEqual([1, 2])
  })

  it.each([500, 4_000, 30_000])('is given up after the %i ms the caller said, and not later', (withinMs) => {
    const scene = new Scene({ firstJoinWithinMs: withinMs }).starts()
    scene.after(withinMs - 1)
    expect(scene.told).not.toContain('ended unreachable')
    scene.after(1)
    expect(scene.told.at(-1)).toBe('ended unreachable')
    expect(scene.closed.length).toBe(scene.opened.length)
    expect(scene.machine.wakeAtMs).toBeUndefined()
  })

  it('is given up in time between two tries, too', () => {
    const scene = new Scene({ firstJoinWithinMs: 1_000, random: () => 0.999 }).starts()
    for (let i = 0; i < 20 && scene.machine.state !== 'ended'; i++) scene.closes().after(100)
    expect(scene.told.at(-1)).toBe('ended unreachable')
    expect(scene.nowMs - START_MS).toBeLessThanOrEqual(1_100)
  })

  it('once done is never given up again', () => {
    const scene = joined().closes().after(HOUR_MS)
    expect(scene.machine.state).not.toBe('ended')
    expect(scene.opened.length).toBeGreaterThan(200)
  })

  it.each(['superseded', 'room-full', 'version-mismatch', 'bad-request', 'too-large'] as const)(
    'ends for good when refused as %s',
    (code) => {
      const scene = new Scene().starts().closes(CLOSE_CODE_BASE + REFUSAL[code])
      expect(scene.told).toEqual([`ended ${code}`])
      expect(scene.after(HOUR_MS).opened).toEqual([1])
    },
  )

  it.each(['flooding', 'vanished', 'edge-busy', 'internal', 'slow-reader'] as const satisfies RefusalCode[])(
    'is tried again after %s',
    (code) => {
      const scene = joined()
        .closes(CLOSE_CODE_BASE + REFUSAL[code])
        .after(RECONNECT_BASE_MS)
      expect(scene.opened).toEqual([1, 2])
    },
  )

  it('a second start opens no second socket', () => {
    expect(joined().starts().opened).toEqual([1])
  })
})

describe('trying again', () => {
  it('waits at random up to a bound that doubles to its cap', () => {
    const scene = new Scene({ random: () => 0.999_999 }).starts().welcomes()
    const waitsMs: number[] = []
    for (let i = 0; i < 9; i++) {
      scene.closes()
      const fromMs = scene.nowMs
      while (scene.machine.state === 'waiting') scene.after(1)
      waitsMs.push(scene.nowMs - fromMs)
    }
    expect(waitsMs.map((ms) => Math.round(ms / 10) * 10)).toEqual([
      250,
      500,
      1_000,
      2_000,
      4_000,
      8_000,
      ...Array(3).fill(RECONNECT_MAX_MS),
    ])
  })

  it('does not hammer a room that lets us in and drops us at once', () => {
    const scene = joined()
    for (let i = 0; i < 300; i++) {
      if (scene.machine.state === 'connecting') scene.welcomes().closes()
      scene.after(1_000)
    }
    expect(scene.opened.length).toBeLessThan(70)
  })

  it('begins anew with patience after a stay that held', () => {
    const scene = joined()
    for (let i = 0; i < 20; i++) scene.closes().after(20_000)
    while (scene.machine.state !== 'connecting') scene.after(1)
    scene.welcomes().after(20_000).closes().after(RECONNECT_BASE_MS)
    expect(scene.machine.state).toBe('connecting')
  })

  it('does not wait when the network changed', () => {
    const scene = joined().closes()
    scene.give({ kind: 'networkChanged' })
    expect(scene.opened).toEqual([1, 2])
  })

  it('keeps no socket but the newest', () => {
    const scene = joined(1).closes().after(RECONNECT_BASE_MS)
    scene.give({ kind: 'socketClosed', socket: 1, code: 1006 })
    scene.give({ kind: 'socketMessage', socket: 1, bytes: Uint8Array.of(0x14, 0, 1, 0, 1, 1) })
    expect(scene.machine.state).toBe('connecting')
    expect(scene.told).toEqual(['arrived 1.1', 'entered', 'interrupted'])
  })
})

describe('the heartbeat', () => {
  it('goes on, and a socket that answers is kept', () => {
    const scene = joined().after(HOUR_MS)
    expect(scene.opened).toEqual([1])
    expect(scene.texts.length).toBeGreaterThanOrEqual(HOUR_MS / KEEP_ALIVE_MS - 1)
  })

  it('unanswered ends the socket', () => {
    const scene = joined().after(KEEP_ALIVE_MS / 2 + PONG_TIMEOUT_MS, 'dead')
    expect(scene.closed).toEqual([1])
    expect(scene.machine.state).toBe('waiting')
  })

  it('is answered by anything the room says', () => {
    const scene = joined().after(KEEP_ALIVE_MS / 2 + PONG_TIMEOUT_MS - 1, 'dead')
    scene.says({ kind: 'joined', member: member(1) }).after(1_000, 'dead')
    expect(scene.closed).toEqual([])
  })

  it('is sent at once when the network changed', () => {
    const scene = joined()
    scene.give({ kind: 'networkChanged' }).after(PONG_TIMEOUT_MS, 'dead')
    expect(scene.closed).toEqual([1])
  })

  it('after hours of sleep asks before it believes in anything', () => {
    const scene = joined(1).after(2_000)
    scene.nowMs += 8 * HOUR_MS
    scene.after(PONG_TIMEOUT_MS + 1, 'dead')
    expect(scene.machine.state).toBe('waiting')
    expect(scene.told).toEqual(['arrived 1.1', 'entered', 'interrupted'])
  })
})

describe('who is here', () => {
  it('comes and goes as the room says', () => {
    const scene = joined()
    scene.says(
      { kind: 'joined', member: member(1) },
      { kind: 'left', address: 0x0001_0001, reason: 'closed' },
    )
    expect(scene.told).toEqual(['entered', 'arrived 1.1', 'departed 1.1'])
  })

  it('is unchanged by our reconnect, though perhaps elsewhere in the room', () => {
    const scene = joined(1).closes().after(RECONNECT_BASE_MS)
    scene.welcomes(member(1, 1, 0x0007_0101))
    expect(scene.told).toEqual(['arrived 1.1', 'entered', 'interrupted', 'returned 1', 'entered again'])
    expect(scene.machine.canReach(peerIdText(new Uint8Array(32).fill(1)))).toBe(true)
  })

  it('has 10 s to follow us, and is gone then', () => {
    const scene = joined(1, 2).closes().after(RECONNECT_BASE_MS).welcomes(member(2))
    scene.after(ROSTER_GRACE_MS - 1_000)
    expect(scene.told).not.toContain('departed 1.1')
    scene.after(1_000)
    expect(scene.told.at(-1)).toBe('departed 1.1')
  })

  it('who follows us has not left', () => {
    const scene = joined(1).closes().after(RECONNECT_BASE_MS).welcomes()
    scene.says({ kind: 'joined', member: member(1) }).after(HOUR_MS)
    expect(scene.told).not.toContain('departed 1.1')
  })

  it('who was missing keeps its time though our socket breaks again and again', () => {
    const scene = joined(1)
    for (let passedMs = 0; passedMs <= ROSTER_GRACE_MS; passedMs += 5_000)
      scene
        .closes()
        .after(RECONNECT_BASE_MS * 8)
        .welcomes()
        .after(3_000)
    expect(scene.told).toContain('departed 1.1')
  })

  it('stays while we have no socket, until the room has forgotten us', () => {
    const scene = joined(1)
      .closes()
      .after(ABSENCE_MS - 1)
    expect(scene.told).not.toContain('departed 1.1')
    scene.after(1)
    expect(scene.told).toContain('departed 1.1')
  })

  it('is not kept as a ghost when a socket broke in the middle of the roster', () => {
    const scene = joined(1).closes().after(RECONNECT_BASE_MS)
    scene.says(WELCOME, { kind: 'roster', last: false, members: [member(1), member(2)] }).closes()
    scene.after(1_000).welcomes()
    scene.after(ROSTER_GRACE_MS)
    expect(scene.here.size).toBe(0)
  })

  it('as another session is another: it has departed and arrived', () => {
    const scene = joined(1)
    scene.says({ kind: 'joined', member: member(1, 2) })
    expect(scene.told).toEqual(['arrived 1.1', 'entered', 'departed 1.1', 'arrived 1.2'])
  })

  it('does not include ourselves, whatever a room says', () => {
    expect(joined(SELF, 1).told).toEqual(['arrived 1.1', 'entered'])
  })

  it('has one owner for each address', () => {
    const scene = joined(1)
    scene.says({ kind: 'joined', member: member(2, 1, member(1).address) })
    expect(scene.told.slice(2)).toEqual(['departed 1.1', 'arrived 2.1'])
  })
})

describe('what we say', () => {
  it('of ourselves while we connect is said when we are in', () => {
    const scene = new Scene().starts()
    scene.give({ kind: 'describe', metadata: Uint8Array.of(1) }).welcomes()
    expect(scene.sent('metadata').map(({ metadata }) => [...metadata])).toEqual([[1]])
  })

  it('of ourselves is in every later hello', () => {
    const scene = joined()
    scene
      .give({ kind: 'describe', metadata: Uint8Array.of(1) })
      .closes()
      .after(RECONNECT_BASE_MS)
    expect([...(scene.hello ?? [])]).toEqual([1])
    expect(scene.welcomes().sent('metadata')).toEqual([])
  })

  it('of ourselves many times in a turn is said once, the last', () => {
    const scene = joined()
    for (let i = 0; i < 1_000; i++) scene.give({ kind: 'describe', metadata: Uint8Array.of(i & 255) })
    scene.give({ kind: 'endOfTurn' })
    expect(scene.sent('metadata').map(({ metadata }) => [...metadata])).toEqual([[999 & 255]])
    expect(scene.machine.outgoing.waitingBytes).toBe(0)
  })

  it('to all while we reconnect is said when we are in again', () => {
    const scene = joined().closes()
    broadcast(scene, 'hello')
    scene.after(RECONNECT_BASE_MS).welcomes().after(1)
    expect(scene.sent('broadcast').length).toBe(1)
  })

  it('to all just before leaving is said', () => {
    const scene = joined(1)
    broadcast(scene, 'goodbye')
    scene.give({ kind: 'leave' })
    expect(scene.sent('broadcast').length).toBe(1)
    expect(scene.told.slice(-2)).toEqual(['departed 1.1', 'ended left'])
  })

  it('to all at once after a reconnect waits for those who are still on their way back, a little', () => {
    const scene = joined(1).closes().after(RECONNECT_BASE_MS)
    broadcast(scene, 'hello')
    scene.welcomes().give({ kind: 'endOfTurn' })
    expect(scene.sent('broadcast').length).toBe(0)
    scene.says({ kind: 'joined', member: member(1) }).after(1)
    expect(scene.sent('broadcast').length).toBe(1)
  })

  it('to somebody who is not here is dropped', () => {
    const scene = joined()
    const to = peerIdText(new Uint8Array(32).fill(9))
    scene.give({ kind: 'carry', as: 'relay', to, payload: new Uint8Array() })
    expect(scene.told.at(-1)).toBe('drop no-such-member')
  })

  it('about how much we read counts this socket only', () => {
    const scene = joined(1)
    const payload = new Uint8Array(60_000)
    const from = member(1).address
    const hears = (times: number) => {
      for (let i = 0; i < times; i++) scene.says({ kind: 'broadcast', address: from, payload })
      scene.after(1)
    }
    hears(3)
    scene.closes().after(RECONNECT_BASE_MS).welcomes(member(1))
    hears(2)
    expect(scene.sent('drained')).toEqual([])
    hears(3)
    expect(scene.sent('drained').length).toBe(1)
    expect(scene.sent('drained')[0]?.bytes).toBeGreaterThan(READ_REPORT_BYTES)
  })
})

describe('an edge that says nonsense', () => {
  it.each([0, 1, 0xffff_ffff])(
    'a keep-alive of %i ms makes us neither spin nor fall silent',
    (keepAliveMs) => {
      const scene = new Scene().starts()
      scene.says({ ...WELCOME, keepAliveMs }, { kind: 'roster', last: true, members: [] }).after(120_000)
      expect(scene.texts.length).toBeGreaterThan(1)
      expect(scene.texts.length).toBeLessThan(1_300)
    },
  )

  it('no tokens at all mean waiting, not spinning', () => {
    const scene = new Scene().starts()
    scene.says(
      { ...WELCOME, tokensPerSecond: 0, tokensBurst: 0, bytesPerSecond: 0, bytesBurst: 0 },
      { kind: 'roster', last: true, members: [member(1)] },
    )
    for (let i = 0; i < 10; i++) broadcast(scene, 'hello')
    scene.give({ kind: 'endOfTurn' }).after(60_000)
    expect(scene.sent('broadcast').length).toBeGreaterThan(0)
  })

  it('a refusal for weeks is not obeyed that long', () => {
    const scene = joined(1)
    scene.says({ kind: 'refusal', code: 'rate-limited', refusedType: 0, retryAfterMs: 0xffff_ffff })
    broadcast(scene, 'hello')
    scene.give({ kind: 'endOfTurn' }).after(60_000)
    expect(scene.sent('broadcast').length).toBe(1)
  })
})
