// The owner's pass: no socket without one, a new one when it is refused, and the next one before it ends.

import { describe, expect, it } from 'vitest'
import { PASS_REFUSALS_MAX, PASS_RENEWAL_RETRY_MS } from '../../../protocol/limits/admission.ts'
import { encode } from '../../../protocol/wire/codec.ts'
import { CLOSE_CODE_BASE, REFUSAL, type RefusalCode } from '../../../protocol/wire/registry.ts'
import { START_MS } from '../kept-socket-scene.ts'
import { Scene } from './scene.ts'

const codeOf = (refusal: RefusalCode) => CLOSE_CODE_BASE + REFUSAL[refusal]
const awaiting = () => {
  const scene = new Scene()
  scene.passes = 'awaited'
  return scene.starts()
}

describe('a pass', () => {
  it('comes before the socket, however long it takes, and is shown on it', () => {
    const scene = awaiting().after(3_600_000)
    expect([scene.passesWanted, scene.opened, scene.machine.state]).toEqual([1, [], 'admitting'])
    scene.give({ kind: 'pass', pass: 'mine', renewAtMs: Number.POSITIVE_INFINITY }).isReady()
    expect([scene.shown, scene.told]).toEqual([['mine'], ['ready 3 50']])
  })

  it('nobody gives now is asked for again, and one nobody will ever give is the end', () => {
    const scene = awaiting().give({ kind: 'noPass', forGood: false })
    expect([scene.told, scene.machine.state]).toEqual([['interrupted'], 'waiting'])
    scene.after(1_000)
    expect(scene.passesWanted).toBe(2)
    scene.give({ kind: 'noPass', forGood: true })
    expect([scene.told, scene.machine.wakeAtMs]).toEqual([['interrupted', 'ended no-pass'], undefined])
  })

  it.each(['pass-expired', 'pass-forged'] as const)('refused as %s is given back for another', (refusal) => {
    const scene = new Scene().starts().closes(codeOf(refusal)).after(1_000)
    expect(scene.told).toEqual(['passRefused pass 1', 'interrupted'])
    expect([scene.shown, scene.isReady().machine.state]).toEqual([['pass 1', 'pass 2'], 'joined'])
  })

  it('refused again and again is given up; each time at home counts anew', () => {
    const scene = new Scene().starts()
    const refused = () => {
      scene.closes(codeOf('pass-forged'))
      while (scene.machine.state === 'waiting') scene.after(100)
    }
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < PASS_REFUSALS_MAX; i++) refused()
      scene.isReady().closes()
      while (scene.machine.state === 'waiting') scene.after(100)
    }
    for (let i = 0; i < PASS_REFUSALS_MAX; i++) refused()
    expect(scene.machine.state).toBe('connecting')
    refused()
    expect(scene.told.at(-1)).toBe('ended pass-refused')
  })
})

describe('the next pass', () => {
  const renewing = () => {
    const scene = new Scene()
    scene.renewAtMs = START_MS + 60_000
    return scene.starts().isReady()
  }

  it('is asked for in time, again when there is no answer, and handed on', () => {
    const scene = renewing().after(59_999)
    expect(scene.passWanted).toBe(0)
    scene.after(1)
    expect(scene.passWanted).toBe(1)
    scene.after(PASS_RENEWAL_RETRY_MS)
    expect(scene.passWanted).toBe(2)
    scene.sends(encode({ kind: 'pass', pass: 'next' }))
    expect(scene.told.at(-1)).toBe('passRenewed next')
    scene.give({ kind: 'pass', pass: 'next', renewAtMs: scene.nowMs + 500_000 }).after(499_999)
    expect(scene.passWanted).toBe(2)
    scene.after(1)
    expect(scene.passWanted).toBe(3)
  })

  it('is not asked for while there is no socket', () => {
    const scene = renewing()
    scene.passes = 'awaited'
    scene.closes().after(100_000)
    expect([scene.machine.state, scene.passWanted]).toEqual(['admitting', 0])
  })
})
