// What must hold whatever happens: letters come and end, the owner takes, leaves and comes back with any cursor it ever
// had, the object sleeps and dies, the disk fails. Nothing that was answered as stored is ever skipped or lost.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PRIORITIES, type Priority } from '../../../protocol/priority.ts'
import { Box, HOUR_MS, idOf, KIB, numberOf, putOf, UNPACED } from './box.ts'

const priority = fc.constantFrom<Priority>(...PRIORITIES)
const put = fc.record({
  kind: fc.constant('put'),
  count: fc.integer({ min: 1, max: 4 }),
  priority,
  bytes: fc.constantFrom(4 * KIB, 16 * KIB),
  ttlMs: fc.constantFrom(60_000, HOUR_MS, 48 * HOUR_MS),
})
const STEPS = {
  put,
  again: fc.record({ kind: fc.constant('again'), which: fc.nat() }),
  /** Takes some of what it has: those whose place in its list leaves this rest. */
  took: fc.record({ kind: fc.constant('took'), of: fc.integer({ min: 1, max: 3 }), rest: fc.nat(2) }),
  comes: fc.record({
    kind: fc.constant('comes'),
    letters: fc.integer({ min: 1, max: 4 }),
    bytes: fc.constantFrom(KIB, 20 * KIB, 1_024 * KIB),
    /** Which of the cursors it ever had; none. */
    cursor: fc.oneof(fc.constant(undefined), fc.constant(0), fc.nat()),
  }),
  goes: fc.record({ kind: fc.constant('goes') }),
  forgets: fc.record({ kind: fc.constant('forgets') }),
  reads: fc.record({
    kind: fc.constant('reads'),
    limit: fc.integer({ min: 1, max: 3 }),
    afresh: fc.boolean(),
  }),
  sleeps: fc.record({ kind: fc.constant('sleeps') }),
  dies: fc.record({ kind: fc.constant('dies') }),
  waits: fc.record({ kind: fc.constant('waits'), ms: fc.constantFrom(1_000, 70_000, 2 * HOUR_MS) }),
  /** Time goes by and the alarm is late. */
  drifts: fc.record({ kind: fc.constant('drifts'), ms: fc.constantFrom(1_000, 70_000, 2 * HOUR_MS) }),
  fails: fc.record({ kind: fc.constant('fails'), what: fc.constantFrom('insert', 'remove', 'envelope') }),
  works: fc.record({ kind: fc.constant('works') }),
} as const
type Arbitrary<A> = A extends fc.Arbitrary<infer T> ? T : never
type Step = Arbitrary<(typeof STEPS)[keyof typeof STEPS]>

const { fails: _, works: __, ...WELL } = STEPS
const weighted = (steps: Partial<typeof STEPS>) =>
  fc.oneof(
    ...Object.entries(steps).map(([kind, arbitrary]) => ({
      weight: kind === 'put' || kind === 'took' ? 4 : 1,
      arbitrary: arbitrary as fc.Arbitrary<Step>,
    })),
  )
const script = (steps: Partial<typeof STEPS>) =>
  fc.array(weighted(steps), { minLength: 5, maxLength: 60, size: 'max' })

/** A mailbox, what is true of it, and an owner that knows what it has. */
class Story {
  readonly box = new Box(UNPACED)
  /** Answered as stored: until when they must be kept. */
  readonly promised = new Map<number, number>()
  /** The owner has it, in a memory that it lost never or on purpose. */
  readonly held = new Set<number>()
  readonly takenAway = new Set<number>()
  /** Each was given when everything before it had been. */
  cursors: Uint8Array[] = []
  pageCursor: Uint8Array | undefined
  /** Of this socket: what was pushed and is stored. */
  underWay = new Set<number>()
  pushedHere = new Set<number>()
  window = { letters: 0, bytes: 0 }
  faulty = false
  #next = 1

