// Which peer is asked for which block: each wanted block of one peer at a time, a window of them of each peer; of another when the
// one says it does not have it, leaves, says nothing for long, or lies. Whoever has nothing to do is asked for what another
// has not brought for a while.
//
// Invariants
// 1. Every block that is wanted is got or has failed, once, unless it is still wanted.
// 2. At most a window of blocks is asked of a peer and not settled; a block of at most two peers at once.
// 3. Of a peer that lied nothing more is asked.

import {
  EXCHANGE_PEERS_MAX,
  EXCHANGE_RETRY_MS,
  EXCHANGE_STALL_MS,
  EXCHANGE_STEAL_MS,
  EXCHANGE_TRIES_MAX,
  EXCHANGE_WINDOW,
} from '../limits/content.ts'
import type { Machine } from '../machine.ts'
import type { ExchangeEffect, ExchangeInput } from './contract.ts'

interface Provider {
  readonly peer: string
  state: 'resting' | 'open' | 'over'
  /** When it may be tried again. */
  restUntilMs: number
  failures: number
  /** Asked and not settled, in the order asked, with when. */
  readonly asked: Map<string, number>
  /** Blocks it does not have. */
  readonly missing: Set<string>
  heardAtMs: number
}

const NEVER = Number.POSITIVE_INFINITY

export class ExchangeMachine implements Machine<ExchangeInput, ExchangeEffect> {
  /** In the order in which they were wanted: what was wanted first is read first. */
  readonly #wanted = new Set<string>()
  readonly #providers = new Map<string, Provider>()
  #searched = false
  #searching = false
  #effects: ExchangeEffect[] = []
  #wakeAtMs = NEVER

  get wakeAtMs(): number | undefined {
    return this.#wakeAtMs === NEVER ? undefined : this.#wakeAtMs
  }

  receive(input: ExchangeInput, nowMs: number): readonly ExchangeEffect[] {
    this.#effects = []
    this.#receive(input, nowMs)
    // What was heard changes nothing but when we wake.
    if (input.kind !== 'heard') this.#settle(nowMs)
    this.#wakeAtMs = this.#nextWake()
    return this.#effects
  }

