// A shard's decisions: what is kept, what is answered, when it splits, and what it asks its parent.
//
// Invariants
// 1. What was answered `stored` is found until its end: here, or, for what the parent had, there.
// 2. What has expired is not served, however late the clearing away; nor does anything older come up in its place.
// 3. A shard takes writes when its parent's row says that the parent is split, and its own does not say so of itself.
// 4. A shard that is split writes nothing of its own any more but what clears it away: what waits for its parent when it
//    splits is answered `moved`. So what a child read of it stays true.
// 5. Memory follows the store: what the store would not do has not happened.

import { DHT_TTL_MS_MOST } from '../../limits/dht.ts'
import {
  SHARD_BITS_MAX,
  SHARD_CALL_REQUESTS_MAX,
  SHARD_HELD_MAX,
  SHARD_RETRY_MS,
  SHARD_ROUNDS_MAX,
} from '../../limits/shard.ts'
import type { Machine } from '../../machine.ts'
import type { ShardGauges } from '../../network/dht-figures.ts'
import type { Moved, ShardAnswer, ShardRequest } from '../contract.ts'
import { movedTo } from '../leaves.ts'
import { isRoot, parentOf } from '../place.ts'
import { Books } from './books.ts'
import type { ShardConfig } from './config.ts'
import type { Lookup, ParentAnswer, ShardEffect, ShardInput, ShardStore } from './contract.ts'
import { decide, refused } from './desk.ts'
import { Load } from './load.ts'
import { Sweeping } from './sweeping.ts'
import { Telling } from './telling.ts'
import { Findings, lookupText, View } from './view.ts'

/** The parent: not asked yet whether it is split; split, and may have something; or has nothing to say any more. */
type Parent = 'unknown' | 'split' | 'drained'

interface Held<Origin, Child> {
  readonly of:
    | { readonly kind: 'outside'; readonly origin: Origin; readonly requests: readonly ShardRequest[] }
    | { readonly kind: 'child'; readonly child: Child; readonly lookups: readonly Lookup[] }
  readonly findings: Findings
  asked: readonly Lookup[]
  rounds: number
}

export interface ShardStats {
  readonly isLeaf: boolean
  readonly leaves: number
  readonly version: number
  readonly records: number
  readonly bytes: number
  readonly held: number
  readonly perSecond: number
}

