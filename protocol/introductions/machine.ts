// Introductions: asks a few of the peers we have links with whom else they know of and where they are, answers those who ask us, and
// keeps what was said within bounds. See README.md beside this file.
//
// Invariants
// 1. An announcement is kept when it was verified, and told on as its owner signed it.
// 2. Of a peer that told of something forged nothing is kept that no other told, and it is asked no more.
// 3. Nothing counts that was not asked for: who talks by itself costs us a look at one byte and five more.

import { take } from '../bucket.ts'
import type { DropReason } from '../drops.ts'
import {
  INTRODUCTION_AGAIN_MS,
  INTRODUCTION_ANSWER_MS,
  INTRODUCTION_ASKED,
  INTRODUCTION_EDGES_ANSWERED_MAX,
  INTRODUCTION_EVERY_MS,
  INTRODUCTION_KNOWN_MAX,
  INTRODUCTION_LINKS_MAX,
  INTRODUCTION_TELLERS,
  INTRODUCTIONS_ANSWERED_MAX,
} from '../limits/introductions.ts'
import { type Machine, randomU32 } from '../machine.ts'
import { equalBytes } from '../wire/bytes.ts'
import {
  type Introduced,
  type IntroductionsConfig,
  type IntroductionsEffect,
  type IntroductionsInput,
  THE_EDGE,
} from './contract.ts'
import { encodeIntroduction, type IntroductionFrame, KNOWN_BYTES, tryDecodeIntroduction } from './frames.ts'
import { KnownPeers } from './known-peers.ts'
import { ToldEdges } from './told-edges.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Remembered while there is room, though there is no link: or who leaves and comes back would be asked, and might ask, anew. */
interface Acquaintance {
  readonly peer: string
  isLinked: boolean
  isLiar: boolean
  askedAtMs: number
  /** Of the ask that it owes an answer to. */
  token: number | undefined
  /** Its bucket, of what it asks. */
  paidUntilMs: number
}

interface Said {
  readonly teller: string
  readonly bytes: Uint8Array
}

export class IntroductionsMachine implements Machine<IntroductionsInput, IntroductionsEffect> {
  readonly #config: IntroductionsConfig
  readonly #acquaintances = new Map<string, Acquaintance>()
  readonly #known: KnownPeers
  readonly #edges: ToldEdges
  /** To be verified, one after another; the first of them is being verified while there is a task. */
  readonly #said: Said[] = []
  #task: number | undefined
  #tasks = 0
  #nextAtMs = NEVER
  #effects: IntroductionsEffect[] = []

  constructor(config: IntroductionsConfig) {
    this.#config = config
    this.#known = new KnownPeers(config.random)
    this.#edges = new ToldEdges(config.random)
  }

  /** Nobody owes an answer, and nothing is being verified. */
  get isSettled(): boolean {
    return (
      this.#task === undefined && ![...this.#acquaintances.values()].some(({ token }) => token !== undefined)
    )
  }

