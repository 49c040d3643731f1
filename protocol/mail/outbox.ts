// The outbox's decisions: what is kept, sealed and put when, and what becomes of it. Knows messages by their ids, and neither
// their data nor how they are sealed: the host (client/mail/postman.ts) has both. Times are of the wall's clock, since messages
// outlive the page.
//
// Invariants
// 1. Of one peer and priority, a message is sealed only when the one before it was put or given up: so they stay in order.
// 2. `forget` follows `stored`, `failed` and `cancel`, and nothing else: what nobody took over is kept.
// 3. A message has one outcome.

import {
  MAIL_KEEP_AFTER_MS,
  MAIL_PROOFS_MAX,
  MAIL_PUTS_MAX,
  MAIL_RETRY_BASE_MS,
  MAIL_RETRY_MAX_MS,
} from '../limits/client-mail.ts'
import type { Machine, Random } from '../machine.ts'
import type { Priority } from '../priority.ts'
import type { MailRefusal } from '../wire/registry.ts'

export interface OutboxItem {
  /** The message's id, as text. */
  readonly id: string
  /** Who it is for, and how urgent: the line it stands in. */
  readonly to: string
  readonly priority: Priority
  readonly expiresAtMs: number
  /** Of envelopes sealed in an earlier life of the page: how many there are, and how many were stored. */
  readonly sealed?: { readonly envelopes: number; readonly stored: number } | undefined
}

/** Why a message was given up. */
export type OutboxFailure = 'timeout' | 'no-mailbox' | 'full' | 'refused' | 'broken'

export type OutboxInput =
  /** `held`: a link has it; it is kept if that takes long, and mailed when it is released. `kept`: the vault has it already. */
  | { readonly kind: 'add'; readonly item: OutboxItem; readonly held?: boolean; readonly kept?: boolean }
  /** The link gave it up. */
  | { readonly kind: 'release'; readonly id: string }
  /** The link brought it, or the application does not want it any more. */
  | { readonly kind: 'cancel'; readonly id: string }
  | { readonly kind: 'sealed'; readonly id: string; readonly envelopes: number }
  | {
      readonly kind: 'unsealed'
      readonly id: string
      readonly why: 'no-mailbox' | 'refused' | 'later' | 'broken'
    }
  | { readonly kind: 'stored'; readonly id: string }
  | {
      readonly kind: 'refused'
      readonly id: string
      readonly reason: MailRefusal | 'unreachable'
      readonly retryAfterMs: number
    }
  /** The page may end any moment: what a link has is kept at once. */
  | { readonly kind: 'ending' }
  /** There may be a network now where there was none. */
  | { readonly kind: 'networkChanged' }
  | { readonly kind: 'wake' }

export type OutboxEffect =
  /** In the vault, these together. */
  | { readonly kind: 'keep'; readonly ids: readonly string[] }
  | { readonly kind: 'seal'; readonly id: string }
  | { readonly kind: 'put'; readonly id: string; readonly envelope: number }
  /** `kept`: out of the vault, too. */
  | { readonly kind: 'forget'; readonly id: string; readonly kept: boolean }
  | { readonly kind: 'mailed'; readonly id: string }
  | { readonly kind: 'failed'; readonly id: string; readonly why: OutboxFailure }

type State =
  | { readonly kind: 'held'; readonly keepAtMs: number }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sealing' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'putting' }

interface Entry {
  readonly item: OutboxItem
  state: State
  kept: boolean
  envelopes: number
  stored: number
  /** Not before. */
  againAtMs: number
  attempts: number
  proofs: number
}

export class OutboxMachine implements Machine<OutboxInput, OutboxEffect> {
  readonly #random: Random
  /** In the order in which they were added, which is that of each line. */
  readonly #entries = new Map<string, Entry>()
  #effects: OutboxEffect[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Messages that only a mailbox can still take, or a link that is tried. */
  get size(): number {
    return this.#entries.size
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** What is not its line's first, or finds no room beside what is under way, waits for that and for no time. */
  get wakeAtMs(): number | undefined {
    let atMs = Number.POSITIVE_INFINITY
    const mayBegin = this.#underWay < MAIL_PUTS_MAX
    const lines = new Set<string>()
    for (const { item, state, kept, againAtMs } of this.#entries.values()) {
      atMs = Math.min(atMs, item.expiresAtMs)
      if (state.kind === 'held') {
        if (!kept) atMs = Math.min(atMs, state.keepAtMs)
        continue
      }
      const line = lineOf(item)
      const isFirst = !lines.has(line)
      lines.add(line)
      if (isFirst && mayBegin && againAtMs > 0 && !isUnderWay(state)) atMs = Math.min(atMs, againAtMs)
    }
    return atMs === Number.POSITIVE_INFINITY ? undefined : atMs
  }

  get #underWay(): number {
    let underWay = 0
    for (const { state } of this.#entries.values()) if (isUnderWay(state)) underWay++
    return underWay
  }

  receive(input: OutboxInput, nowMs: number): readonly OutboxEffect[] {
    this.#effects = []
    if (input.kind === 'add') this.#add(input, nowMs)
    else if (input.kind === 'networkChanged') this.#hurry()
    else if (input.kind !== 'wake' && input.kind !== 'ending') {
      const entry = this.#entries.get(input.id)
      if (entry !== undefined) this.#heard(entry, input, nowMs)
    }
    this.#expire(nowMs)
    this.#keepHeld(input.kind === 'ending' ? Number.POSITIVE_INFINITY : nowMs)
    this.#goOn(nowMs)
    return this.#effects
  }

  // ---- what happened ------------------------------------------------------------------------------------------

  #add({ item, held, kept = false }: Extract<OutboxInput, { kind: 'add' }>, nowMs: number): void {
    if (this.#entries.has(item.id)) return
    const { envelopes, stored } = item.sealed ?? { envelopes: 0, stored: 0 }
    const sealed: State = { kind: envelopes > 0 ? 'ready' : 'waiting' }
    const state: State = held ? { kind: 'held', keepAtMs: nowMs + MAIL_KEEP_AFTER_MS } : sealed
    this.#entries.set(item.id, { item, state, kept, envelopes, stored, againAtMs: 0, attempts: 0, proofs: 0 })
    if (!held && !kept) this.#keep([item.id])
  }

  #heard(
    entry: Entry,
    input: Exclude<OutboxInput, { kind: 'add' | 'networkChanged' | 'wake' | 'ending' }>,
    nowMs: number,
  ): void {
    const { id } = entry.item
    switch (input.kind) {
      case 'release':
        if (entry.state.kind !== 'held') return
        entry.state = { kind: 'waiting' }
        if (!entry.kept) this.#keep([id])
        return
      case 'cancel':
        return this.#remove(entry)
      case 'sealed':
        entry.state = { kind: 'ready' }
        entry.kept = true
        entry.envelopes = input.envelopes
        return
      case 'unsealed':
        if (entry.state.kind === 'held') return // It could not be kept; the link may bring it all the same.
        if (input.why !== 'later') return this.#fail(entry, input.why)
        entry.state = { kind: 'waiting' }
        return this.#later(entry, 0, nowMs)
      case 'stored':
        entry.stored++
        entry.attempts = 0
        entry.state = { kind: 'ready' }
        if (entry.stored < entry.envelopes) return
        this.#do({ kind: 'mailed', id })
        return this.#remove(entry)
      case 'refused':
        entry.state = { kind: 'ready' }
        return this.#refused(entry, input.reason, input.retryAfterMs, nowMs)
    }
  }

