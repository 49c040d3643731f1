// The machine that says which of several edges is used, in virtual time: given up, looked for, gone back to.

import { describe, expect, it } from 'vitest'
import { EdgesMachine, NEVER } from '../../../protocol/edges/machine.ts'
import {
  EDGE_PAUSE_MOST_MS,
  EDGE_RETURN_MS,
  EDGE_RETURN_SPREAD_MS,
  EDGE_STEADY_MS,
} from '../../../protocol/limits/edges.ts'
import { seeded } from '../../support/seeded.ts'

/** Edges that are there or not, at the times of a clock that goes from wake to wake. */
class Scene {
  readonly machine: EdgesMachine
  readonly there: boolean[]
  readonly uses: { readonly edge: number; readonly atMs: number }[] = []
  readonly looks: { readonly edge: number; readonly atMs: number }[] = []
  nowMs = 1_000_000
  /** An answer, or the lack of one, takes so long. */
  answerMs = 50
  #answers: { readonly edge: number; readonly atMs: number }[] = []

  constructor(learnt: boolean[], seed = 1, phaseMs = 0) {
    this.machine = new EdgesMachine({ learnt, random: seeded(seed), phaseMs })
    this.there = learnt.map(() => true)
  }

  give(input: Parameters<EdgesMachine['receive']>[0]): void {
    for (const { kind, edge } of this.machine.receive(input, this.nowMs)) {
      if (kind === 'use') this.uses.push({ edge, atMs: this.nowMs })
      else {
        this.looks.push({ edge, atMs: this.nowMs })
        this.#answers.push({ edge, atMs: this.nowMs + this.answerMs })
      }
    }
  }

  start(use = 0, failed: number[] = []): this {
    this.give({ kind: 'start', use, failed })
    return this
  }

  pass(ms: number): this {
    const untilMs = this.nowMs + ms
    for (;;) {
      this.#answers.sort((one, other) => one.atMs - other.atMs)
      const [answer] = this.#answers
      const wakeAtMs = this.machine.wakeAtMs ?? Number.POSITIVE_INFINITY
      const atMs = Math.min(answer?.atMs ?? Number.POSITIVE_INFINITY, wakeAtMs)
      if (atMs > untilMs) break
      this.nowMs = Math.max(this.nowMs, atMs)
      if (answer !== undefined && answer.atMs <= atMs) {
        this.#answers.shift()
        this.give({ kind: 'looked', edge: answer.edge, answered: this.there[answer.edge] === true })
      } else this.give({ kind: 'wake' })
    }
    this.nowMs = untilMs
    return this
  }

  get states(): string[] {
    return this.there.map((_, edge) => this.machine.stateOf(edge))
  }
}

const two = (seed?: number, phaseMs?: number) => new Scene([false, false], seed, phaseMs).start()