  take(step: Step): void {
    switch (step.kind) {
      case 'put':
        return this.#put(step)
      case 'again':
        return this.#again(step.which)
      case 'took': {
        const mine = [...this.held].filter((_, at) => at % step.of === step.rest % step.of)
        return this.takes(mine)
      }
      case 'comes': {
        const cursor = step.cursor === undefined ? undefined : this.cursors.at(-1 - step.cursor)
        return this.comes(step, cursor)
      }
      case 'goes':
        this.#socketIsGone()
        return this.box.ownerLost()
      case 'forgets':
        return this.#forgets()
      case 'reads':
        return this.#reads(step.limit, step.afresh)
      case 'sleeps':
        return this.box.sleeps()
      case 'dies':
        this.#socketIsGone()
        return this.box.dies()
      case 'waits':
        return this.box.waits(step.ms)
      case 'drifts':
        this.box.nowMs += step.ms
        return
      case 'fails':
        this.faulty = true
        this.box.store.failing.add(step.what as 'insert')
        return
      case 'works':
        return this.box.store.failing.clear()
    }
  }

  #put({ count, ...fields }: Arbitrary<typeof put>): void {
    const numbers = Array.from({ length: count }, () => this.#next++)
    const outcomes = this.box.puts(numbers.map((n) => putOf(n, fields)))
    for (const [at, outcome] of outcomes.entries())
      if (outcome.ok) this.promised.set(numbers[at] as number, outcome.expiresAtMs)
  }

  #again(which: number): void {
    const [n, endMs] = [...this.promised][which % Math.max(1, this.promised.size)] ?? []
    if (n === undefined || !this.box.stored().includes(n)) return
    expect(this.box.put(n)).toEqual({ ok: true, known: true, expiresAtMs: endMs })
  }

  takes(numbers: readonly number[]): void {
    this.box.took(...numbers)
    const left = new Set(this.box.stored())
    for (const n of numbers) if (!left.has(n)) this.takenAway.add(n)
  }

  comes(window: { letters: number; bytes: number }, cursor: Uint8Array | undefined): void {
    this.#socketIsGone()
    this.window = window
    this.box.owner(window, cursor)
  }

  #forgets(): void {
    this.#socketIsGone()
    this.box.ownerLost()
    this.held.clear()
    this.cursors = []
    this.pageCursor = undefined
  }

  #reads(limit: number, afresh: boolean): void {
    if (this.box.store.failing.has('envelope')) return
    if (afresh) this.pageCursor = undefined
    const page = this.box.machine.page(this.pageCursor, limit, this.box.nowMs)
    if (page === undefined) throw new Error('our own cursor is refused')
    for (const { id, expiresAtMs } of page.letters) {
      expect(expiresAtMs).toBeGreaterThan(this.box.nowMs)
      this.held.add(numberOf(id))
    }
    this.pageCursor = page.cursor
    this.cursors.push(page.cursor)
  }

  #socketIsGone(): void {
    this.pushedHere.clear()
    this.window = { letters: 0, bytes: 0 }
  }

  /** The owner reads its socket, and is held to its window. */
  listen(): void {
    for (const { letter, cursor } of this.box.came()) {
      const n = numberOf(letter.id)
      if (!this.faulty) expect(this.pushedHere.has(n)).toBe(false)
      this.pushedHere.add(n)
      this.held.add(n)
      this.cursors.push(cursor)
    }
    if (this.faulty) return
    const stored = new Map([...this.box.store.heads()].map((head) => [numberOf(head.id), head]))
    const underWay = [...this.pushedHere].flatMap((n) => {
      const head = stored.get(n)
      return head !== undefined && head.expiresAtMs > this.box.nowMs ? [head] : []
    })
    expect(underWay.length).toBeLessThanOrEqual(this.window.letters)
    const bytes = underWay.reduce((sum, each) => sum + each.bytes, 0)
    expect(bytes <= this.window.bytes || underWay.length === 1 || underWay.length === 0).toBe(true)
  }

  /** Invariants 1 and 2: what was promised is stored, until it was taken or has ended. */
  expectKept(): void {
    const stored = new Set(this.box.stored())
    for (const [n, endMs] of this.promised) {
      if (this.takenAway.has(n)) expect(stored.has(n)).toBe(false)
      else if (endMs > this.box.nowMs) expect(stored.has(n), `letter ${n} is kept`).toBe(true)
    }
    const alive = [...this.promised].filter(([n, endMs]) => stored.has(n) && endMs > this.box.nowMs)
    expect(this.box.machine.stats(this.box.nowMs).letters).toBe(alive.length)
    for (const [n] of alive) expect(this.box.machine.has(idOf(n), this.box.nowMs)).toBe(true)
  }

  /** Invariant 6. */
  expectCounted(): void {
    const { accepted, acknowledged, expired } = this.box.machine.tally.all()
    const heads = [...this.box.store.heads()]
    for (const each of PRIORITIES) {
      const there = heads.filter(({ priority }) => priority === each).length
      expect(accepted[each] - acknowledged[each] - expired[each], each).toBe(there)
    }
    const sum = (counts: Readonly<Record<Priority, number>>) =>
      Object.values(counts).reduce((a, b) => a + b, 0)
    expect(sum(accepted)).toBeGreaterThanOrEqual(this.promised.size)
    expect(sum(acknowledged)).toBe(this.box.taken)
  }

  /** Invariant 3: an owner that goes on taking what comes gets all there is, and nothing is left. */
  settle(): void {
    this.box.store.failing.clear()
    if (this.window.letters === 0) this.comes({ letters: 2, bytes: KIB }, this.cursors.at(-1))
    this.box.waits(5_000) // a store that failed has rested
    for (let rounds = 0; ; rounds++) {
      this.listen()
      const mine = this.box.stored().filter((n) => this.held.has(n))
      if (mine.length === 0) break
      if (rounds > 1_000) throw new Error('it never ends')
      this.takes(mine)
    }
    this.box.waits(0)
    expect(this.box.stored(), 'letters that the owner was never told of').toEqual([])
  }
}