  #refused(entry: Entry, reason: MailRefusal | 'unreachable', retryAfterMs: number, nowMs: number): void {
    switch (reason) {
      case 'unreachable':
      case 'rate-limited':
      case 'internal':
        return this.#later(entry, retryAfterMs, nowMs)
      case 'bad-access':
      case 'bad-stamp':
      case 'stale-stamp':
        // The host knows by now that it needs another proof.
        if (++entry.proofs >= MAIL_PROOFS_MAX) this.#fail(entry, 'refused')
        return
      case 'no-such-mailbox':
        return this.#fail(entry, 'no-mailbox')
      case 'over-quota':
        return this.#fail(entry, 'full')
      case 'blocked':
      case 'malformed':
      case 'too-large':
        return this.#fail(entry, 'refused')
    }
  }

  #later(entry: Entry, retryAfterMs: number, nowMs: number): void {
    const most = Math.min(MAIL_RETRY_MAX_MS, MAIL_RETRY_BASE_MS * 2 ** entry.attempts++)
    // Who asks us to wait a week may mean it, and a week later the message is of no use.
    const asked = Math.min(retryAfterMs, MAIL_RETRY_MAX_MS)
    entry.againAtMs = nowMs + Math.max(1, asked, Math.ceil(most * (0.5 + this.#random() / 2)))
  }

  #hurry(): void {
    for (const entry of this.#entries.values()) {
      entry.againAtMs = 0
      entry.attempts = 0
    }
  }

  // ---- what follows -------------------------------------------------------------------------------------------

  #expire(nowMs: number): void {
    for (const entry of this.#entries.values())
      if (entry.item.expiresAtMs <= nowMs) this.#fail(entry, 'timeout')
  }

  #keepHeld(untilMs: number): void {
    const ids: string[] = []
    for (const { item, state, kept } of this.#entries.values())
      if (state.kind === 'held' && !kept && state.keepAtMs <= untilMs) ids.push(item.id)
    if (ids.length > 0) this.#keep(ids)
  }

  /** Each line's first, as many at once as may be under way. */
  #goOn(nowMs: number): void {
    let underWay = this.#underWay
    const lines = new Set<string>()
    for (const entry of this.#entries.values()) {
      if (entry.state.kind === 'held') continue
      const line = lineOf(entry.item)
      if (lines.has(line)) continue
      lines.add(line)
      if (underWay >= MAIL_PUTS_MAX) return
      if (entry.againAtMs > nowMs || isUnderWay(entry.state)) continue
      entry.againAtMs = 0
      underWay++
      const { id } = entry.item
      if (entry.state.kind === 'waiting') {
        entry.state = { kind: 'sealing' }
        this.#do({ kind: 'seal', id })
      } else {
        entry.state = { kind: 'putting' }
        this.#do({ kind: 'put', id, envelope: entry.stored })
      }
    }
  }

  #fail(entry: Entry, why: OutboxFailure): void {
    this.#do({ kind: 'failed', id: entry.item.id, why })
    this.#remove(entry)
  }

  #remove(entry: Entry): void {
    const { id } = entry.item
    this.#entries.delete(id)
    // What is being sealed is kept in a moment, and has to go all the same.
    this.#do({ kind: 'forget', id, kept: entry.kept || entry.state.kind === 'sealing' })
  }

  #keep(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (entry !== undefined) entry.kept = true
    }
    this.#do({ kind: 'keep', ids })
  }

  #do(effect: OutboxEffect): void {
    this.#effects.push(effect)
  }
}

function lineOf({ priority, to }: OutboxItem): string {
  return `${priority} ${to}`
}

function isUnderWay({ kind }: State): boolean {
  return kind === 'sealing' || kind === 'putting'
}
