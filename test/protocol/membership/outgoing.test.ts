// An honest client is never refused: what Outgoing lets go, a real room machine with the same limits takes. And what is
// urgent is not held up, what waits is bounded, and much of it costs no more for each than little.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MIB } from '../../../protocol/limits/units.ts'
import { BATCH_FRAMES_MAX } from '../../../protocol/limits/wire.ts'
import { Outgoing } from '../../../protocol/membership/outgoing.ts'
import { DEFAULT_ROOM_CONFIG } from '../../../protocol/room/config.ts'
import { framesOf } from '../../../protocol/wire/batch.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import type { JoinFrame } from '../../../protocol/wire/frames.ts'
import { FRAME, WIRE_VERSION } from '../../../protocol/wire/registry.ts'
import { RoomHost } from '../../sim/room-host.ts'
import { START_MS } from '../kept-socket-scene.ts'

const { tokens, bytes } = DEFAULT_ROOM_CONFIG

const relay = (size: number, address = 1) => encode({ kind: 'relay', address, payload: new Uint8Array(size) })
const broadcast = (size: number) => encode({ kind: 'broadcast', address: 0, payload: new Uint8Array(size) })
const METADATA = encode({ kind: 'metadata', address: 0, metadata: new Uint8Array(10) })
const SWEEP = encode({ kind: 'sweep' })

function join(peer: number): JoinFrame {
  const id = new Uint8Array(32)
  new DataView(id.buffer).setUint32(0, peer)
  const session = new Uint8Array(8).fill(peer)
  return { kind: 'join', version: WIRE_VERSION, peer: id, session, metadata: new Uint8Array() }
}

/** A real room with so many members, of whom one is ours. */
class Room {
  readonly host = new RoomHost(DEFAULT_ROOM_CONFIG)
  readonly ours = { send: () => {}, close: () => {} }

  constructor(members: number) {
    this.host.connect(this.ours, join(0), START_MS)
    for (let i = 1; i < members; i++)
      this.host.connect({ send: () => {}, close: () => {} }, join(i), START_MS)
  }

  get refusals(): number {
    return this.host.drops.of('rate-limited')
  }
}

function allowed(): Outgoing {
  const outgoing = new Outgoing()
  outgoing.allow(tokens, bytes)
  return outgoing
}

const framesIn = (messages: readonly Uint8Array[]) => messages.flatMap((message) => [...framesOf(message)])
const typesIn = (messages: readonly Uint8Array[]) => framesIn(messages).map((frame) => frame[0])

/** Everything that leaves until then, with the time it did. */
function drain(outgoing: Outgoing, members: number, fromMs: number, untilMs: number) {
  const left: { atMs: number; messages: Uint8Array[] }[] = []
  for (let atMs = fromMs; atMs <= untilMs; ) {
    const messages = outgoing.take(members, atMs)
    if (messages.length > 0) left.push({ atMs, messages })
    const wakeAtMs = outgoing.wakeAtMs()
    if (wakeAtMs === undefined) break
    expect(wakeAtMs).toBeGreaterThan(atMs)
    atMs = wakeAtMs
  }
  return left
}

