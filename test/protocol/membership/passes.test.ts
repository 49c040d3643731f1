// A member's pass: no socket without one, a new one when it is refused, and the next one before it ends.

import { describe, expect, it } from 'vitest'
import { PASS_REFUSALS_MAX, PASS_RENEWAL_RETRY_MS } from '../../../protocol/limits/admission.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode } from '../../../protocol/wire/registry.ts'
import { START_MS } from '../kept-socket-scene.ts'
import { member, Scene } from './scene.ts'

const NEVER = Number.POSITIVE_INFINITY
const codeOf = (refusal: RefusalCode) => CLOSE_CODE_BASE + REFUSAL[refusal]

function awaiting(): Scene {
  const scene = new Scene()
  scene.passes = 'awaited'
  return scene.starts()
}

describe('a pass', () => {
  it('comes before the socket, and is shown on it', () => {
    const scene = awaiting()
    expect([scene.passesWanted, scene.opened, scene.machine.state]).toEqual([1, [], 'admitting'])
    scene.after(20_000)
    expect([scene.passesWanted, scene.opened]).toEqual([1, []])
    scene.give({ kind: 'pass', pass: 'mine', renewAtMs: NEVER }).welcomes(member(1))
    expect([scene.shown, scene.told]).toEqual([['mine'], ['arrived 1.1', 'entered']])
  })

  it('that takes longer than the first join may is not waited for', () => {
    const scene = awaiting().after(30_000)
    expect(scene.told).toEqual(['ended unreachable'])
    scene.give({ kind: 'pass', pass: 'late', renewAtMs: NEVER })
    expect([scene.opened, scene.machine.wakeAtMs]).toEqual([[], undefined])
  })

  it('nobody gives now is asked for again, and one nobody will ever give is the end', () => {
    const scene = awaiting().give({ kind: 'noPass', forGood: false })
    expect([scene.told, scene.machine.state]).toEqual([['interrupted'], 'waiting'])
    scene.after(1_000)
    expect(scene.passesWanted).toBe(2)
    scene.give({ kind: 'noPass', forGood: true })
    expect(scene.told).toEqual(['interrupted', 'ended no-pass'])
  })

  it('that comes, or fails to, when nobody waits for it any more changes nothing', () => {
    const scene = new Scene().starts().welcomes()
    scene.give({ kind: 'pass', pass: 'another', renewAtMs: NEVER })
    scene.give({ kind: 'noPass', forGood: true })
    expect([scene.opened.length, scene.machine.state]).toEqual([1, 'joined'])
  })

  it('is asked for at every try, since the last one may have ended', () => {
    const scene = new Scene().starts().welcomes().closes().after(1_000)
    expect(scene.shown).toEqual(['pass 1', 'pass 2'])
  })

  it.each(['pass-expired', 'pass-forged'] as const)('refused as %s is given back for another', (refusal) => {
    const scene = new Scene().starts().closes(codeOf(refusal)).after(1_000)
    expect([scene.told, scene.shown]).toEqual([
      ['passRefused pass 1', 'interrupted'],
      ['pass 1', 'pass 2'],
    ])
    scene.welcomes()
    expect(scene.machine.state).toBe('joined')
  })

  it('refused again and again is given up; each time in the room counts anew', () => {
    const scene = new Scene().starts()
    const closes = (code?: number) => {
      scene.closes(code)
      while (scene.machine.state === 'waiting') scene.after(100)
    }
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < PASS_REFUSALS_MAX; i++) closes(codeOf('pass-forged'))
      scene.welcomes()
      closes()
    }
    for (let i = 0; i < PASS_REFUSALS_MAX; i++) closes(codeOf('pass-forged'))
    expect(scene.machine.state).toBe('connecting')
    closes(codeOf('pass-forged'))
    expect(scene.told.at(-1)).toBe('ended pass-refused')
  })

  it.each(['pass-foreign', 'pass-malformed'] as const)('refused as %s is the end', (refusal) => {
    const scene = new Scene().starts().closes(codeOf(refusal))
    expect(scene.told).toEqual([`ended ${refusal}`])
  })

  it('of a peer that is listed is given back, so that whoever asks for another is told until when', () => {
    const scene = new Scene().starts().closes(codeOf('blacklisted'))
    expect(scene.told[0]).toMatch(/^passRefused/)
    expect(scene.machine.state).toBe('waiting')
  })

  it('is not what is wrong with a deployment: that is tried again', () => {
    const scene = new Scene().starts().closes(codeOf('misconfigured')).after(1_000)
    expect([scene.told, scene.opened.length]).toEqual([['interrupted'], 2])
  })

  it('is not waited for by one who leaves', () => {
    const scene = awaiting().give({ kind: 'leave' })
    expect([scene.told, scene.closed]).toEqual([['ended left'], []])
  })
})

describe('the next pass', () => {
  const renewing = (afterMs: number) => {
    const scene = new Scene()
    scene.renewAtMs = START_MS + afterMs
    return scene.starts().welcomes()
  }

  it('is asked for in time, and once until it is overdue', () => {
    const scene = renewing(60_000).after(59_999)
    expect(scene.sent('passWanted')).toEqual([])
    scene.after(1)
    expect(scene.sent('passWanted').length).toBe(1)
    scene.after(PASS_RENEWAL_RETRY_MS - 1)
    expect(scene.sent('passWanted').length).toBe(1)
    scene.after(1)
    expect(scene.sent('passWanted').length).toBe(2)
  })

  it('is handed on when it comes, and then asked for when its own time has come', () => {
    const scene = renewing(60_000).after(60_000).says({ kind: 'pass', pass: 'next' })
    expect(scene.told).toEqual(['entered', 'passRenewed next'])
    scene.give({ kind: 'pass', pass: 'next', renewAtMs: scene.nowMs + 500_000 }).after(499_999)
    expect(scene.sent('passWanted').length).toBe(1)
    scene.after(1)
    expect(scene.sent('passWanted').length).toBe(2)
  })

  it('that another room gave needs no asking', () => {
    const scene = renewing(60_000).after(50_000)
    scene.give({ kind: 'pass', pass: 'next', renewAtMs: NEVER }).after(600_000)
    expect(scene.sent('passWanted')).toEqual([])
  })

  it('is not asked for without a socket, and a room that will not give it is asked again', () => {
    const scene = renewing(60_000)
    scene.passes = 'awaited'
    scene.closes().after(100_000)
    expect([scene.machine.state, scene.sent('passWanted')]).toEqual(['admitting', []])
    scene.give({ kind: 'pass', pass: 'old', renewAtMs: scene.nowMs }).welcomes().after(10_000)
    scene.says({ kind: 'refusal', code: 'misconfigured', refusedType: 0x18, retryAfterMs: 0 })
    expect([scene.machine.state, scene.sent('passWanted').length]).toEqual(['joined', 1])
    scene.after(PASS_RENEWAL_RETRY_MS)
    expect(scene.sent('passWanted').length).toBe(2)
  })
})
