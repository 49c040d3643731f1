// The machine that says which of several edges is used, told one thing after another: what it remembers of each, and when it forgets.

import { describe, expect, it } from 'vitest'
import { type EdgesInput, EdgesMachine, NEVER } from '../../../protocol/edges/machine.ts'
import {
  EDGE_DOUBT_MS,
  EDGE_FAILURES_MAX,
  EDGE_PAUSE_LEAST_MS,
  EDGE_STEADY_MS,
} from '../../../protocol/limits/edges.ts'

/** Edges of which the first is in use, and a clock that stands still unless it is moved. */
class Alone {
  readonly machine: EdgesMachine
  readonly began: string[]
  nowMs = 1_000_000

  constructor(learnt: readonly boolean[], use = 0, failed: readonly number[] = []) {
    this.machine = new EdgesMachine({ learnt, random: () => 0.5, phaseMs: 0 })
    this.began = this.give({ kind: 'start', use, failed })
  }

  /** Which are looked at, and which is used, by that. */
  give(input: EdgesInput): string[] {
    return this.machine.receive(input, this.nowMs).map(({ kind, edge }) => `${kind} ${edge}`)
  }

  /** The next look at it, when its time has come, and what that came to. */
  looks(edge: number, answered: boolean): string[] {
    this.nowMs = Math.max(this.nowMs, this.machine.wakeAtMs ?? this.nowMs)
    const looked = this.give({ kind: 'wake' })
    return [...looked, ...this.give({ kind: 'looked', edge, answered })]
  }

  fails(edge: number): string[] {
    return Array.from({ length: EDGE_FAILURES_MAX }, () => this.looks(edge, false)).flat()
  }

  get states(): string[] {
    return [0, 1, 2].flatMap((edge) => {
      try {
        return this.machine.stateOf(edge)
      } catch {
        return []
      }
    })
  }
}

describe('at first', () => {
  it('the one that answered is in use, those before it have failed, and nothing is waited for where all is well', () => {
    const one = new Alone([false, false], 1, [0])
    expect([one.machine.current, one.states]).toEqual([1, ['failed', 'healthy']])
    expect(new Alone([false, false]).machine.wakeAtMs).toBe(undefined)
  })

  it('what one said last is gone by while none answers, and a learnt one is used where there is one', () => {
    const one = new Alone([false, false], 0, [0, 1])
    expect([one.machine.current, one.states, one.began]).toEqual([0, ['failed', 'failed'], []])
    expect(one.looks(1, true)).toContain('use 1')
    expect(new Alone([false, false, true], 0, [0, 1]).began).toEqual(['use 2'])
  })

  it('others are good for something when they may be used, and were not learnt', () => {
    const one = new Alone([false, false, true])
    expect(one.machine.order).toEqual([0, 1])
    one.give({ kind: 'entered', edge: 1 })
    expect(one.states).toEqual(['healthy', 'healthy', 'untried'])
  })
})

