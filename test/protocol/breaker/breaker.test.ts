// The circuit breaker: when it opens, whom it lets through meanwhile, and when it closes. Time is moved by hand.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BREAKER, Breaker, type Call, type Outcome, type Verdict } from '../../../protocol/breaker/breaker.ts'

/** As far from the beginning of time as now is: nobody counts all that was since. */
const START = 1_700_000_000_000

/** A breaker, a clock, and calls that end after so long. */
function scene(config: Partial<typeof BREAKER> = {}) {
  const breaker = new Breaker({ ...BREAKER, ...config })
  const scene = {
    breaker,
    nowMs: START,
    begins(): Call {
      const verdict = breaker.ask(scene.nowMs)
      if (!verdict.pass) throw new Error('refused')
      return verdict.call
    },
    calls(outcome: Outcome, times = 1, tookMs = 10): void {
      for (let i = 0; i < times; i++) {
        const call = scene.begins()
        scene.nowMs += tookMs
        breaker.ended(call, outcome, scene.nowMs)
      }
    },
    refusal(): number | undefined {
      const verdict: Verdict = breaker.ask(scene.nowMs)
      if (!verdict.pass) return verdict.retryAfterMs
      breaker.ended(verdict.call, 'unheard', scene.nowMs)
      return undefined
    },
    opens(): void {
      while (breaker.state === 'closed') scene.calls('failed')
      expect(breaker.state).toBe('open')
    },
  }
  return scene
}

describe('a closed breaker', () => {
  it('stays closed while fewer than half of the calls are bad', () => {
    const one = scene()
    for (let i = 0; i < 100; i++) one.calls(i % 5 > 2 ? 'failed' : 'succeeded')
    expect(one.breaker.state).toBe('closed')
    const half = scene()
    for (let i = 0; i < 6; i++) half.calls(i % 2 ? 'failed' : 'succeeded')
    expect(half.breaker.state).toBe('open')
  })

  it('opens with the fifth bad call and not before, and says when to come again', () => {
    const one = scene()
    one.calls('failed', 4)
    expect(one.breaker.state).toBe('closed')
    one.calls('failed')
    expect(one.breaker.state).toBe('open')
    expect(one.refusal()).toBe(1_000)
    one.nowMs += 400
    expect(one.refusal()).toBe(600)
  })

  it('opens for calls that succeed too late', () => {
    const one = scene({ windowMs: 60_000 })
    one.calls('succeeded', 4, BREAKER.slowMs)
    expect(one.breaker.state).toBe('closed')
    one.calls('succeeded', 1, BREAKER.slowMs)
    expect(one.breaker.state).toBe('open')
    const fast = scene({ windowMs: 60_000 })
    fast.calls('succeeded', 50, BREAKER.slowMs - 1)
    expect(fast.breaker.state).toBe('closed')
  })

  it('forgets what was longer ago than its window', () => {
    const one = scene()
    one.calls('failed', 4)
    one.nowMs += BREAKER.windowMs
    one.calls('failed', 4)
    expect(one.breaker.state).toBe('closed')
    expect(one.breaker.counts(one.nowMs)).toMatchObject({ calls: 4, failed: 4 })
  })

  it('opens with a bad call, and not with a good one that makes their number up', () => {
    const one = scene()
    one.calls('failed', 4)
    one.calls('succeeded')
    expect(one.breaker.state).toBe('closed')
    one.calls('failed')
    expect(one.breaker.state).toBe('open')
  })

  it('forgets little by little, and what it forgot at once it does not forget again', () => {
    const one = scene()
    const counts = () => one.breaker.counts(one.nowMs)
    one.calls('failed', 2, 0)
    one.nowMs += BREAKER.windowMs / 2
    one.calls('failed', 1, 0)
    one.nowMs += BREAKER.windowMs / 2
    expect(counts()).toEqual({ calls: 1, failed: 1, bad: 1, late: 1 })
    one.opens()
    one.nowMs += BREAKER.openMs
    one.calls('succeeded', 2)
    one.nowMs += BREAKER.windowMs - BREAKER.openMs
    expect(counts()).toEqual({ calls: 2, failed: 0, bad: 0, late: 0 })
  })

  it('hears nothing of what ended for other reasons', () => {
    const one = scene()
    one.calls('unheard', 100)
    expect(one.breaker.counts(one.nowMs).calls).toBe(0)
  })
})