function tell(steps: readonly Step[]): Story {
  const story = new Story()
  for (const step of steps) {
    story.take(step)
    story.listen()
    story.expectKept()
    story.expectCounted()
  }
  return story
}

describe('whatever happens to a mailbox', () => {
  it('every letter answered as stored reaches the owner or its end (invariants 1 to 4)', () => {
    fc.assert(
      fc.property(script(WELL), (steps) => tell(steps).settle()),
      { numRuns: 300 },
    )
  })

  it('…though the disk fails at any moment (invariant 5)', () => {
    fc.assert(
      fc.property(script(STEPS), (steps) => tell(steps).settle()),
      { numRuns: 300 },
    )
  })

  it('a sleep at any moment is noticed by nobody', () => {
    const steps = script({ put: STEPS.put, took: STEPS.took, waits: STEPS.waits, goes: STEPS.goes })
    fc.assert(
      fc.property(steps, fc.array(fc.boolean(), { maxLength: 60 }), (steps, sleeps) => {
        const [awake, sleepy] = [new Story(), new Story()]
        for (const each of [awake, sleepy]) each.comes({ letters: 3, bytes: 64 * KIB }, undefined)
        for (const [at, step] of steps.entries()) {
          if (sleeps[at] !== false) sleepy.box.sleeps()
          for (const each of [awake, sleepy]) {
            each.take(step)
            each.listen()
          }
          expect(sleepy.held).toEqual(awake.held)
          expect(sleepy.box.stored()).toEqual(awake.box.stored())
          expect(sleepy.box.machine.wakeAtMs).toBe(awake.box.machine.wakeAtMs)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('pages read to the end hold each letter that was there all along exactly once', () => {
    const letters = fc.array(priority, { minLength: 1, maxLength: 30 })
    const between = fc.array(fc.oneof(priority, fc.constant('take')), { maxLength: 30 })
    fc.assert(
      fc.property(letters, between, fc.integer({ min: 1, max: 5 }), (letters, between, limit) => {
        const box = new Box(UNPACED)
        for (const [n, priority] of letters.entries()) box.put(n, { priority })
        const read: number[] = []
        const taken = new Set<number>()
        let cursor: Uint8Array | undefined
        for (let at = 0; ; at++) {
          const page = box.machine.page(cursor, limit, box.nowMs)
          if (page === undefined) throw new Error('our own cursor is refused')
          read.push(...page.letters.map(({ id }) => numberOf(id)))
          cursor = page.cursor
          if (!page.more && at >= between.length) break
          const next = between[at]
          if (next === 'take') {
            box.took(at)
            taken.add(at)
          } else if (next !== undefined) box.put(1_000 + at, { priority: next })
        }
        expect(new Set(read).size).toBe(read.length)
        for (const n of box.stored()) expect(read).toContain(n)
        for (const n of letters.keys()) if (!taken.has(n)) expect(read).toContain(n)
      }),
      { numRuns: 300 },
    )
  })
})
