// Which path a link's messages take, and what becomes of them when it breaks.

import { describe, expect, it } from 'vitest'
import {
  PATH_PING_MS,
  PATH_PROVING_MS,
  PATH_SILENCE_LEAST_MS,
  PATH_SILENCE_MS,
} from '../../../protocol/limits/link.ts'
import { World } from './world.ts'

describe('paths', () => {
  it('the direct one is used once it has spoken, and not before', () => {
    const world = new World()
    world.opens('relay')
    world.passes = (_from, _frame, path) => path !== 'webrtc'
    world.opens('webrtc')
    world.after(10_000)
    expect(world.a.machine.path).toBe('relay')
    world.passes = () => true
    world.after(PATH_SILENCE_MS + 100)
    expect(world.a.machine.path).toBe('webrtc')
    expect(world.a.direct).toEqual(['directHeard'])
  })

  it('a silent direct path is left within its bound, nothing is lost, and it is taken up again when it speaks', () => {
    const world = new World()
    world.opens('relay')
    world.opens('webrtc')
    world.after(1_000)
    world.passes = (_from, _frame, path) => path !== 'webrtc'
    world.sends(world.a, 'into the void')
    world.after(PATH_PING_MS + PATH_SILENCE_MS + 200)
    expect(world.b.delivered.map(({ text, via }) => [text, via])).toEqual([['into the void', 'relay']])
    expect(world.a.direct).toEqual(['directHeard', 'directSilent'])
    world.passes = () => true
    world.after(PATH_SILENCE_LEAST_MS + PATH_PROVING_MS + 200)
    expect(world.a.machine.path).toBe('webrtc')
    expect(world.a.direct).toEqual(['directHeard', 'directSilent', 'directHeard'])
  })

  it('one that is cut under traffic is left within a second, and nothing is lost', () => {
    const world = new World()
    world.opens('relay')
    world.opens('webrtc')
    world.after(1_000)
    for (let i = 0; i < 40; i++) {
      if (i === 10) world.passes = (_from, _frame, path) => path !== 'webrtc'
      world.sends(world.a, `${i}`)
      world.after(50)
      // Ten were sent before the cut; a second later the first of the others have come by relay.
      if (i === 30) expect(world.b.delivered.length).toBeGreaterThan(20)
    }
    world.after(1_000)
    expect(world.b.texts('control')).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`))
  })

  it('says how well the direct one does: round trips, jitter, and questions left unanswered', () => {
    const world = new World()
    world.opens('relay')
    world.opens('webrtc')
    world.after(30_000)
    expect(world.a.machine.roundTripMs('webrtc')).toBeGreaterThan(0)
    expect(world.a.machine.directQuality).toEqual({ jitterMs: 0, loss: 0 })
    world.passes = (from, frame) => from === world.b || frame.kind !== 'linkPing'
    world.after(10_000)
    expect(world.a.machine.directQuality.loss).toBeGreaterThan(0.3)
    world.passes = () => true
    world.after(60_000)
    expect(world.a.machine.directQuality.loss).toBeLessThan(0.1)
  })

  it('one that carries only one way is left too, though something is heard on it', () => {
    const world = new World()
    world.opens('relay')
    world.opens('webrtc')
    world.after(1_000)
    world.passes = (from, _frame, path) => path !== 'webrtc' || from === world.b
    for (let i = 0; i < 100; i++) {
      world.sends(world.a, `${i}`)
      world.sends(world.b, `${i}`)
      world.after(100)
    }
    expect(world.a.machine.path).toBe('relay')
    expect(world.b.texts('control')).toHaveLength(100)
  })

  it('one that flaps is trusted less and less', () => {
    const world = new World()
    world.opens('relay')
    world.opens('webrtc')
    world.after(1_000)
    const backAfterMs: number[] = []
    for (let flap = 0; flap < 4; flap++) {
      world.passes = (_from, _frame, path) => path !== 'webrtc'
      world.after(PATH_PING_MS + PATH_SILENCE_MS + 200)
      expect(world.a.machine.path).toBe('relay')
      world.passes = () => true
      const fromMs = world.nowMs
      while (world.a.machine.path !== 'webrtc') world.after(50)
      backAfterMs.push(world.nowMs - fromMs)
    }
    for (let i = 1; i < 4; i++) expect(backAfterMs[i] as number).toBeGreaterThan(backAfterMs[i - 1] as number)
    expect(backAfterMs[3] as number).toBeGreaterThan(8 * PATH_PROVING_MS)
  })

  it('a silent direct path is better than none, and hearing it again is said though traffic never moved', () => {
    const world = new World()
    world.opens('webrtc')
    world.after(1_000)
    world.passes = () => false
    world.after(PATH_PING_MS + PATH_SILENCE_MS + 200)
    expect(world.a.machine.path).toBe('webrtc')
    world.passes = () => true
    world.after(PATH_SILENCE_MS + 200)
    expect(world.a.direct).toEqual(['directHeard', 'directSilent', 'directHeard'])
  })

  it('a datagram takes the path of the moment, once, or none', () => {
    const world = new World()
    const datagram = (text: string) =>
      world.give(world.a, { kind: 'datagram', data: new TextEncoder().encode(text) })
    datagram('nowhere')
    world.opens('relay')
    datagram('relayed')
    world.after(10_000)
    expect(world.b.datagrams).toEqual(['relayed'])
  })

  it('a path lost with an acknowledgement still to come leaves nobody spinning', () => {
    const world = new World()
    world.opens('relay')
    world.sends(world.a, 'one')
    world.sends(world.a, 'two')
    world.give(world.a, { kind: 'pathDown', path: 'relay' })
    world.after(60_000) // the acknowledgement of the first arrives with no path up
    expect(world.b.texts('control')).toEqual(['one', 'two'])
  })
})