describe('several edges', () => {
  it('are left alone while all is well', () => {
    const scene = two().pass(3_600_000)
    expect([scene.looks, scene.uses, scene.states]).toEqual([[], [], ['healthy', 'untried']])
  })

  it('are looked at when a socket breaks, and kept when they answer', () => {
    const scene = two()
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(60_000)
    expect([scene.uses, scene.states]).toEqual([[], ['healthy', 'healthy']])
    expect(scene.looks.map(({ edge }) => edge)).toEqual([0, 1])
  })

  it('are given up after three failures, within seconds', () => {
    const scene = two()
    scene.there[0] = false
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(2_000)
    expect(scene.uses).toEqual([{ edge: 1, atMs: expect.any(Number) }])
    const usedMs = scene.uses[0]?.atMs ?? 0
    expect(scene.looks.filter(({ edge, atMs }) => edge === 0 && atMs < usedMs).length).toBe(3)
    expect(scene.machine.order).toEqual([1])
  })

  it('are given up when their sockets let nobody in, whatever else they answer', () => {
    const scene = two()
    for (let i = 0; i < 3; i++) {
      // Ten rooms at once say one thing.
      for (let room = 0; room < 10; room++) scene.give({ kind: 'shut', edge: 0 })
      expect(scene.uses.length).toBe(i === 2 ? 1 : 0)
      scene.pass(1_000)
    }
    expect(scene.machine.current).toBe(1)
  })

  it('are gone back to once they were well for a while, at the end of a period', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const scene = two(seed, 7_000)
      scene.there[0] = false
      scene.give({ kind: 'interrupted', edge: 0 })
      scene.pass(600_000)
      const backMs = scene.nowMs
      scene.there[0] = true
      scene.pass(EDGE_PAUSE_MOST_MS + EDGE_STEADY_MS * 2 + EDGE_RETURN_MS + EDGE_RETURN_SPREAD_MS)
      expect(scene.machine.current).toBe(0)
      const { atMs } = scene.uses[1] as { atMs: number }
      expect(atMs - backMs).toBeGreaterThan(EDGE_STEADY_MS)
      expect((atMs + 7_000) % EDGE_RETURN_MS).toBeLessThan(EDGE_RETURN_SPREAD_MS)
      expect(scene.pass(3_600_000).uses.length).toBe(2)
    }
  })

  it('are trusted later each time they fail again', () => {
    const scene = two()
    const returns: number[] = []
    for (let round = 0; round < 3; round++) {
      scene.there[0] = false
      scene.give({ kind: 'interrupted', edge: 0 })
      scene.pass(3_000)
      scene.there[0] = true
      const upMs = scene.nowMs
      scene.pass(600_000)
      returns.push((scene.uses.at(-1)?.atMs ?? 0) - upMs)
      // Well for a minute, and gone again.
      scene.nowMs -= 500_000
    }
    expect(returns[1]).toBeGreaterThan(20_000)
    expect(returns[2]).toBeGreaterThan(80_000)
  })

  it('are looked for seldom, however long they are gone', () => {
    const scene = two()
    scene.there[0] = false
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(3_600_000)
    const looks = scene.looks.filter(({ edge }) => edge === 0).length
    expect(looks).toBeLessThan(3_600_000 / (EDGE_PAUSE_MOST_MS / 2))
    expect(looks).toBeGreaterThan(3_600_000 / (EDGE_PAUSE_MOST_MS * 1.2))
  })

  it('are used out of their order when nothing else is there', () => {
    const scene = two()
    scene.there.fill(false)
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(60_000)
    expect(scene.states).toEqual(['failed', 'failed'])
    scene.there[1] = true
    scene.pass(EDGE_PAUSE_MOST_MS + 100)
    expect(scene.machine.current).toBe(1)
    scene.there[0] = true
    scene.pass(90_000)
    expect(scene.machine.current).toBe(0)
  })

  it('are taken up again at once when the network is back', () => {
    const scene = two()
    scene.there.fill(false)
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(3_600_000)
    scene.there.fill(true)
    scene.give({ kind: 'networkChanged' })
    scene.pass(100)
    expect(scene.states.includes('healthy')).toBe(true)
  })

  it('that are learnt on the way are tried by their ranks, and not when nobody tells of them any more', () => {
    const scene = new Scene([false]).start()
    const learns = (edge: number, rank: number, isNew = true, isThere = true) => {
      scene.there[edge] = isThere
      scene.give({ kind: 'learnt', edge, rank, isNew })
    }
    learns(1, 1_001)
    learns(2, 1_000)
    learns(3, 999)
    learns(3, NEVER, false)
    scene.pass(60_000)
    expect(scene.looks).toEqual([])
    scene.there[0] = false
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(5_000)
    expect(scene.uses.map(({ edge }) => edge)).toEqual([2])
    scene.there[2] = false
    scene.give({ kind: 'interrupted', edge: 2 })
    scene.pass(5_000)
    expect(scene.uses.map(({ edge }) => edge)).toEqual([2, 1])
    // In a place that was another's, while nothing is there: looked at at once.
    scene.there[1] = false
    scene.give({ kind: 'interrupted', edge: 1 })
    scene.pass(5_000)
    learns(3, 1_000)
    scene.pass(100)
    expect(scene.uses.map(({ edge }) => edge)).toEqual([2, 1, 3])
    scene.there[0] = true
    scene.pass(60_000)
    expect(scene.machine.current).toBe(0)
    expect(() => learns(0, 1)).toThrow(RangeError)
    expect(() => learns(9, 1)).toThrow(RangeError)
  })

  it('that were learnt are used when none of the others is there, and no longer', () => {
    const scene = new Scene([false, false, true]).start()
    scene.there[0] = false
    scene.there[1] = false
    scene.give({ kind: 'interrupted', edge: 0 })
    scene.pass(30_000)
    expect(scene.machine.current).toBe(2)
    scene.there[1] = true
    scene.pass(90_000)
    expect(scene.machine.current).toBe(1)
    expect(scene.machine.order).toEqual([1])
  })

  it('break no invariant, whatever happens', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seeded(seed)
      const scene = new Scene([false, false, true], seed, 3_000).start(0)
      for (let step = 0; step < 60; step++) {
        const edge = Math.floor(random() * 3)
        scene.there[edge] = random() < 0.5
        scene.answerMs = random() * 3_000
        const kind = (['interrupted', 'shut', 'entered', 'networkChanged'] as const)[Math.floor(random() * 4)]
        scene.give(kind === 'networkChanged' ? { kind } : { kind: kind ?? 'entered', edge })
        const before = scene.looks.length
        scene.pass(random() * 30_000)
        expect(scene.looks.length - before).toBeLessThan(150)
        expect(scene.machine.order[0]).toBe(scene.machine.current)
      }
      for (const [i, use] of scene.uses.entries()) expect(use.edge).not.toBe(scene.uses[i - 1]?.edge ?? 0)
      scene.there.fill(true)
      scene.pass(900_000)
      expect(scene.machine.current).toBe(0)
    }
  })
})