describe('what is allowed', () => {
  const push = fc.record({
    frame: fc.oneof(
      fc.nat({ max: 200 }).map((size) => relay(size)),
      fc.nat({ max: 60_000 }).map((size) => relay(size)),
      fc.nat({ max: 2_000 }).map(broadcast),
      fc.constantFrom(METADATA, SWEEP),
    ),
    times: fc.constantFrom(1, 3, 100, 400),
    afterMs: fc.constantFrom(0, 0, 5, 100, 1_000, 10_000),
  })

  it('is never exceeded: a room of any size refuses nothing, though the network holds things up for a second', () => {
    fc.assert(
      fc.property(
        fc.array(push, { maxLength: 30, size: 'max' }),
        fc.constantFrom(1, 2, 50, 400),
        fc.infiniteStream(fc.integer({ min: 0, max: 1_000 })),
        (pushes, members, delays) => {
          const room = new Room(members)
          const outgoing = allowed()
          let nowMs = START_MS
          let arrivedMs = START_MS
          const leave = (untilMs: number) => {
            for (const { atMs, messages } of drain(outgoing, members, nowMs, untilMs)) {
              arrivedMs = Math.max(arrivedMs, atMs + (delays.next().value ?? 0))
              for (const message of messages) room.host.message(room.ours, message.slice(), arrivedMs)
            }
            nowMs = untilMs
          }
          for (const { frame, times, afterMs } of pushes) {
            const urgent = frame[0] === FRAME.metadata || frame[0] === FRAME.sweep
            for (let i = 0; i < times; i++) outgoing.push(frame, urgent)
            leave(nowMs + afterMs)
          }
          leave(nowMs + 30_000)
          expect(room.refusals).toBe(0)
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)

  it('is used: small relayed frames leave in full batches when there are many', () => {
    const outgoing = allowed()
    for (let i = 0; i < 20_000; i++) outgoing.push(relay(50))
    const left = drain(outgoing, 10, START_MS, START_MS + 10_000)
    expect(framesIn(left.flatMap(({ messages }) => messages)).length).toBeGreaterThan(6_000)
    const lengths = left.flatMap(({ messages }) => messages).map((message) => framesOf(message).length)
    expect(Math.min(...lengths)).toBe(BATCH_FRAMES_MAX)
  })

  it('is not saved up for several things said to a large room: the first of them leaves when it is paid', () => {
    const outgoing = allowed()
    for (let i = 0; i < 64; i++) outgoing.push(broadcast(10))
    const left = drain(outgoing, 1_000, START_MS, START_MS + 60_000)
    for (const { messages } of left.slice(0, 20)) {
      for (const message of messages) expect(framesOf(message).length).toBe(1)
    }
    for (const [i, { atMs }] of left.slice(1, 20).entries())
      expect(atMs - (left[i]?.atMs ?? 0)).toBeLessThan(250)
  })
})

describe('what is urgent', () => {
  it('leaves first', () => {
    const outgoing = allowed()
    for (let i = 0; i < 10; i++) outgoing.push(relay(10))
    outgoing.push(SWEEP, true)
    expect(typesIn(outgoing.take(2, START_MS))[0]).toBe(FRAME.sweep)
  })

  it('does not wait until what is not urgent can be paid, too', () => {
    const outgoing = allowed()
    for (let i = 0; i < 40; i++) outgoing.push(broadcast(10))
    drain(outgoing, 1_000, START_MS, START_MS + 100)
    const signal = encode({ kind: 'signal', address: 1, payload: new Uint8Array(10) })
    outgoing.push(signal, true)
    const [next] = drain(outgoing, 1_000, outgoing.wakeAtMs() ?? 0, START_MS + 60_000)
    expect(typesIn(next?.messages ?? [])[0]).toBe(FRAME.signal)
    expect(next?.atMs).toBeLessThan(START_MS + 400)
  })

  it('is one sweep and one word about ourselves, however often they were asked for', () => {
    const outgoing = allowed()
    for (let i = 0; i < 1_000; i++) outgoing.push(i % 2 === 0 ? SWEEP : METADATA, true)
    expect(typesIn(outgoing.take(2, START_MS))).toEqual([FRAME.sweep, FRAME.metadata])
    expect(outgoing.waitingBytes).toBe(0)
  })
})

describe('what waits', () => {
  it('is bounded: relayed frames beyond it are let go, and counted', () => {
    const outgoing = allowed()
    for (let i = 0; i < 1_000; i++) outgoing.push(relay(60_000))
    expect(outgoing.waitingBytes).toBeLessThan(17 * MIB)
    expect(outgoing.dropped).toBeGreaterThan(700)
    const empty = allowed()
    for (let i = 0; i < 400_000; i++) empty.push(relay(0))
    expect(empty.dropped).toBeGreaterThan(100_000)
  })

  it('of broadcasts does not take the place of relayed frames', () => {
    const outgoing = allowed()
    for (let i = 0; i < 256; i++) outgoing.push(broadcast(65_000))
    outgoing.push(relay(10))
    expect(outgoing.dropped).toBe(0)
  })

  it('keeps its order, broadcasts among relayed frames', () => {
    const outgoing = allowed()
    for (let i = 0; i < 9; i++) outgoing.push(i % 3 === 0 ? broadcast(1) : relay(1))
    const { relay: r, broadcast: b } = FRAME
    expect(typesIn(outgoing.take(2, START_MS))).toEqual([b, r, r, b, r, r, b, r, r])
  })

  it('is passed by all else while broadcasts are held', () => {
    const outgoing = allowed()
    outgoing.push(broadcast(1))
    outgoing.push(relay(1))
    outgoing.holdBroadcasts(true)
    expect(typesIn(outgoing.take(2, START_MS))).toEqual([FRAME.relay])
    expect([outgoing.broadcastsHeld, outgoing.wakeAtMs()]).toEqual([true, undefined])
    outgoing.holdBroadcasts(false)
    expect(typesIn(outgoing.take(2, START_MS))).toEqual([FRAME.broadcast])
  })

  it('when the socket goes is broadcasts only', () => {
    const outgoing = allowed()
    outgoing.push(relay(10))
    outgoing.push(SWEEP, true)
    outgoing.push(broadcast(10))
    outgoing.socketGone()
    expect(outgoing.queuedBroadcasts).toBe(1)
    expect(typesIn(outgoing.take(2, START_MS))).toEqual([FRAME.broadcast])
    expect(outgoing.waitingBytes).toBe(0)
  })

  /** What each of so many frames costs, in time of the processor and not of the clock. */
  function costOfEach(count: number): number {
    const outgoing = new Outgoing()
    outgoing.allow({ perSecond: 1e6, burst: 1e6 }, { perSecond: 1e9, burst: 1e9 })
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) outgoing.push(relay(20), i % 4 === 0)
    drain(outgoing, 2, START_MS, START_MS + 60_000)
    const { user, system } = process.cpuUsage(before)
    expect(outgoing.waitingBytes).toBe(0)
    return (user + system) / count
  }

  it('is handled in time that grows with it and not with its square', () => {
    const little = Math.min(...Array.from({ length: 8 }, () => costOfEach(1_500)))
    expect(costOfEach(30_000)).toBeLessThan(8 * little)
  })
})
