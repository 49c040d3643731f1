// Fetching blocks from several peers, with the test as the peers: one after another they are slow, leave, lack blocks and lie, and
// every block comes all the same while one of them has it.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ExchangeInput } from '../../../protocol/exchange/contract.ts'
import { ExchangeMachine } from '../../../protocol/exchange/machine.ts'
import {
  EXCHANGE_RETRY_MS,
  EXCHANGE_STALL_MS,
  EXCHANGE_STEAL_MS,
  EXCHANGE_TRIES_MAX,
  EXCHANGE_WINDOW,
} from '../../../protocol/limits/content.ts'

class Scene {
  readonly machine = new ExchangeMachine()
  nowMs = 1_000_000
  readonly opened: string[] = []
  readonly closed: string[] = []
  /** By peer: what it is asked for and has not answered. */
  readonly asked = new Map<string, string[]>()
  readonly got: string[] = []
  readonly failed: string[] = []
  readonly drops: string[] = []

  constructor(...peers: string[]) {
    for (const peer of peers) this.give({ kind: 'provider', peer })
    this.give({ kind: 'searched' })
  }

  wants(...blocks: string[]): this {
    for (const block of blocks) this.give({ kind: 'want', block })
    return this
  }

  /** The first of what it is asked for, or that one. */
  brings(peer: string, block = this.of(peer)[0] as string): this {
    this.#settled(peer, block)
    return this.give({ kind: 'came', peer, block })
  }

  lacks(peer: string, block = this.of(peer)[0] as string): this {
    this.#settled(peer, block)
    return this.give({ kind: 'missing', peer, block })
  }

  of(peer: string): readonly string[] {
    return this.asked.get(peer) ?? []
  }

  after(ms: number): this {
    const untilMs = this.nowMs + ms
    for (let wakes = 0; ; wakes++) {
      const { wakeAtMs } = this.machine
      if (wakeAtMs === undefined || wakeAtMs > untilMs) break
      if (wakeAtMs > this.nowMs) wakes = 0
      if (wakes > 4) throw new Error('a spin')
      this.nowMs = Math.max(this.nowMs, wakeAtMs)
      this.give({ kind: 'wake' })
    }
    this.nowMs = untilMs
    return this
  }

  give(input: ExchangeInput): this {
    for (const effect of this.machine.receive(input, this.nowMs)) {
      switch (effect.kind) {
        case 'open':
          this.opened.push(effect.peer)
          this.asked.set(effect.peer, [])
          break
        case 'ask':
          this.asked.get(effect.peer)?.push(effect.block)
          if (this.of(effect.peer).length > EXCHANGE_WINDOW) throw new Error('more than a window')
          if ([...this.asked.values()].filter((blocks) => blocks.includes(effect.block)).length > 2)
            throw new Error('asked of three')
          break
        case 'close':
          this.closed.push(effect.peer)
          this.asked.delete(effect.peer)
          break
        case 'got':
          this.got.push(effect.block)
          break
        case 'failed':
          this.failed.push(`${effect.block} ${effect.why}`)
          break
        case 'drop':
          this.drops.push(effect.reason)
      }
    }
    return this
  }

  #settled(peer: string, block: string): void {
    const left = this.of(peer).filter((each) => each !== block)
    this.asked.set(peer, left)
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)

describe('blocks', () => {
  it('are asked of all, by turns, a window of each', () => {
    const scene = new Scene('a', 'b').wants(...upTo(20))
    expect([scene.of('a').length, scene.of('b').length]).toEqual([EXCHANGE_WINDOW, EXCHANGE_WINDOW])
    expect(new Set([...scene.of('a'), ...scene.of('b')]).size).toBe(16)
    scene.brings('a').brings('a')
    expect([scene.got.length, scene.of('a').length]).toEqual([2, EXCHANGE_WINDOW])
  })

  it('are asked of nobody before they are wanted: no stream is opened', () => {
    expect(new Scene('a').after(60_000).opened).toEqual([])
  })

  it('that one lacks are asked of another', () => {
    const scene = new Scene('a', 'b').wants('x')
    scene.lacks('a')
    expect(scene.of('b')).toEqual(['x'])
    expect(scene.brings('b').got).toEqual(['x'])
  })

  it('that all lack have failed', () => {
    const scene = new Scene('a', 'b').wants('x')
    scene.lacks('a').lacks('b')
    expect(scene.failed).toEqual(['x missing'])
  })

  it('have failed where there is nobody, once all who might be were named', () => {
    expect(new Scene().wants('x').failed).toEqual(['x unreachable'])
    const machine = new ExchangeMachine()
    // Once, however much is wanted: whoever looks for others says when there are no more.
    expect(machine.receive({ kind: 'want', block: 'x' }, 0)).toEqual([{ kind: 'search' }])
    expect(machine.receive({ kind: 'want', block: 'y' }, 0)).toEqual([])
    expect(machine.receive({ kind: 'provider', peer: 'a' }, 0).map(({ kind }) => kind)).toEqual([
      'open',
      'ask',
      'ask',
    ])
    expect(machine.receive({ kind: 'lied', peer: 'a', reason: 'wrong-key' }, 0).at(-1)?.kind).toBe('close')
    expect(machine.receive({ kind: 'searched' }, 0)).toMatchObject([
      { kind: 'failed', block: 'x', why: 'unreachable' },
      { kind: 'failed', block: 'y', why: 'unreachable' },
    ])
  })

  it('are looked for elsewhere when those who are known do not have them', () => {
    const machine = new ExchangeMachine()
    machine.receive({ kind: 'provider', peer: 'a' }, 0)
    expect(machine.receive({ kind: 'want', block: 'x' }, 0).map(({ kind }) => kind)).toEqual(['open', 'ask'])
    const missing = { kind: 'missing', peer: 'a', block: 'x' } as const
    expect(machine.receive(missing, 0)).toEqual([{ kind: 'search' }])
    expect(machine.receive({ kind: 'provider', peer: 'b' }, 0).map(({ kind }) => kind)).toEqual([
      'open',
      'ask',
    ])
  })

  it('of one who leaves are asked of another at once', () => {
    const scene = new Scene('a', 'b').wants(...upTo(6))
    const lost = scene.of('a')
    scene.asked.delete('a')
    scene.give({ kind: 'lost', peer: 'a' })
    expect(scene.of('b')).toEqual(expect.arrayContaining([...lost]))
  })

  it('come also when whoever sent them has left since', () => {
    const scene = new Scene('a').wants('x')
    scene.give({ kind: 'lost', peer: 'a' }).give({ kind: 'came', peer: 'a', block: 'x' })
    expect(scene.got).toEqual(['x'])
  })
})