export class ShardMachine<Origin, Child>
  implements Machine<ShardInput<Origin, Child>, ShardEffect<Origin, Child>>
{
  readonly #prefix: string
  readonly #store: ShardStore
  readonly #config: ShardConfig
  readonly #load: Load
  readonly #sweeping: Sweeping
  readonly #telling: Telling
  readonly #splits = new Set<string>()
  readonly #held = new Map<number, Held<Origin, Child>>()
  #heldRequests = 0
  #token = 0
  #parent: Parent
  #isDrained: boolean
  #drainedAtMs = Number.POSITIVE_INFINITY
  #records: number
  /** Since somebody last looked whether it is too big. */
  #hasGrown = true
  #recordsWritten: number
  readonly #writtenEvery: number
  #isCounted = false
  #effects: ShardEffect<Origin, Child>[] = []

  /** Throws what the store throws. */
  constructor(prefix: string, store: ShardStore, config: ShardConfig) {
    this.#prefix = prefix
    this.#store = store
    this.#config = config
    this.#load = new Load(config.requests)
    this.#sweeping = new Sweeping(store, config)
    this.#telling = new Telling()
    const state = store.state()
    this.#records = state.records
    this.#recordsWritten = state.records
    this.#writtenEvery = Math.max(1, Math.floor(config.splitRecords / 64))
    this.#parent = isRoot(prefix) || state.isParentDrained ? 'drained' : 'unknown'
    this.#isDrained = state.isDrained
    for (const { prefix: split, atMs, told } of store.splits()) {
      this.#splits.add(split)
      if (split === prefix) this.#drainedAtMs = atMs + DHT_TTL_MS_MOST.value
      if (!told && !isRoot(prefix)) this.#telling.add(split)
    }
  }

  get wakeAtMs(): number | undefined {
    const atMs = Math.min(this.#sweeping.atMs, this.#telling.atMs)
    return atMs === Number.POSITIVE_INFINITY ? undefined : atMs
  }

  get records(): number {
    return this.#records
  }

  get isSplit(): boolean {
    return this.#splits.has(this.#prefix)
  }

  /** For who watches. Throws what the store throws: the disk is asked. */
  gauges(): ShardGauges {
    // What was written down may be behind by so much that of a small shard it says nothing.
    if (!this.#isCounted && this.#records < 8 * this.#writtenEvery) this.#records = this.#store.counted()
    this.#isCounted = true
    return { records: this.#records, bytes: this.#store.bytes, isSplit: this.isSplit }
  }

  stats(nowMs: number): ShardStats {
    const { version, leaves } = this.#moved()
    return {
      isLeaf: !this.isSplit,
      leaves: leaves.length,
      version,
      records: this.#records,
      bytes: this.#store.bytes,
      held: this.#heldRequests,
      perSecond: this.#load.perSecond(nowMs),
    }
  }

  receive(input: ShardInput<Origin, Child>, nowMs: number): readonly ShardEffect<Origin, Child>[] {
    this.#effects = []
    switch (input.kind) {
      case 'asked':
        this.#asked(input.origin, input.requests, nowMs)
        break
      case 'childAsked': {
        const of = { kind: 'child', child: input.child, lookups: input.lookups } as const
        this.#sit({ of, findings: new Findings(), asked: [], rounds: 0 }, nowMs)
        break
      }
      case 'parentAnswered':
        this.#parentAnswered(input.token, input.answer, nowMs)
        break
      case 'childSplit':
        this.#noteSplits(input.prefixes, nowMs)
        break
      case 'parentTold':
        this.#parentTold(input.prefixes, input.ok, nowMs)
        break
      case 'wake':
        this.#sweep(nowMs)
        break
    }
    this.#tell(nowMs)
    return this.#effects
  }

  get #parentPrefix(): string {
    return parentOf(this.#prefix) ?? ''
  }

  #moved(): Moved {
    return movedTo(this.#prefix, this.#splits)
  }

  // ---- requests ---------------------------------------------------------------------------------------------

  #asked(origin: Origin, requests: readonly ShardRequest[], nowMs: number): void {
    if (requests.length > SHARD_CALL_REQUESTS_MAX)
      throw new RangeError(`a call has at most ${SHARD_CALL_REQUESTS_MAX} requests, not ${requests.length}`)
    if (this.isSplit) return this.#answerAll(origin, requests, this.#moved())
    const retryAfterMs = this.#load.refuse(requests, nowMs)
    if (retryAfterMs === undefined) {
      const of = { kind: 'outside', origin, requests } as const
      this.#sit({ of, findings: new Findings(), asked: [], rounds: 0 }, nowMs)
    } else this.#answerAll(origin, requests, refused('busy', retryAfterMs))
    this.#splitIfDue(nowMs)
  }

  /** Answers, if the parent has said what it has to say; otherwise asks it, and holds them. */
  #sit(held: Held<Origin, Child>, nowMs: number): void {
    const { of } = held
    if (of.kind === 'outside' && this.isSplit) return this.#answerAll(of.origin, of.requests, this.#moved())
    if (of.kind === 'child' && this.#parent !== 'unknown' && !this.isSplit)
      return void this.#effects.push({ kind: 'answerChild', to: of.child, answer: this.#moved() })
    const view = this.#view(held.findings, nowMs)
    const missing = this.#missing(of, view)
    if (missing.length === 0 && (this.#parent !== 'unknown' || (of.kind === 'child' && this.isSplit)))
      return this.#answer(held, view, nowMs)
    const size = of.kind === 'outside' ? of.requests.length : 1
    if (held.rounds >= SHARD_ROUNDS_MAX || this.#heldRequests + size > SHARD_HELD_MAX)
      return this.#giveUp(held)
    held.rounds++
    held.asked = missing
    const token = this.#token++
    this.#held.set(token, held)
    this.#heldRequests += size
    this.#effects.push({ kind: 'askParent', token, parent: this.#parentPrefix, lookups: missing })
  }

  #view(findings: Findings, nowMs: number): View {
    return new View(this.#store, this.#prefix, findings, this.#parent !== 'drained', nowMs)
  }

  #missing(of: Held<Origin, Child>['of'], view: View): Lookup[] {
    if (of.kind === 'child') return of.lookups.filter((lookup) => view.isMissing(lookup))
    const missing = new Map<string, Lookup>()
    for (const request of of.requests)
      for (const lookup of view.missingFor(request)) missing.set(lookupText(lookup), lookup)
    return [...missing.values()]
  }

  #answer({ of }: Held<Origin, Child>, view: View, nowMs: number): void {
    if (of.kind === 'child') {
      const findings = of.lookups.map((lookup) => view.find(lookup))
      const isDrained = this.#parent === 'drained' && (this.#isDrained || this.#drainedAtMs <= nowMs)
      const answer = { kind: 'split', isDrained, findings } as const
      return void this.#effects.push({ kind: 'answerChild', to: of.child, answer })
    }
    const answers = this.#decide(of.requests, view, nowMs)
    if (answers === undefined) this.#answerAll(of.origin, of.requests, refused('internal', SHARD_RETRY_MS))
    else this.#effects.push({ kind: 'answer', to: of.origin, answers })
  }

  /** In their order, in one transaction; undefined when the store would not do it, and nothing was done. */
  #decide(requests: readonly ShardRequest[], view: View, nowMs: number): ShardAnswer[] | undefined {
    const { prefix, store, config } = { prefix: this.#prefix, store: this.#store, config: this.#config }
    const books = new Books(store, config)
    const isFull = this.#isAtTheBottom && this.#isTooBig
    // Nothing comes between two reads in any case, and a transaction costs more than one.
    const isWritten = requests.some(isWriting)
    const together = isWritten ? <T>(work: () => T) => store.atomically(work) : <T>(work: () => T) => work()
    try {
      const answers = together(() => {
        const desk = { store, books, view, prefix, isFull, nowMs }
        const decided = requests.map((request) => decide(desk, request))
        books.flush()
        this.#writeRecords(this.#records + books.records)
        return decided
      })
      this.#records += books.records
      this.#hasGrown ||= isWritten
      for (const answer of answers)
        if (answer.kind === 'stored' && answer.isNew) this.#sweeping.noteEnd(answer.expiresAtMs, nowMs)
      return answers
    } catch (error) {
      this.#effects.push({ kind: 'storeFailed', error })
      return undefined
    }
  }

  #answerAll(to: Origin, requests: readonly ShardRequest[], answer: ShardAnswer): void {
    this.#effects.push({ kind: 'answer', to, answers: requests.map(() => answer) })
  }

  /** The parent is not to be had, or too many wait for it. */
  #giveUp({ of }: Held<Origin, Child>): void {
    if (of.kind === 'outside') this.#answerAll(of.origin, of.requests, refused('busy', SHARD_RETRY_MS))
    else this.#effects.push({ kind: 'answerChild', to: of.child, answer: undefined })
  }

  // ---- the parent -------------------------------------------------------------------------------------------

  #parentAnswered(token: number, answer: ParentAnswer | undefined, nowMs: number): void {
    const held = this.#held.get(token)
    if (held === undefined) return
    this.#held.delete(token)
    const { of } = held
    this.#heldRequests -= of.kind === 'outside' ? of.requests.length : 1
    if (answer === undefined) return this.#giveUp(held)
    if (answer.kind === 'moved') {
      if (of.kind === 'outside') this.#answerAll(of.origin, of.requests, answer)
      else this.#effects.push({ kind: 'answerChild', to: of.child, answer })
      return
    }
    if (this.#parent === 'unknown') this.#parent = 'split'
    held.findings.add(held.asked, answer.findings)
    // Asked for anew by what else is held: what the parent no longer has, it has not.
    if (answer.isDrained && this.#parent === 'split') this.#parentIsDrained()
    this.#sit(held, nowMs)
    this.#splitIfDue(nowMs)
  }

  #parentIsDrained(): void {
    this.#parent = 'drained'
    if (this.#store.exists) this.#change(() => this.#writeState(this.#records))
  }

  #tell(nowMs: number): void {
    const prefixes = this.#telling.due(nowMs)
    if (prefixes.length > 0) this.#effects.push({ kind: 'tellParent', parent: this.#parentPrefix, prefixes })
  }

  #parentTold(prefixes: readonly string[], ok: boolean, nowMs: number): void {
    if (!ok) return this.#telling.failed(nowMs)
    this.#change(() =>
      this.#store.atomically(() => {
        for (const split of this.#store.splits())
          if (prefixes.includes(split.prefix)) this.#store.putSplit({ ...split, told: true })
      }),
    )
    this.#telling.heard(prefixes)
  }

  // ---- splits -----------------------------------------------------------------------------------------------

  get #isTooBig(): boolean {
    return this.#records > this.#config.splitRecords || this.#store.bytes > this.#config.splitBytes
  }

  get #isAtTheBottom(): boolean {
    return this.#prefix.length >= SHARD_BITS_MAX
  }

  #splitIfDue(nowMs: number): void {
    if (this.isSplit || this.#isAtTheBottom || this.#parent === 'unknown') return
    // Asking how big it is costs as much as a get does.
    const isTooBig = this.#hasGrown && this.#isTooBig
    this.#hasGrown = isTooBig
    if (isTooBig || this.#load.perSecond(nowMs) > this.#config.splitPerSecond)
      this.#change(() => this.#noteSplits([this.#prefix], nowMs))
  }

  /** One's own, or that of somebody below. Throws what the store throws: who told us tells us again. */
  #noteSplits(prefixes: readonly string[], nowMs: number): void {
    const fresh = prefixes.filter((prefix) => prefix.startsWith(this.#prefix) && !this.#splits.has(prefix))
    if (fresh.length === 0) return
    const told = isRoot(this.#prefix)
    this.#store.atomically(() => {
      for (const prefix of fresh) this.#store.putSplit({ prefix, atMs: nowMs, told })
      this.#writeState(this.#records)
    })
    for (const prefix of fresh) {
      this.#splits.add(prefix)
      if (!told) this.#telling.add(prefix)
      if (prefix !== this.#prefix) continue
      this.#drainedAtMs = nowMs + DHT_TTL_MS_MOST.value
      // What was counted before says nothing of what came after it.
      this.#sweeping.restart(nowMs)
    }
  }

  // ---- clearing away ----------------------------------------------------------------------------------------

  #sweep(nowMs: number): void {
    if (!this.#store.exists || !this.#sweeping.isDue(nowMs)) return
    try {
      const done = this.#sweeping.next(nowMs)
      this.#records = Math.max(0, this.#records - done.gone)
      if (done.counted === undefined) return
      this.#records = done.counted
      if (this.isSplit && done.counted === 0) this.#isDrained = true
      this.#change(() => this.#writeState(this.#records))
    } catch (error) {
      this.#sweeping.restart(nowMs)
      this.#effects.push({ kind: 'storeFailed', error })
    }
  }

  #writeState(records: number): void {
    this.#store.setState({
      records,
      isParentDrained: this.#parent === 'drained',
      isDrained: this.#isDrained,
    })
    this.#recordsWritten = records
  }

  /** A row for each change would double what a put costs: so it is behind by a little. */
  #writeRecords(records: number): void {
    if (Math.abs(records - this.#recordsWritten) >= this.#writtenEvery) this.#writeState(records)
  }

  #change(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#effects.push({ kind: 'storeFailed', error })
    }
  }
}

function isWriting({ kind }: ShardRequest): boolean {
  return kind === 'put' || kind === 'provide'
}
