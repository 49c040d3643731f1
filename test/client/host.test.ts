// What a host asks of the platform's timers, which cost a busy page more than its machines do.

import { describe, expect, it } from 'vitest'
import { Host } from '../../client/host.ts'

/** Wants to be woken some milliseconds after it last heard anything. */
class Patient {
  wakeAtMs: number | undefined
  wakes = 0
  readonly #afterMs: number

  constructor(afterMs: number) {
    this.#afterMs = afterMs
  }

  receive(input: { readonly kind: 'heard' | 'wake' }, nowMs: number): readonly never[] {
    if (input.kind === 'wake') this.wakes++
    this.wakeAtMs = input.kind === 'wake' ? undefined : nowMs + this.#afterMs
    return []
  }
}

function hosted(afterMs: number) {
  const clock = { nowMs: 0, set: 0, alarms: new Map<number, () => void>() }
  const machine = new Patient(afterMs)
  const host = new Host(machine, () => {}, {
    nowMs: () => clock.nowMs,
    setAlarm: (atMs, ring) => {
      const id = ++clock.set
      clock.alarms.set(id, () => atMs <= clock.nowMs && clock.alarms.delete(id) && ring())
      return { atMs, cancel: () => clock.alarms.delete(id) }
    },
  })
  const passes = (ms: number) => {
    clock.nowMs += ms
    for (const ring of [...clock.alarms.values()]) ring()
  }
  return { clock, machine, host, passes }
}

describe('a host', () => {
  it('sets no new alarm for each input that puts the wake off, and wakes in time all the same', () => {
    const { clock, machine, host, passes } = hosted(500)
    for (let i = 0; i < 1_000; i++) {
      host.give({ kind: 'heard' })
      passes(1)
    }
    expect(clock.set).toBeLessThanOrEqual(3)
    expect(machine.wakes).toBe(0)
    passes(498)
    expect(machine.wakes).toBe(0)
    passes(1)
    expect(machine.wakes).toBe(1)
    expect(clock.alarms.size).toBe(0)
  })

  it('has no alarm once its machine wants none, or it is stopped', () => {
    const { clock, machine, host } = hosted(500)
    host.give({ kind: 'heard' })
    expect(clock.alarms.size).toBe(1)
    machine.wakeAtMs = undefined
    host.give({ kind: 'wake' })
    expect(clock.alarms.size).toBe(0)
    host.give({ kind: 'heard' })
    host.stop()
    expect(clock.alarms.size).toBe(0)
  })
})
