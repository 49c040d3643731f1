// Whatever is said to the machine, in whatever order, by peers, rooms, tasks and hosts: it never spins, its effects fit each
// other, and what it holds on to it lets go of.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HANDSHAKE_DROPS } from '../../../protocol/crypto/handshake/drops.ts'
import type { KeyingEffect, KeyingInput, TaskResult } from '../../../protocol/keying/contract.ts'
import { KeyingMachine } from '../../../protocol/keying/machine.ts'

type Begun = Extract<KeyingEffect, { kind: 'begin' }>
const TYPES = ['m1', 'm2', 'm3', 'r1', 'r2', 'join', 'accept'] as const

/** Follows the effects as a host would, and throws when one makes no sense. */
class Watch {
  readonly tasks = new Map<number, Begun>()
  readonly sessions = new Set<number>()
  readonly attached = new Map<number, number>()
  readonly open = new Set<number>()
  current: number | undefined
  /** As many as were ever begun. */
  begun = 0

  see(effect: KeyingEffect): void {
    switch (effect.kind) {
      case 'begin':
        if (effect.task <= this.begun) throw new Error('a number was used twice')
        this.begun = effect.task
        this.tasks.set(effect.task, effect)
        return
      case 'end':
        if (!this.tasks.delete(effect.task)) throw new Error(`${effect.task} ended twice`)
        return
      case 'feed':
        if (!this.tasks.has(effect.task)) throw new Error(`${effect.task} is fed and is no more`)
        return
      case 'adopt':
        if (this.attached.size > 0) throw new Error('ways are left to the session before')
        if (!this.sessions.has(effect.session)) throw new Error('adopted and not established')
        this.current = effect.session
        return
      case 'retire':
        if (!this.sessions.delete(effect.session)) throw new Error(`${effect.session} retired twice`)
        return
      case 'attach':
        if (effect.session !== this.current) throw new Error('attached to another session')
        this.attached.set(effect.way, effect.path)
        return
      case 'open':
        if (!this.attached.has(effect.way)) throw new Error('open and not attached')
        this.open.add(effect.way)
        return
      case 'detach':
        if (!this.attached.delete(effect.way)) throw new Error('detached twice')
        this.open.delete(effect.way)
        return
      default:
        return
    }
  }
}

interface Step {
  readonly what: 'wanted' | 'up' | 'down' | 'message' | 'result' | 'heard' | 'broken' | 'unanswered' | 'wait'
  readonly a: number
  readonly b: number
  readonly c: number
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(
    ...(['wanted', 'up', 'up', 'down', 'message', 'message', 'message'] as const),
    ...(['result', 'result', 'result', 'result', 'heard', 'broken', 'unanswered', 'wait', 'wait'] as const),
  ),
  a: fc.nat(1_000),
  b: fc.nat(1_000),
  c: fc.nat(1_000),
})

const WAITS = [0, 1, 500, 1_000, 3_000, 10_000, 100_000, 86_400_000]
const bytes = (n: number) => Uint8Array.of(n % 3)

class Run {
  readonly watch = new Watch()
  readonly machine: KeyingMachine
  nowMs = 1_000_000
  #lastWay = 0
  #tickets = 3

