// Breakers of a class and of its objects; and who is turned away when there is too much.

import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../../protocol/breaker/breaker.ts'
import { Shedding } from '../../../protocol/breaker/shedding.ts'
import { BreakerTable, type ObjectCall } from '../../../protocol/breaker/table.ts'
import { PRIORITIES } from '../../../protocol/priority.ts'

const START = 1_000_000

function scene(objectsMax?: number) {
  const table = new BreakerTable(() => 0.5, objectsMax)
  const scene = {
    table,
    nowMs: START,
    begins(name: string): ObjectCall | undefined {
      const verdict = table.ask(name, scene.nowMs)
      return verdict.pass ? verdict.call : undefined
    },
    /** Whether the call was let through. */
    call(name: string, outcome: Outcome = 'succeeded'): boolean {
      const call = scene.begins(name)
      if (call !== undefined) table.ended(call, outcome, scene.nowMs)
      return call !== undefined
    },
    refusedBy(name: string): 'object' | 'class' | undefined {
      const verdict = table.ask(name, scene.nowMs)
      if (!verdict.pass) return verdict.by
      table.ended(verdict.call, 'unheard', scene.nowMs)
      return undefined
    },
  }
  return scene
}

describe('a class of objects', () => {
  it('stays open to others however often one bad object is called', () => {
    const one = scene()
    // All at once: none of them knew of the others when it began, and none is the probe of a breaker that opened meanwhile.
    const calls = Array.from({ length: 500 }, () => one.begins('bad'))
    for (const call of calls) if (call !== undefined) one.table.ended(call, 'failed', one.nowMs)
    expect(one.table.ask('bad', one.nowMs)).toMatchObject({ by: 'object', retryAfterMs: 1_000 })
    for (let i = 0; i < 200; i++) {
      one.nowMs += 500
      one.call('bad', 'failed')
      expect(one.refusedBy(`good ${i}`)).toBe(undefined)
    }
    expect([one.refusedBy('bad'), one.table.state]).toEqual(['object', 'closed'])
  })

  it('says whose breaker it was, and when to come again, each by a chance of its own', () => {
    const table = new BreakerTable(() => 0)
    const fails = (name: string) => {
      const verdict = table.ask(name, START)
      if (verdict.pass) table.ended(verdict.call, 'failed', START)
    }
    for (let i = 0; i < 5; i++) fails('bad')
    expect(table.ask('bad', START)).toEqual({ pass: false, by: 'object', retryAfterMs: 750 })
    for (let i = 0; i < 15; i++) fails(`object ${i}`)
    expect(table.ask('good', START)).toEqual({ pass: false, by: 'class', retryAfterMs: 750 })
  })

  it('closes for a few that fail as well, while none of them is known to be bad', () => {
    const one = scene()
    for (let i = 0; i < 20; i++) one.call(`object ${i % 5}`, 'failed')
    expect(one.refusedBy('another')).toBe('class')
  })

  it('learns that it is well from an object that was bad, and lets that off for two good calls in a row, and not for one', () => {
    const one = scene()
    for (let i = 0; i < 5; i++) one.call('bad', 'failed')
    for (let i = 0; i < 15; i++) one.call(`object ${i}`, 'failed')
    one.nowMs += 1_000
    one.call('bad')
    expect(one.table.objects()['half-open']).toBe(1)
    one.call('bad')
    expect([one.table.state, one.table.objects()['half-open']]).toEqual(['closed', 0])
    expect(one.table.counts(one.nowMs)).toMatchObject({ calls: 2, failed: 0 })
  })

  it('does not doubt an object whose caller went away', () => {
    const one = scene()
    const call = one.begins('slow') as ObjectCall
    one.nowMs += 60_000
    one.table.ended(call, 'unheard', one.nowMs)
    expect(one.table.objects().closed).toBe(0)
  })

  it('closes to everybody when its objects fail one and all, and opens again', () => {
    const one = scene()
    let passed = 0
    for (let i = 0; i < 100; i++) if (one.call(`object ${i}`, 'failed')) passed++
    expect([passed, one.refusedBy('another'), one.table.health(one.nowMs)]).toEqual([
      20,
      'class',
      'unhealthy',
    ])
    one.nowMs += 1_000
    expect([one.call('another'), one.call('third')]).toEqual([true, true])
    expect([one.table.state, one.refusedBy('fourth')]).toEqual(['closed', undefined])
  })

  it('does not take the probe of an object that the class refuses', () => {
    const one = scene()
    for (let i = 0; i < 5; i++) one.call('bad', 'failed')
    for (let i = 0; i < 30; i++) one.call(`object ${i}`, 'failed')
    one.nowMs += 1_000
    const probe = one.begins('another') as ObjectCall
    expect([one.refusedBy('bad'), one.refusedBy('bad')]).toEqual(['class', 'class'])
    one.table.ended(probe, 'succeeded', one.nowMs)
    expect([one.call('third'), one.call('bad'), one.call('bad')]).toEqual([true, true, true])
    expect(one.table.objects().open).toBe(0)
  })

  it('remembers those that failed, and only so many, and no longer than it must', () => {
    const one = scene(3)
    for (let i = 0; i < 1_000; i++) one.call(`good ${i}`)
    expect(one.table.objects()).toEqual({ closed: 0, 'half-open': 0, open: 0 })
    for (const name of ['a', 'b', 'c', 'd']) one.call(name, 'failed')
    expect(one.table.objects().closed).toBe(3)
    one.nowMs += 10_000
    for (const name of ['b', 'c', 'd']) one.call(name)
    expect(one.table.objects()).toEqual({ closed: 0, 'half-open': 0, open: 0 })
  })
})

