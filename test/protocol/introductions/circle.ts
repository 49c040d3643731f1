// A client among peers of whom a test says what they tell: its machine, and what it did. Announcements are bytes that name their peer;
// what is forged does not verify, as the host would find.

import type {
  Introduced,
  IntroductionsConfig,
  IntroductionsEffect,
  IntroductionsInput,
  ToldEdge,
} from '../../../protocol/introductions/contract.ts'
import {
  encodeIntroduction,
  type IntroductionFrame,
  tryDecodeIntroduction,
} from '../../../protocol/introductions/frames.ts'
import { IntroductionsMachine } from '../../../protocol/introductions/machine.ts'
import { noise } from '../../support/dht.ts'
import { seeded } from '../../support/seeded.ts'

export interface Said {
  readonly peer: string
  readonly region?: string
  readonly edges?: readonly string[]
  readonly sequence?: number
  readonly expiresAtMs?: number
  readonly isForged?: boolean
}

const [encoder, decoder] = [new TextEncoder(), new TextDecoder()]
export const announcement = (said: Said) => encoder.encode(JSON.stringify(said))
export const saidIn = (bytes: Uint8Array): Said => JSON.parse(decoder.decode(bytes))

export const HOUR_MS = 3_600_000

export const named = (count: number, name: string, more: Partial<Said> = {}): Said[] =>
  Array.from({ length: count }, (_, i) => ({ peer: `${name} ${i}`, ...more }))

/** As the host would find it. */
export function introducedOf(bytes: Uint8Array, nowMs: number): Introduced | 'expired' | undefined {
  const { peer, region = '', edges = [], sequence = 1, expiresAtMs = HOUR_MS, isForged } = saidIn(bytes)
  if (isForged) return undefined
  if (expiresAtMs <= nowMs) return 'expired'
  const digest = noise(decoder.decode(bytes), 32)
  return { peer, region, edges, sequence: BigInt(sequence), digest, expiresAtMs, bytes }
}

export class Circle {
  nowMs = 0
  readonly machine: IntroductionsMachine
  readonly sent: { readonly peer: string; readonly frame: IntroductionFrame }[] = []
  readonly drops: string[] = []
  edges: readonly ToldEdge[] = []
  verified = 0

  constructor(config: Partial<IntroductionsConfig> = {}, seed = 1) {
    this.machine = new IntroductionsMachine({
      self: 'self',
      random: seeded(seed),
      own: () => undefined,
      ownEdges: () => ['https://own/'],
      readEdge: (text) => (text.startsWith('https://') ? text : undefined),
      ...config,
    })
  }

  give(input: IntroductionsInput): void {
    this.#perform(this.machine.receive(input, this.nowMs))
  }

  link(...peers: readonly string[]): void {
    for (const peer of peers) this.give({ kind: 'linked', peer })
  }

  passes(ms: number): void {
    const untilMs = this.nowMs + ms
    for (
      let atMs = this.machine.wakeAtMs;
      atMs !== undefined && atMs <= untilMs;
      atMs = this.machine.wakeAtMs
    ) {
      this.nowMs = Math.max(this.nowMs, atMs)
      this.give({ kind: 'wake' })
    }
    this.nowMs = untilMs
  }

  hears(peer: string, frame: IntroductionFrame): void {
    this.give({ kind: 'heard', peer, bytes: encodeIntroduction(frame) })
  }

  /** To the last ask of ours; false: there was none. */
  answers(
    peer: string,
    { edges = [], records = [] }: { edges?: readonly string[]; records?: readonly Said[] },
  ): boolean {
    const token = this.askOf(peer)?.token
    if (token === undefined) return false
    this.hears(peer, { kind: 'answer', token, edges, records: records.map(announcement) })
    return true
  }

  askOf(peer: string): (IntroductionFrame & { readonly kind: 'ask' }) | undefined {
    const asks = this.sent.flatMap(({ peer: to, frame }) =>
      to === peer && frame.kind === 'ask' ? [frame] : [],
    )
    return asks.at(-1)
  }

  /** What it answers to that peer, as what is said in it; undefined: nothing. */
  asks(peer: string, known: readonly Uint8Array[] = []): readonly Said[] | undefined {
    const before = this.sent.length
    this.hears(peer, { kind: 'ask', token: 7, known })
    const [answer] = this.sent.slice(before)
    return answer?.frame.kind === 'answer' ? answer.frame.records.map(saidIn) : undefined
  }

  get asked(): readonly string[] {
    return this.sent.flatMap(({ peer, frame }) => (frame.kind === 'ask' ? [peer] : []))
  }

  get peers(): readonly string[] {
    return this.machine.sample(1_000, this.nowMs).map(({ peer }) => peer)
  }

  #perform(effects: readonly IntroductionsEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') {
        const frame = tryDecodeIntroduction(effect.bytes)
        if (frame === undefined) throw new Error('what was sent is no frame')
        this.sent.push({ peer: effect.peer, frame })
      } else if (effect.kind === 'drop') this.drops.push(effect.reason)
      else if (effect.kind === 'edges') this.edges = effect.edges
      else {
        this.verified++
        const introduced = introducedOf(effect.bytes, this.nowMs)
        this.give({ kind: 'verified', task: effect.task, introduced })
      }
    }
  }
}
