// This edge on the page: alive or not, its objects, and what it tells clients before their first socket.

import { announce, define, find, setText, type Tone } from '../dom.ts'
import { ask, type Health, HealthWatch, isRecord, numberOr, TONES } from '../health.ts'
import { bytes, clock, count, duration, milliseconds } from '../words.ts'
import { logEvent } from './event-log.ts'

type Fact = readonly [term: string, value: string]

const BOOTSTRAP_EVERY_MS = 60_000

export class EdgePanel {
  readonly #network: string
  readonly #note = find(document, '#edge-note', HTMLElement)
  readonly #facts = find(document, '#edge-facts', HTMLElement)
  readonly #limits = find(document, '#edge-limits', HTMLElement)
  #healthFacts: readonly Fact[] = [
    ['Version', '–'],
    ['Health answers in', '–'],
    ['SignalingRoom', '–'],
    ['Up for', '–'],
  ]
  #bootstrapFacts: readonly Fact[] = [
    ['Wire version', '–'],
    ['ICE servers', '–'],
  ]
  #bootstrapAtMs = Number.NEGATIVE_INFINITY

  constructor(network: string) {
    this.#network = network
  }

  start(): void {
    this.#define()
    HealthWatch.shared.listen((health) => this.#show(health))
  }

  /** The room's socket came or went: the edge may have too. */
  look(): void {
    HealthWatch.shared.look()
  }

  #show(health: Health): void {
    const tone = TONES[health.kind]
    switch (health.kind) {
      case 'asking':
        return this.#say(tone, 'Asking…')
      case 'down':
        return this.#down(health)
      case 'ailing':
      case 'up':
        return this.#answered(tone, health)
    }
  }

  #answered(tone: Tone, health: Extract<Health, { kind: 'up' | 'ailing' }>): void {
    const trip = `${milliseconds(health.roundTripMs)} ms`
    const note =
      health.kind === 'up'
        ? 'Answers, and reaches its objects.'
        : 'Answers, but does not reach all of its objects.'
    this.#say(tone, `${note} Asked at ${clock(new Date())}.`)
    this.#healthFacts = [
      ['Version', health.version],
      ['Health answers in', trip],
      ...health.probes.map(({ name, ok, latencyMs, reason }): Fact => {
        return [
          name,
          ok ? `answers in ${milliseconds(latencyMs)} ms` : `${reason} (${milliseconds(latencyMs)} ms)`,
        ]
      }),
      ['Up for', duration(health.uptimeMs)],
    ]
    this.#define()
    if (health.awayMs !== undefined) {
      const text = `The edge is back, after ${duration(health.awayMs)}`
      logEvent(text)
      announce(text)
    }
    if (health.awayMs !== undefined || performance.now() - this.#bootstrapAtMs > BOOTSTRAP_EVERY_MS) {
      void this.#askBootstrap()
    }
  }

  #down({ sinceMs, first }: Extract<Health, { kind: 'down' }>): void {
    const since = clock(new Date(sinceMs))
    this.#say('bad', `No answer since ${since}. Direct connections go on without it.`)
    if (!first) return
    logEvent('The edge does not answer')
    announce('The edge does not answer')
  }

  #say(tone: Tone, note: string): void {
    this.#note.dataset.tone = tone
    setText(this.#note, note)
  }

  #define(): void {
    define(this.#facts, [...this.#healthFacts, ...this.#bootstrapFacts])
  }

  async #askBootstrap(): Promise<void> {
    const body = await ask(`/v1/bootstrap?network=${encodeURIComponent(this.#network)}`)
    if (body === undefined || !isRecord(body.version)) return
    this.#bootstrapAtMs = performance.now()
    this.#bootstrapFacts = [
      ['Wire version', String(numberOr(body.version.wire, 0))],
      ['ICE servers', iceServers(body.iceServers)],
    ]
    this.#define()
    if (isRecord(body.limits)) define(this.#limits, limitFacts(body.limits))
  }
}

function iceServers(value: unknown): string {
  const servers = Array.isArray(value) ? value.filter(isRecord) : []
  const urls = servers.flatMap(({ urls }) => (Array.isArray(urls) ? urls : [urls])).map(String)
  return urls.length === 0 ? 'none: direct only where no NAT is between' : urls.join(', ')
}

function limitFacts(limits: Record<string, unknown>): Fact[] {
  const of = (name: string) => numberOr(limits[name], 0)
  return [
    ['Message', bytes(of('messageBytesMax'))],
    ['Metadata', bytes(of('metadataBytesMax'))],
    ['Peers in a room', count(of('roomPeersMax'))],
    ['Silent peer leaves after', duration(of('presenceTimeoutMs'))],
    ['Messages', `${count(of('tokensPerSecond'))}/s, ${count(of('tokensBurst'))} at once`],
    ['Data', `${bytes(of('bytesPerSecond'))}/s, ${bytes(of('bytesBurst'))} at once`],
  ]
}