describe('a peer', () => {
  it('that lied is closed, counted, and never asked again', () => {
    const scene = new Scene('a', 'b').wants(...upTo(30))
    scene.give({ kind: 'lied', peer: 'a', reason: 'wrong-key' })
    expect([scene.drops, scene.closed]).toEqual([['wrong-key'], ['a']])
    for (let i = 0; i < 30; i++) scene.brings('b')
    expect([scene.got.length, scene.opened]).toEqual([30, ['a', 'b']])
  })

  it('that is silent is left, and tried again a few times', () => {
    const scene = new Scene('a').wants('x').after(EXCHANGE_STALL_MS - 1)
    expect(scene.closed).toEqual([])
    scene.after(1)
    expect(scene.closed).toEqual(['a'])
    expect(scene.after(EXCHANGE_RETRY_MS).opened).toEqual(['a', 'a'])
    scene.after(EXCHANGE_TRIES_MAX * (EXCHANGE_STALL_MS + EXCHANGE_RETRY_MS * 2 ** EXCHANGE_TRIES_MAX))
    expect([scene.opened.length, scene.failed]).toEqual([EXCHANGE_TRIES_MAX, ['x unreachable']])
  })

  it('that is slow and at work is not left', () => {
    const scene = new Scene('a').wants('x')
    for (let i = 0; i < 10; i++) scene.after(EXCHANGE_STALL_MS - 1).give({ kind: 'heard', peer: 'a' })
    expect(scene.closed).toEqual([])
    expect(scene.brings('a').got).toEqual(['x'])
  })

  it('that is idle is asked for what another has not brought, and the first that comes counts', () => {
    const scene = new Scene('a', 'b').wants('x', 'y')
    scene.brings('b', 'y')
    scene.after(EXCHANGE_STEAL_MS - 1)
    expect(scene.of('b')).toEqual([])
    scene.after(1)
    expect(scene.of('b')).toEqual(['x'])
    scene.brings('b').brings('a')
    expect(scene.got).toEqual(['y', 'x'])
  })

  it('that owes nothing may be silent for as long as it likes', () => {
    const scene = new Scene('a')
      .wants('x')
      .brings('a')
      .after(10 * EXCHANGE_STALL_MS)
    expect([scene.closed, scene.machine.wakeAtMs]).toEqual([[], undefined])
    scene.wants('y').after(EXCHANGE_STALL_MS - 1)
    expect(scene.closed).toEqual([])
  })
})

/** What a peer may do next, beside what the honest one does. */
const deed = fc.record({
  peer: fc.constantFrom('a', 'b', 'honest'),
  what: fc.constantFrom('brings', 'lacks', 'leaves', 'lies', 'nothing'),
  ms: fc.integer({ min: 0, max: 12_000 }),
})

describe('whatever peers do', () => {
  it('every block comes once, as long as one has it and stays', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 80 }), fc.integer({ min: 1, max: 40 }), (deeds, count) => {
        const scene = new Scene('a', 'honest', 'b').wants(...upTo(count))
        for (const { peer, what, ms } of deeds) {
          while (scene.of('honest').length > 0) scene.brings('honest')
          scene.after(Math.min(ms, EXCHANGE_STALL_MS - 1))
          if (peer === 'honest' || scene.of(peer).length === 0) continue
          if (what === 'brings') scene.brings(peer)
          if (what === 'lacks') scene.lacks(peer)
          if (what === 'lies') scene.give({ kind: 'lied', peer, reason: 'wrong-key' })
          if (what === 'leaves') {
            scene.asked.delete(peer)
            scene.give({ kind: 'lost', peer })
          }
        }
        for (let i = 0; i < 200 && scene.got.length < count; i++) {
          while (scene.of('honest').length > 0) scene.brings('honest')
          scene.after(1_000)
        }
        expect([...scene.got].sort()).toEqual(upTo(count).sort())
        expect(scene.failed).toEqual([])
      }),
    )
  })
})