  get wakeAtMs(): number | undefined {
    let atMs = this.#nextAtMs
    for (const { token, askedAtMs } of this.#acquaintances.values())
      if (token !== undefined) atMs = Math.min(atMs, askedAtMs + INTRODUCTION_ANSWER_MS)
    return atMs === NEVER ? undefined : atMs
  }

  /** Peers that announced themselves, as different as they are to be had. */
  sample(most: number, nowMs: number): readonly Introduced[] {
    return this.#known.sample(most, nowMs, () => true)
  }

  receive(input: IntroductionsInput, nowMs: number): readonly IntroductionsEffect[] {
    this.#effects = []
    switch (input.kind) {
      case 'restored':
        this.#edges.restore(input.edges, nowMs)
        break
      case 'linked':
        this.#linked(input.peer, nowMs)
        break
      case 'unlinked':
        this.#unlinked(input.peer)
        break
      case 'heard':
        this.#heard(input.peer, input.bytes, nowMs)
        break
      case 'sampled':
        this.#hearsOf(THE_EDGE, input.records)
        break
      case 'verified':
        this.#verified(input.task, input.introduced, nowMs)
        break
      case 'wanted':
        for (const one of this.#byTurn(nowMs).slice(0, INTRODUCTION_TELLERS)) this.#ask(one, nowMs)
        break
      case 'wake':
        this.#wake(nowMs)
    }
    return this.#effects
  }

  // ---- whom we ask ---------------------------------------------------------------------------------------------

  #linked(peer: string, nowMs: number): void {
    const known = this.#acquaintances.get(peer) ?? this.#meet(peer)
    if (known === undefined) return
    known.isLinked = true
    const isRecent = ({ askedAtMs }: Acquaintance) => nowMs - askedAtMs < INTRODUCTION_EVERY_MS
    const asked = [...this.#acquaintances.values()].filter(isRecent).length
    if (asked < INTRODUCTION_TELLERS && !isRecent(known) && !known.isLiar) this.#ask(known, nowMs)
    if (this.#nextAtMs === NEVER) this.#later(nowMs)
  }

  #meet(peer: string): Acquaintance | undefined {
    if (this.#acquaintances.size >= INTRODUCTION_LINKS_MAX) {
      const gone = [...this.#acquaintances.values()].find(({ isLinked }) => !isLinked)
      if (gone === undefined) return undefined
      this.#acquaintances.delete(gone.peer)
    }
    const met = {
      peer,
      isLinked: true,
      isLiar: false,
      askedAtMs: Number.NEGATIVE_INFINITY,
      token: undefined,
      paidUntilMs: 0,
    }
    this.#acquaintances.set(peer, met)
    return met
  }

  #unlinked(peer: string): void {
    const known = this.#acquaintances.get(peer)
    if (known === undefined) return
    known.isLinked = false
    known.token = undefined
  }

  /** Those who may be asked, whom we asked longest ago first; of equals, by chance. */
  #byTurn(nowMs: number): Acquaintance[] {
    return [...this.#acquaintances.values()]
      .filter(
        ({ isLinked, isLiar, token, askedAtMs }) =>
          isLinked && !isLiar && token === undefined && nowMs - askedAtMs >= INTRODUCTION_AGAIN_MS,
      )
      .map((one) => ({ one, at: this.#config.random() }))
      .sort((a, b) => (a.one.askedAtMs === b.one.askedAtMs ? a.at - b.at : a.one.askedAtMs - b.one.askedAtMs))
      .map(({ one }) => one)
  }

  #ask(one: Acquaintance, nowMs: number): void {
    const token = randomU32(this.#config.random)
    one.token = token
    one.askedAtMs = nowMs
    const known = this.#known.digests(INTRODUCTION_KNOWN_MAX)
    this.#send(one.peer, { kind: 'ask', token, known })
  }

  #later(nowMs: number): void {
    this.#nextAtMs = nowMs + INTRODUCTION_EVERY_MS * (0.75 + this.#config.random() / 2)
  }

  #wake(nowMs: number): void {
    this.#known.expire(nowMs)
    this.#edges.expire(nowMs)
    for (const one of this.#acquaintances.values())
      if (nowMs - one.askedAtMs >= INTRODUCTION_ANSWER_MS) one.token = undefined
    if (nowMs < this.#nextAtMs) return
    const [next] = this.#byTurn(nowMs)
    if (next !== undefined) this.#ask(next, nowMs)
    if ([...this.#acquaintances.values()].some(({ isLinked }) => isLinked)) this.#later(nowMs)
    else this.#nextAtMs = NEVER
  }

  // ---- what is said --------------------------------------------------------------------------------------------

  #heard(peer: string, bytes: Uint8Array, nowMs: number): void {
    const one = this.#acquaintances.get(peer)
    if (one === undefined || !one.isLinked) return this.#drop('unknown-peer')
    const frame = tryDecodeIntroduction(bytes)
    if (frame === undefined) return this.#drop('malformed')
    if (frame.kind === 'ask') return this.#asked(one, frame, nowMs)
    if (frame.token !== one.token) return this.#drop('unexpected')
    one.token = undefined
    this.#toldOf(one.peer, frame.edges, nowMs)
    this.#hearsOf(one.peer, frame.records)
  }

  #asked(one: Acquaintance, frame: IntroductionFrame & { kind: 'ask' }, nowMs: number): void {
    const taken = take(one.paidUntilMs, INTRODUCTION_ASKED, 1, nowMs)
    if (!taken.ok) return this.#drop('rate-limited')
    one.paidUntilMs = taken.paidUntilMs
    const has = ({ digest }: { readonly digest: Uint8Array }) =>
      frame.known.some((known) => equalBytes(known, digest.subarray(0, KNOWN_BYTES)))
    const own = this.#config.own()
    const records = own === undefined || has(own) ? [] : [own.bytes]
    const others = this.#known.sample(
      INTRODUCTIONS_ANSWERED_MAX - records.length,
      nowMs,
      (introduced, teller) => introduced.peer !== one.peer && teller !== one.peer && !has(introduced),
    )
    const edges = this.#config.ownEdges().slice(0, INTRODUCTION_EDGES_ANSWERED_MAX)
    records.push(...others.map(({ bytes }) => bytes))
    this.#send(one.peer, { kind: 'answer', token: frame.token, edges, records })
  }

  /** Edges: of the teller itself, or of whom it told. */
  #toldOf(teller: string, edges: readonly string[], nowMs: number): void {
    const own = new Set(this.#config.ownEdges())
    let isNews = false
    for (const edge of edges) {
      const url = this.#config.readEdge(edge)
      if (url !== undefined && !own.has(url)) isNews = this.#edges.add(url, teller, nowMs) || isNews
    }
    if (isNews) this.#saysEdges()
  }

  #hearsOf(teller: string, records: readonly Uint8Array[]): void {
    for (const bytes of records) this.#said.push({ teller, bytes })
    this.#verifyNext()
  }

  #verifyNext(): void {
    const [next] = this.#said
    if (this.#task !== undefined || next === undefined) return
    this.#task = ++this.#tasks
    this.#effects.push({ kind: 'verify', task: this.#task, bytes: next.bytes })
  }

  #verified(task: number, introduced: Introduced | 'expired' | undefined, nowMs: number): void {
    if (task !== this.#task) return
    this.#task = undefined
    const said = this.#said.shift()
    if (said !== undefined) this.#learns(said.teller, introduced, nowMs)
    this.#verifyNext()
  }

  #learns(teller: string, introduced: Introduced | 'expired' | undefined, nowMs: number): void {
    if (introduced === undefined) return this.#lied(teller)
    // A clock may be wrong, and nobody lied.
    if (introduced === 'expired') return this.#drop('expired')
    if (introduced.peer === this.#config.self) return
    this.#known.add(introduced, teller)
    this.#toldOf(teller, introduced.edges, nowMs)
  }

  #lied(teller: string): void {
    this.#drop('unverified')
    const honest = this.#said.filter((said) => said.teller !== teller)
    this.#said.splice(0, this.#said.length, ...honest)
    this.#known.forgetTeller(teller)
    const one = this.#acquaintances.get(teller)
    if (one !== undefined) Object.assign(one, { isLiar: true, token: undefined })
    if (this.#edges.forgetTeller(teller)) this.#saysEdges()
  }

  #saysEdges(): void {
    this.#effects.push({ kind: 'edges', edges: this.#edges.all })
  }

  #send(peer: string, frame: IntroductionFrame): void {
    this.#effects.push({ kind: 'send', peer, bytes: encodeIntroduction(frame) })
  }

  #drop(reason: DropReason): void {
    this.#effects.push({ kind: 'drop', reason })
  }
}