describe('an edge', () => {
  it('is in doubt while it is looked at, once at a time, and the next with it when it is the one in use', () => {
    const one = new Alone([false, false, true])
    expect(one.give({ kind: 'interrupted', edge: 1 })).toEqual(['look 1'])
    expect(one.give({ kind: 'interrupted', edge: 1 })).toEqual([])
    expect(one.give({ kind: 'looked', edge: 1, answered: true })).toEqual([])
    expect(one.states).toEqual(['healthy', 'healthy', 'untried'])
    // That is known to be well.
    expect(one.give({ kind: 'interrupted', edge: 0 })).toEqual(['look 0'])
    expect(one.states).toEqual(['doubted', 'healthy', 'untried'])
    expect(one.give({ kind: 'entered', edge: 0 })).toEqual([])
    expect(one.states[0]).toBe('healthy')
  })

  it('is given up for silences in a row: one answer, or one socket that is let in, and they are none', () => {
    for (const kind of ['looked', 'entered'] as const) {
      const one = new Alone([false, false])
      one.give({ kind: 'interrupted', edge: 0 })
      for (let n = 1; n < EDGE_FAILURES_MAX; n++) one.looks(0, false)
      one.give(kind === 'looked' ? { kind, edge: 0, answered: true } : { kind, edge: 0 })
      one.give({ kind: 'interrupted', edge: 0 })
      for (let n = 1; n < EDGE_FAILURES_MAX; n++) expect(one.looks(0, false)).not.toContain('use 1')
      expect(one.states[0]).toBe('doubted')
    }
  })

  it('is given up for sockets that were not let in, and looked at for each; one that is let in, and they are none', () => {
    const one = new Alone([false, false])
    const shut = () => {
      one.nowMs += EDGE_DOUBT_MS
      return one.give({ kind: 'shut', edge: 0 })
    }
    expect(shut()).toEqual(['look 0', 'look 1'])
    expect(one.states[0]).toBe('doubted')
    // Whatever it answers otherwise, it is in doubt.
    one.give({ kind: 'looked', edge: 0, answered: true })
    expect(one.states[0]).toBe('doubted')
    shut()
    one.give({ kind: 'entered', edge: 0 })
    expect([shut(), shut()].flat()).not.toContain('use 1')
    expect(shut()).toContain('use 1')
    expect([shut(), one.states[0]]).toEqual([[], 'failed'])
  })

  it('is looked for again and again, seldomer each time, and soon when the network changed', () => {
    const one = new Alone([false, false])
    one.give({ kind: 'interrupted', edge: 0 })
    one.give({ kind: 'looked', edge: 1, answered: true })
    one.fails(0)
    const waits: number[] = []
    for (let n = 0; n < 3; n++) {
      waits.push((one.machine.wakeAtMs ?? 0) - one.nowMs)
      one.looks(0, false)
    }
    expect(waits.map((ms) => ms / waits[0]!)).toEqual([1, 2, 4])
    expect(one.give({ kind: 'networkChanged' })).toEqual(['look 0', 'look 1'])
    one.give({ kind: 'looked', edge: 1, answered: true })
    one.give({ kind: 'looked', edge: 0, answered: false })
    expect((one.machine.wakeAtMs ?? 0) - one.nowMs).toBeLessThanOrEqual(EDGE_PAUSE_LEAST_MS)
  })
})

describe('an edge that was given up', () => {
  it('is trusted after answers in a row: one silence, and they are none', () => {
    const one = new Alone([false, false])
    one.give({ kind: 'interrupted', edge: 0 })
    one.give({ kind: 'looked', edge: 1, answered: true })
    one.fails(0)
    one.looks(0, true)
    expect(one.states[0]).toBe('recovering')
    one.looks(0, false)
    expect(one.states[0]).toBe('failed')
    const sinceMs = one.nowMs
    while (one.machine.current !== 0) one.looks(0, true)
    expect(one.states[0]).toBe('healthy')
    expect(one.nowMs - sinceMs).toBeGreaterThan(EDGE_STEADY_MS)
  })
})

describe('when nothing is left', () => {
  it('all are looked at that somebody tells of, and whichever answers is used, trusted or not', () => {
    const one = new Alone([false, false])
    one.give({ kind: 'learnt', edge: 2, rank: NEVER, isNew: true })
    one.give({ kind: 'interrupted', edge: 0 })
    one.give({ kind: 'looked', edge: 0, answered: true })
    one.give({ kind: 'interrupted', edge: 0 })
    for (const edge of [1, 0])
      for (let n = 0; n < EDGE_FAILURES_MAX; n++) {
        one.nowMs += EDGE_DOUBT_MS
        one.give({ kind: 'shut', edge })
      }
    expect(one.states).toEqual(['failed', 'failed', 'untried'])
    one.give({ kind: 'looked', edge: 1, answered: false })
    expect(one.give({ kind: 'looked', edge: 1, answered: true })).toEqual(['use 1'])
    expect([one.machine.current, one.states[1]]).toEqual([1, 'healthy'])
  })

  it('a learnt one is used after those that are not, and left for any of these', () => {
    const one = new Alone([true, false, false], 1)
    one.give({ kind: 'interrupted', edge: 1 })
    expect(one.fails(1)).toContain('use 2')
    expect(one.machine.order).toEqual([2])
  })
})
