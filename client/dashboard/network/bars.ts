// Bars beside their numbers: how much waits in each priority, and what was refused most.

import { PRIORITIES } from '../../../protocol/priority.ts'
import { make, setText } from '../dom.ts'
import type { Failure } from '../edge/ask.ts'
import type { QueueStats } from '../edge/shapes.ts'
import { bytes, count, duration } from '../words.ts'

export interface Bar {
  readonly key: string
  readonly name: string
  readonly value: number
}

/** The longest is as long as there is room for. */
class Bars {
  readonly element = make('ul', { class: 'bars' })

  show(bars: readonly Bar[]): void {
    const most = Math.max(1, ...bars.map(({ value }) => value))
    for (const [at, { key, name, value }] of bars.entries()) {
      const row = this.element.children[at] ?? this.element.appendChild(newRow())
      const [label, number, track] = row.children
      if (label !== undefined) setText(label, name)
      if (number !== undefined) setText(number, count(value))
      const fill = track?.firstElementChild
      if (fill instanceof HTMLElement) {
        fill.dataset.key = key
        fill.style.width = `${(100 * value) / most}%`
      }
    }
    while (this.element.childElementCount > bars.length) this.element.lastElementChild?.remove()
  }
}

function newRow(): HTMLElement {
  const track = make('span', { class: 'track', 'aria-hidden': 'true' }, make('span', { class: 'fill' }))
  return make('li', {}, make('span', { class: 'bar-name' }), make('span', { class: 'bar-value' }), track)
}

const PRIORITY_NAMES = { critical: 'Critical', high: 'High', normal: 'Normal', low: 'Low' } as const

export class QueuePanel {
  readonly element: HTMLElement
  readonly #bars = new Bars()
  readonly #note = make('p', { class: 'empty', role: 'status' }, 'Asking…')

  constructor() {
    this.element = make(
      'section',
      { class: 'panel', 'aria-labelledby': 'queues-title' },
      make('h2', { id: 'queues-title' }, 'Letters that wait'),
      this.#note,
      this.#bars.element,
    )
  }

  show({ total, bytes: size, mailboxes, oldestAgeMs, depths }: QueueStats): void {
    const boxes = `${count(mailboxes)} ${mailboxes === 1 ? 'mailbox' : 'mailboxes'}`
    const oldest = oldestAgeMs === null ? '' : `, the oldest for ${duration(oldestAgeMs)}`
    const text =
      total === 0 ? `Nothing waits in ${boxes}.` : `${count(total)} in ${boxes}, ${bytes(size)}${oldest}.`
    setText(this.#note, text)
    this.#bars.show(PRIORITIES.map((key) => ({ key, name: PRIORITY_NAMES[key], value: depths[key] })))
  }

  failed({ words }: Failure): void {
    setText(this.#note, `How much mail waits is not known: ${words}`)
  }
}

/** Codes of refusals, as somebody would say them who has never seen one. */
const REFUSALS: Readonly<Record<string, string>> = {
  'rate-limited': 'Too much at once',
  'too-large': 'Larger than allowed',
  'over-quota': 'A mailbox was full',
  'bad-access': 'Without the right to write to a mailbox',
  'bad-stamp': 'With a stamp that is not right',
  'stale-stamp': 'With a stamp that is too old',
  'pass-missing': 'Without a pass',
  'pass-malformed': 'With a pass that is none',
  'pass-expired': 'With a pass that has ended',
  'pass-forged': 'With a forged pass',
  'pass-foreign': 'With a pass for something else',
  blacklisted: 'On the blacklist',
  blocked: 'Blocked by the owner of a mailbox',
  'room-full': 'The room was full',
  busy: 'The edge had too much to do',
  'bad-name': 'A name that is none',
  malformed: 'Not well formed',
  shed: 'Put off while there was too much to do',
}

const REFUSALS_SHOWN_MAX = 8
const CODE_CHARS_MAX = 40

export class RefusalsPanel {
  readonly element: HTMLElement
  readonly #bars = new Bars()
  readonly #note = make('p', { class: 'empty' }, 'Asking…')

  constructor() {
    this.element = make(
      'section',
      { class: 'panel', 'aria-labelledby': 'refusals-title' },
      make('h2', { id: 'refusals-title' }, 'Refused most'),
      this.#note,
      this.#bars.element,
    )
  }

  show(refusals: readonly (readonly [code: string, count: number])[], windowMs: number): void {
    const total = refusals.reduce((sum, [, many]) => sum + many, 0)
    const within = `in the last ${duration(windowMs)}`
    setText(this.#note, total === 0 ? `Nothing was refused ${within}.` : `${count(total)} ${within}.`)
    this.#bars.show(
      refusals.slice(0, REFUSALS_SHOWN_MAX).map(([code, value]) => ({
        key: 'refused',
        name: Object.hasOwn(REFUSALS, code) ? `${REFUSALS[code]} (${code})` : code.slice(0, CODE_CHARS_MAX),
        value,
      })),
    )
  }
}
