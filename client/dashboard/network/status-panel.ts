// How the network is, in a word, in sentences, and in the few numbers that matter most.

import { announce, make, setPill, setText, type Tone } from '../dom.ts'
import type { NetworkHealth, Status } from '../edge/shapes.ts'
import { tame } from '../tame.ts'
import { bytes, clock, count, duration, milliseconds } from '../words.ts'
import type { Freshness } from './feed.ts'

const SAID: Readonly<Record<Status, readonly [Tone, string]>> = {
  healthy: ['good', 'Healthy'],
  degraded: ['relay', 'Degraded'],
  unhealthy: ['bad', 'Unhealthy'],
  unknown: ['quiet', 'Unknown'],
}

const REASONS_MAX = 8
const REASON_CHARS_MAX = 240

export class StatusPanel {
  readonly element: HTMLElement
  readonly #pill = make('p', { class: 'pill', id: 'network-pill', 'data-tone': 'quiet' }, 'Asking…')
  readonly #fresh = make('p', { class: 'freshness', id: 'network-freshness' }, 'Asking the edge…')
  readonly #reasons = make('ul', { class: 'reasons' })
  readonly #tiles = make('dl', { class: 'tiles' })
  #status: Status | undefined
  #isStale = false

  constructor() {
    this.element = make(
      'section',
      { class: 'panel status-panel', 'aria-labelledby': 'status-title' },
      make(
        'div',
        { class: 'panel-head' },
        make('h2', { id: 'status-title' }, 'How it is'),
        this.#pill,
        this.#fresh,
      ),
      this.#reasons,
      this.#tiles,
    )
  }

  show(health: NetworkHealth): void {
    const [tone, word] = SAID[health.status]
    setPill(this.#pill, tone, word)
    if (this.#status !== undefined && this.#status !== health.status)
      announce(`The network is ${word.toLowerCase()} now`)
    this.#status = health.status
    const reasons = health.reasons.slice(0, REASONS_MAX).map((each) => tame(each, REASON_CHARS_MAX))
    if (this.#reasons.textContent !== reasons.join(''))
      this.#reasons.replaceChildren(...reasons.map((each) => make('li', {}, each)))
    this.#reasons.hidden = reasons.length === 0
    this.#showTiles(health)
  }

  freshness(freshness: Freshness): void {
    this.element.dataset.freshness = freshness.kind
    setText(this.#fresh, freshWords(freshness))
    const isStale = freshness.kind === 'stale'
    if (isStale && !this.#isStale) announce('The edge no longer answers; what is shown is old')
    this.#isStale = isStale
    if (freshness.kind === 'failed') setPill(this.#pill, 'bad', 'Not known')
  }

  #showTiles({ peers, rooms, links, traffic, dht }: NetworkHealth): void {
    const all = links.direct + links.relay
    const window = duration(traffic.windowMs)
    const tiles: readonly (readonly [name: string, value: string, more: string])[] = [
      ['Peers', count(peers), `in ${count(rooms)} ${rooms === 1 ? 'room' : 'rooms'}`],
      [
        'Direct links',
        all === 0 ? '–' : `${Math.round((100 * links.direct) / all)} %`,
        all === 0 ? 'no links reported' : `${count(links.direct)} of ${count(all)}`,
      ],
      [
        'Median round trip',
        links.medianRttMs === null ? '–' : `${milliseconds(links.medianRttMs)} ms`,
        links.p95RttMs === null ? 'not measured' : `95 of 100 within ${milliseconds(links.p95RttMs)} ms`,
      ],
      ['Messages', count(traffic.messages), `${bytes(traffic.bytes)} in ${window}`],
      [
        'Arrived',
        traffic.successRate === null ? '–' : `${Math.floor(traffic.successRate * 1_000) / 10} %`,
        `${count(traffic.refused)} refused, ${count(traffic.dropped)} dropped`,
      ],
      [
        'In the DHT',
        dht === undefined ? '–' : count(dht.records),
        dht === undefined ? 'not said' : dhtWords(dht),
      ],
    ]
    for (const [at, tile] of tiles.entries()) {
      const place = this.#tiles.children[at] ?? this.#tiles.appendChild(newTile())
      for (const [part, text] of tile.entries()) {
        const element = place.children[part]
        if (element !== undefined) setText(element, text)
      }
    }
  }
}

function dhtWords({ gets, found, puts, shards }: NonNullable<NetworkHealth['dht']>): string {
  if (shards === 0 && gets === 0) return 'nothing is kept'
  return `${count(gets)} gets, ${count(found)} found; ${count(puts)} puts`
}

function newTile(): HTMLElement {
  return make('div', {}, make('dt'), make('dd', { class: 'figure' }), make('dd', { class: 'more' }))
}

function freshWords(freshness: Freshness): string {
  switch (freshness.kind) {
    case 'asking':
      return 'Asking the edge…'
    case 'fresh':
      return freshness.live ? 'Live: changes show as they happen.' : 'Asked every few seconds.'
    case 'stale':
      return `No answer for ${duration(freshness.forMs)}: what you see was so at ${clock(new Date(freshness.heardAtMs))}.`
    case 'failed':
      return freshness.failure.words
  }
}