describe('an open breaker', () => {
  it('lets one probe through when its time is over, and nobody beside it', () => {
    const one = scene()
    one.opens()
    one.nowMs += 999
    expect(one.refusal()).toBe(1)
    one.nowMs += 1
    const probe = one.begins()
    expect(one.breaker.state).toBe('half-open')
    expect(one.refusal()).toBe(BREAKER.probeMs)
    one.breaker.ended(probe, 'succeeded', one.nowMs)
    expect(one.breaker.state).toBe('half-open')
    one.calls('succeeded')
    expect(one.breaker.state).toBe('closed')
    expect(one.breaker.health(one.nowMs)).toBe('healthy')
  })

  it('opens again for twice as long with each probe that fails, and no longer than the most', () => {
    const one = scene()
    one.opens()
    for (const openMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect(one.refusal()).toBe(openMs)
      one.nowMs += openMs
      one.calls('failed', 1, 0)
      expect(one.breaker.state).toBe('open')
    }
    one.nowMs += 30_000
    one.calls('succeeded', 2)
    one.opens()
    expect(one.refusal()).toBe(1_000)
  })

  it('takes a slow probe for a bad one, and one that never ends for lost', () => {
    const slow = scene()
    slow.opens()
    slow.nowMs += 1_000
    slow.calls('succeeded', 1, BREAKER.slowMs)
    expect(slow.breaker.state).toBe('open')
    const lost = scene()
    lost.opens()
    lost.nowMs += 1_000
    const probe = lost.begins()
    lost.nowMs += BREAKER.probeMs
    expect([lost.refusal(), lost.refusal()]).toEqual([2_000, 2_000])
    lost.breaker.ended(probe, 'succeeded', lost.nowMs)
    expect(lost.breaker.state).toBe('open')
  })

  it('closes for good probes in a row: of those before a bad one none counts', () => {
    const one = scene()
    one.opens()
    one.nowMs += 1_000
    one.calls('succeeded')
    one.calls('failed')
    one.nowMs += 2_000
    one.calls('succeeded')
    expect(one.breaker.state).toBe('half-open')
  })

  it('lets the next probe through when one said nothing', () => {
    const one = scene()
    one.opens()
    one.nowMs += 1_000
    one.calls('unheard', 3)
    one.calls('succeeded', 2)
    expect(one.breaker.state).toBe('closed')
  })

  it('is not moved by calls that began before it opened', () => {
    const one = scene()
    const old = Array.from({ length: 20 }, () => one.begins())
    one.opens()
    one.nowMs += 1_000
    const probe = one.begins()
    for (const call of old) one.breaker.ended(call, 'succeeded', one.nowMs)
    expect(one.breaker.state).toBe('half-open')
    one.breaker.ended(probe, 'failed', one.nowMs)
    for (const call of old) one.breaker.ended(call, 'failed', one.nowMs)
    expect(one.refusal()).toBe(2_000)
  })

  it('hears nothing, once it is closed again, of what began before', () => {
    const one = scene()
    const old = Array.from({ length: 20 }, () => one.begins())
    one.opens()
    one.nowMs += 1_000
    one.calls('succeeded', 2)
    for (const call of old) one.breaker.ended(call, 'failed', one.nowMs)
    expect(one.breaker.state).toBe('closed')
    expect(one.breaker.counts(one.nowMs)).toMatchObject({ calls: 2, failed: 0 })
  })

  it('is probed by different ones at different times', () => {
    const openForMs = (random: number) => {
      const breaker = new Breaker(BREAKER, () => random)
      for (let i = 0; i < 5; i++) breaker.noted(START, 'failed', START)
      const verdict = breaker.ask(START)
      return verdict.pass ? 0 : verdict.retryAfterMs
    }
    expect([openForMs(0), openForMs(0.999)]).toEqual([750, 1_250])
  })
})

describe('health', () => {
  const healthAfter = (...calls: readonly (readonly [Outcome, number, number])[]) => {
    const one = scene({ windowMs: 600_000, callsLeast: 1_000 })
    for (const [outcome, times, tookMs] of calls) one.calls(outcome, times, tookMs)
    return one.breaker.health(one.nowMs)
  }

  it('follows the rules: 95 % and prompt, 80 %, else, nothing', () => {
    expect(healthAfter()).toBe('unknown')
    expect(healthAfter(['succeeded', 95, 10], ['failed', 5, 10])).toBe('healthy')
    expect(healthAfter(['succeeded', 94, 10], ['failed', 6, 10])).toBe('degraded')
    expect(healthAfter(['succeeded', 80, 10], ['failed', 20, 10])).toBe('degraded')
    expect(healthAfter(['succeeded', 79, 10], ['failed', 21, 10])).toBe('unhealthy')
    expect(healthAfter(['succeeded', 95, 500], ['succeeded', 5, 501])).toBe('healthy')
    expect(healthAfter(['succeeded', 94, 10], ['succeeded', 6, 501])).toBe('degraded')
  })

  it('is unhealthy while it is not closed, and unknown when nothing was called for a while', () => {
    const one = scene()
    one.opens()
    one.nowMs += 60_000
    expect(one.breaker.health(one.nowMs)).toBe('unhealthy')
    one.begins()
    expect(one.breaker.health(one.nowMs)).toBe('unhealthy')
    const calm = scene()
    calm.calls('succeeded')
    calm.nowMs += BREAKER.windowMs
    expect(calm.breaker.health(calm.nowMs)).toBe('unknown')
  })
})

it('whatever happens: no two probes at once, no call while open, and it closes for whoever does well long enough', () => {
  const step = fc.record({
    afterMs: fc.nat(5_000),
    outcome: fc.constantFrom<Outcome>('succeeded', 'failed', 'unheard'),
    tookMs: fc.nat(12_000),
    ask: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const breaker = new Breaker()
      let nowMs = START
      const out: Call[] = []
      for (const { afterMs, outcome, ask } of steps) {
        nowMs += afterMs
        const before = breaker.state
        const verdict = ask ? breaker.ask(nowMs) : undefined
        if (verdict?.pass) {
          expect(breaker.state).toBe(before === 'closed' ? 'closed' : 'half-open')
          const others = out.filter(({ era }) => era === verdict.call.era)
          if (breaker.state === 'half-open') expect(others).toEqual([])
          out.push(verdict.call)
        } else if (verdict !== undefined) expect(verdict.retryAfterMs).toBeGreaterThan(0)
        const [done] = ask ? [] : out.splice(0, 1)
        if (done !== undefined) breaker.ended(done, outcome, nowMs)
        const { calls, failed, bad, late } = breaker.counts(nowMs)
        expect(0 <= failed && failed <= bad && bad <= late && late <= calls).toBe(true)
      }
      nowMs += 60_000
      for (let i = 0; i < 4; i++) {
        const verdict = breaker.ask(nowMs)
        if (verdict.pass) breaker.ended(verdict.call, 'succeeded', nowMs)
        nowMs += 60_000
      }
      expect(breaker.state).toBe('closed')
    }),
    { numRuns: 500 },
  )
})