  #receive(input: ExchangeInput, nowMs: number): void {
    switch (input.kind) {
      case 'want':
        this.#wanted.add(input.block)
        return
      case 'provider':
        return this.#add(input.peer)
      case 'searched':
        this.#searched = true
        return
      case 'wake':
        return this.#leaveTheSilent(nowMs)
    }
    const provider = this.#providers.get(input.peer)
    if (provider === undefined) return
    provider.heardAtMs = nowMs
    switch (input.kind) {
      case 'came':
        return this.#came(provider, input.block)
      case 'missing':
        if (provider.asked.delete(input.block)) provider.missing.add(input.block)
        return
      case 'lost':
        return provider.state === 'open' ? this.#rest(provider, nowMs) : undefined
      case 'lied':
        this.#do({ kind: 'drop', reason: input.reason })
        if (provider.state === 'open') this.#do({ kind: 'close', peer: provider.peer })
        provider.asked.clear()
        provider.state = 'over'
    }
  }

  /** A block is what it is, also when whoever sent it has left since. */
  #came(provider: Provider, block: string): void {
    provider.asked.delete(block)
    provider.failures = 0
    if (this.#wanted.delete(block)) this.#do({ kind: 'got', block, peer: provider.peer })
  }

  #add(peer: string): void {
    if (this.#providers.has(peer) || this.#providers.size >= EXCHANGE_PEERS_MAX) return
    this.#providers.set(peer, {
      peer,
      state: 'resting',
      restUntilMs: 0,
      failures: 0,
      asked: new Map(),
      missing: new Set(),
      heardAtMs: 0,
    })
  }

  #leaveTheSilent(nowMs: number): void {
    for (const provider of this.#providers.values()) {
      if (nowMs < silentAtMs(provider)) continue
      this.#do({ kind: 'close', peer: provider.peer })
      this.#rest(provider, nowMs)
    }
  }

  #rest(provider: Provider, nowMs: number): void {
    provider.asked.clear()
    provider.failures++
    provider.state = provider.failures >= EXCHANGE_TRIES_MAX ? 'over' : 'resting'
    provider.restUntilMs = nowMs + EXCHANGE_RETRY_MS * 2 ** (provider.failures - 1)
  }

  // ---- who is asked for what -----------------------------------------------------------------------------------

  #settle(nowMs: number): void {
    for (const provider of this.#providers.values()) this.#open(provider, nowMs)
    // By turns, so that the first does not get all there is to do.
    for (let asked = true; asked; ) {
      asked = false
      for (const provider of this.#providers.values()) asked = this.#askOne(provider, nowMs) || asked
    }
    this.#giveUp()
  }

  /** Only with something to ask: a stream that nobody uses costs the peer. */
  #open(provider: Provider, nowMs: number): void {
    if (provider.state !== 'resting' || nowMs < provider.restUntilMs) return
    if (this.#wanted.size === 0) return
    provider.state = 'open'
    provider.heardAtMs = nowMs
    this.#do({ kind: 'open', peer: provider.peer })
  }

  #askOne(provider: Provider, nowMs: number): boolean {
    if (provider.state !== 'open' || provider.asked.size >= EXCHANGE_WINDOW) return false
    const block = this.#nextFor(provider, nowMs)
    if (block === undefined) return false
    if (provider.asked.size === 0) provider.heardAtMs = nowMs
    provider.asked.set(block, nowMs)
    this.#do({ kind: 'ask', peer: provider.peer, block })
    return true
  }

  #nextFor(provider: Provider, nowMs: number): string | undefined {
    let late: string | undefined
    for (const block of this.#wanted) {
      if (provider.asked.has(block) || provider.missing.has(block)) continue
      const others = this.#askedAtMs(block)
      if (others.length === 0) return block
      // Only who is idle is asked for what another is asked for already.
      const [sinceMs = NEVER] = others
      if (others.length === 1 && provider.asked.size === 0 && nowMs >= sinceMs + EXCHANGE_STEAL_MS)
        late ??= block
    }
    return late
  }

  #askedAtMs(block: string): readonly number[] {
    return [...this.#providers.values()].flatMap(({ asked }) => asked.get(block) ?? [])
  }

  /** Of a block that nobody has who could be asked, and nobody will who is not known yet. */
  #giveUp(): void {
    if (this.#searching && !this.#searched) return
    const left = [...this.#providers.values()].filter(({ state }) => state !== 'over')
    for (const block of this.#wanted) {
      if (left.some(({ missing }) => !missing.has(block))) continue
      if (!this.#searched) {
        this.#searching = true
        return this.#do({ kind: 'search' })
      }
      this.#wanted.delete(block)
      this.#do({ kind: 'failed', block, why: left.length > 0 ? 'missing' : 'unreachable' })
    }
  }

  #nextWake(): number {
    let atMs = NEVER
    if (this.#wanted.size === 0) return atMs
    const idle = [...this.#providers.values()].some(
      ({ state, asked }) => state === 'open' && asked.size === 0,
    )
    for (const provider of this.#providers.values()) {
      if (provider.state === 'resting') atMs = Math.min(atMs, provider.restUntilMs)
      atMs = Math.min(atMs, silentAtMs(provider))
      const [oldestMs] = provider.asked.values()
      if (idle && oldestMs !== undefined) atMs = Math.min(atMs, this.#stealAtMs(provider))
    }
    return atMs
  }

  /** When the first of its blocks may be asked of another that lacks none of them for all we know. */
  #stealAtMs({ asked }: Provider): number {
    for (const [block, sinceMs] of asked) {
      const free = [...this.#providers.values()].some(
        (other) => other.state === 'open' && other.asked.size === 0 && !other.missing.has(block),
      )
      if (free && this.#wanted.has(block) && this.#askedAtMs(block).length === 1)
        return sinceMs + EXCHANGE_STEAL_MS
    }
    return NEVER
  }

  #do(effect: ExchangeEffect): void {
    this.#effects.push(effect)
  }
}

/** When it will have been silent for too long; it may be so as long as it likes while it owes nothing. */
function silentAtMs({ state, asked, heardAtMs }: Provider): number {
  return state === 'open' && asked.size > 0 ? heardAtMs + EXCHANGE_STALL_MS : NEVER
}