describe('shedding', () => {
  it('turns nobody away while it is calm', () => {
    const shedding = new Shedding()
    for (let i = 0; i < 100; i++)
      for (const priority of PRIORITIES) expect(shedding.enter(priority, false, 1_000).pass).toBe(true)
  })

  it('turns away the least important first and most, and the critical never', () => {
    const shedding = new Shedding()
    for (let i = 0; i < 750; i++) for (const priority of PRIORITIES) shedding.enter(priority, false, 750)
    const { critical, high, normal, low } = shedding.shed
    expect(critical).toBe(0)
    expect(low).toBeGreaterThan(normal)
    expect(normal).toBeGreaterThan(high)
    expect(high).toBeGreaterThan(0)
    expect(shedding.inFlight).toMatchObject({ critical: 750, high: 250 })
  })

  it('holds each to its share from its part of the most on, and no longer than it is so full', () => {
    const shedding = new Shedding()
    const enters = (priority: (typeof PRIORITIES)[number]) => shedding.enter(priority, false, 100).pass
    for (let i = 0; i < 42; i++) enters('critical')
    expect(Array.from({ length: 9 }, () => enters('low'))).toEqual([...Array(8).fill(true), false])
    shedding.leave('critical')
    expect([enters('low'), enters('low')]).toEqual([true, false])
  })

  it('leaves one of each even where the most is next to nothing', () => {
    const shedding = new Shedding()
    expect([1, 2].map(() => shedding.enter('low', true, 1).pass)).toEqual([true, false])
  })

  it('holds each to its share while what it calls is slow, and lets it in again when others have left', () => {
    const shedding = new Shedding()
    const enters = (priority: (typeof PRIORITIES)[number]) => shedding.enter(priority, true, 75).pass
    for (const [priority, share] of [
      ['normal', 10],
      ['low', 5],
    ] as const) {
      for (let i = 0; i < share; i++) expect(enters(priority)).toBe(true)
      expect(enters(priority)).toBe(false)
      shedding.leave(priority)
      expect(enters(priority)).toBe(true)
    }
    for (let i = 0; i < 40; i++) expect(enters('high')).toBe(true)
    expect(shedding.enter('low', true, 75)).toEqual({ pass: false, retryAfterMs: 5_000 })
    expect(shedding.enter('low', false, 150)).toEqual({ pass: true })
  })
})
