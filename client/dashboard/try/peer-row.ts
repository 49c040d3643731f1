// One peer on the page: who it is, how bytes get there, how long they take.

import type { DirectStatus, Peer, Via } from '../../index.ts'
import { copyOf, find, setPill, setText, type Tone } from '../dom.ts'
import { directWords, milliseconds, shortId } from '../words.ts'

const SAMPLES_MAX = 30
/** The number shown is the median of so many: one slow answer does not make it jump, and it follows within seconds. */
const SAMPLES_SHOWN = 5
const FRESH_MS = 15_000
/** The curve's height is at least this much, so that the noise of a fast path does not look like trouble. */
const CURVE_MS_MIN = 5

export class PeerRow {
  readonly element = copyOf('#peer-template', HTMLLIElement)
  readonly #peer: Peer
  readonly #name = find(this.element, '.name', HTMLElement)
  readonly #badge = find(this.element, '.badge', HTMLElement)
  readonly #trip = find(this.element, '.trip', HTMLElement)
  readonly #direct = find(this.element, '.direct', HTMLElement)
  readonly #line = find(this.element, 'polyline', SVGPolylineElement)
  readonly #write = find(this.element, '.write', HTMLButtonElement)
  /** Of the way `#measuredVia` only: two ways have nothing in common. */
  #samples: number[] = []
  #measuredVia: Via | undefined
  #measuredAtMs = Number.NEGATIVE_INFINITY

  constructor(peer: Peer, write: () => void) {
    this.#peer = peer
    const id = find(this.element, '.id', HTMLElement)
    id.textContent = shortId(peer.id)
    id.title = peer.id
    this.element.dataset.peer = peer.id
    this.#write.addEventListener('click', write)
  }

  show(name: string, direct: DirectStatus | undefined): void {
    const { via } = this.#peer
    setText(this.#name, name)
    if (this.#write.ariaLabel !== `Write to ${name}`) this.#write.ariaLabel = `Write to ${name}`
    setPill(this.#badge, tone(via), via ?? 'away')
    if (this.element.dataset.via !== (via ?? 'none')) this.element.dataset.via = via ?? 'none'
    const roundTripMs = this.#roundTripMs(via)
    setText(this.#trip, roundTripMs === undefined ? '– ms' : `${milliseconds(roundTripMs)} ms`)
    setText(this.#direct, directWords(direct, via))
  }

  /** A fresh measurement: the newest at the right of the curve, the slowest of those shown at its top. */
  measured(via: Via, ms: number): void {
    if (via !== this.#measuredVia) this.#samples = []
    this.#measuredVia = via
    this.#measuredAtMs = performance.now()
    this.#samples.push(ms)
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
    const most = Math.max(CURVE_MS_MIN, ...this.#samples)
    const first = SAMPLES_MAX - this.#samples.length
    const points = this.#samples.map((sample, at) => {
      const x = ((first + at) * 60) / (SAMPLES_MAX - 1)
      return `${x.toFixed(1)},${(18.5 - (sample / most) * 17).toFixed(1)}`
    })
    this.#line.setAttribute('points', points.join(' '))
  }

  /** As the pings measured it just now, else as the SDK's smoothed memory has it. */
  #roundTripMs(via: Via | undefined): number | undefined {
    const fresh = via === this.#measuredVia && performance.now() - this.#measuredAtMs < FRESH_MS
    if (!fresh) return this.#peer.roundTripMs
    const latest = this.#samples.slice(-SAMPLES_SHOWN).sort((a, b) => a - b)
    return latest[Math.floor((latest.length - 1) / 2)]
  }
}

function tone(via: Via | undefined): Tone {
  if (via === undefined) return 'bad'
  return via === 'direct' ? 'good' : 'relay'
}
