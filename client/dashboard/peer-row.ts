// One peer on the page: who it is, how bytes get there, how long they take.

import type { DirectStatus, Peer, Via } from '../index.ts'
import { copyOf, find, setPill, setText } from './dom.ts'
import { directWords, milliseconds, shortId } from './words.ts'

const SAMPLES_MAX = 30

export class PeerRow {
  readonly element = copyOf('#peer-template', HTMLLIElement)
  readonly #peer: Peer
  readonly #name = find(this.element, '.name', HTMLElement)
  readonly #badge = find(this.element, '.badge', HTMLElement)
  readonly #ms = find(this.element, '.ms', HTMLElement)
  readonly #direct = find(this.element, '.direct', HTMLElement)
  readonly #line = find(this.element, 'polyline', SVGPolylineElement)
  readonly #write = find(this.element, '.write', HTMLButtonElement)
  readonly #samples: number[] = []

  constructor(peer: Peer, write: () => void) {
    this.#peer = peer
    const id = find(this.element, '.id', HTMLElement)
    id.textContent = shortId(peer.id)
    id.title = peer.id
    this.element.dataset.peer = peer.id
    this.#write.addEventListener('click', write)
  }

  show(name: string, direct: DirectStatus | undefined): void {
    const { via, roundTripMs } = this.#peer
    setText(this.#name, name)
    if (this.#write.ariaLabel !== `Write to ${name}`) this.#write.ariaLabel = `Write to ${name}`
    setPill(this.#badge, via === 'direct' ? 'good' : via === 'relay' ? 'relay' : 'bad', via ?? 'unreachable')
    if (this.element.dataset.via !== (via ?? 'none')) this.element.dataset.via = via ?? 'none'
    setText(this.#ms, roundTripMs === undefined ? '–' : milliseconds(roundTripMs))
    setText(this.#direct, directWords(direct, via))
  }

  /** A fresh measurement, for the little curve: the newest at the right, the slowest of those shown at the top. */
  measured(_via: Via, ms: number): void {
    this.#samples.push(ms)
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
    const most = Math.max(4, ...this.#samples)
    const step = 60 / (SAMPLES_MAX - 1)
    const first = SAMPLES_MAX - this.#samples.length
    const points = this.#samples.map((sample, at) => {
      return `${((first + at) * step).toFixed(1)},${(18.5 - (sample / most) * 17).toFixed(1)}`
    })
    this.#line.setAttribute('points', points.join(' '))
  }
}