  constructor(ours: boolean) {
    this.machine = new KeyingMachine({ ours, hasTicket: () => this.#tickets > 0 })
  }

  give(input: KeyingInput): void {
    for (const effect of this.machine.receive(input, this.nowMs)) {
      this.watch.see(effect)
      if (effect.kind === 'begin' && effect.as === 'resume') this.#tickets--
    }
  }

  takes({ what, a, b, c }: Step): void {
    const way = 1 + (b % Math.max(1, this.#lastWay))
    switch (what) {
      case 'up':
        this.#lastWay++
        return this.give({ kind: 'wayUp', way: this.#lastWay, path: a % 3 ? 'relay' : 'webrtc', life: b % 2 })
      case 'down':
        // As a host does: first no records there, then it is told.
        this.watch.attached.delete(way)
        this.watch.open.delete(way)
        return this.give({ kind: 'wayDown', way })
      case 'message':
        return this.give({ kind: 'message', way, type: TYPES[a % TYPES.length] as 'm1', bytes: bytes(c) })
      case 'result':
        return this.#result(a, b, c)
      case 'heard': {
        const sessions = [...this.watch.sessions]
        return sessions.length === 0
          ? undefined
          : this.give({ kind: 'heard', session: sessions[a % sessions.length] as number, way })
      }
      case 'broken':
        return this.give({ kind: 'broken', way })
      case 'wait':
        return this.waits(WAITS[a % WAITS.length] as number)
      default:
        return this.give({ kind: what })
    }
  }

  /** What a task of that kind can come to, or a straggler of one that ended. */
  #result(a: number, b: number, c: number): void {
    const tasks = [...this.watch.tasks.values()]
    const begun = tasks[a % Math.max(1, tasks.length)]
    if (begun === undefined) return this.give({ kind: 'result', task: b, result: { kind: 'impossible' } })
    const { as, task } = begun
    const reply = c % 2 ? bytes(c) : undefined
    const result: TaskResult[] = [
      { kind: 'says', bytes: bytes(c) },
      { kind: 'repeats', bytes: bytes(c) },
      { kind: 'drop', reason: HANDSHAKE_DROPS[c % HANDSHAKE_DROPS.length] as 'mac' },
      { kind: 'impossible' },
    ]
    if (as === 'join' || as === 'accept') result.push({ kind: 'joined', path: 2 + c, reply })
    // A task establishes once, as key-work.ts sees to.
    else if (!this.watch.sessions.has(task) && task !== this.watch.current) {
      this.watch.sessions.add(task)
      const role = as === 'dial' || as === 'resume' ? 'initiator' : 'responder'
      const said = as === 'answer' ? undefined : bytes(c)
      const authenticatedAtMs = this.nowMs - (b % 2 ? 0 : 86_399_000)
      const known = this.watch.sessions.size
      this.give({
        kind: 'result',
        task,
        result: { kind: 'established', role, authenticatedAtMs, reply: said },
      })
      if (known < this.watch.sessions.size) throw new Error('sessions come from nowhere')
      return
    }
    this.give({ kind: 'result', task, result: result[b % result.length] as TaskResult })
  }

  waits(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let at = this.machine.wakeAtMs; at !== undefined && at <= untilMs; at = this.machine.wakeAtMs) {
      this.nowMs = Math.max(this.nowMs, at)
      this.give({ kind: 'wake' })
      const next = this.machine.wakeAtMs
      if (next !== undefined && next <= this.nowMs)
        throw new Error(`woken at ${this.nowMs}, and again at ${next}`)
    }
    this.nowMs = untilMs
  }
}

describe('the keying machine', () => {
  it('moves on whenever it is woken, and its effects fit each other', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 120 }), (ours, steps) => {
        const run = new Run(ours)
        for (const each of steps) {
          run.takes(each)
          const of = (...as: string[]) => [...run.watch.tasks.values()].filter((task) => as.includes(task.as))
          // A dial, and one that is done and remembered; an answer.
          expect(of('dial', 'resume').length).toBeLessThanOrEqual(2)
          expect(of('answer', 'answerResume').length).toBeLessThanOrEqual(1)
          expect(run.watch.sessions.size).toBeLessThanOrEqual(2)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('comes to rest when nobody says anything any more, and lets go of what it waited for', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 80 }), (ours, steps) => {
        const run = new Run(ours)
        for (const each of steps) run.takes(each)
        for (let way = 0; way <= 120; way++) run.takes({ what: 'down', a: 0, b: way, c: 0 })
        run.waits(3_600_000)
        expect(run.machine.wakeAtMs).toBeUndefined()
        expect(run.machine.busy).toBe(false)
        expect(run.watch.tasks.size).toBe(0)
      }),
      { numRuns: 1_000 },
    )
  })
})
