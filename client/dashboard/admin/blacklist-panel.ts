// The blacklist: who is on it, and putting somebody on it or taking them off.

import { isPeerId } from '../../../protocol/peer-id.ts'
import { announce, make, setText } from '../dom.ts'
import { askFor, type Failure } from '../edge/ask.ts'
import { type BlacklistEntry, readEntry } from '../edge/shapes.ts'
import { columnHead, scrolling } from '../table.ts'
import { tame } from '../tame.ts'
import { count, moment, shortId } from '../words.ts'

/** Why somebody is on it: the edge's codes, and what they mean. */
const REASONS: Readonly<Record<string, string>> = {
  admin: 'An administrator wants it so',
  flooding: 'Floods the edge',
  forged: 'Forges what others sign',
  malformed: 'Sends what is not well formed',
  unexpected: 'Sends what has no business there',
  'too-large': 'Sends more than is allowed',
}

const HOUR_MS = 3_600_000
/** Null: until somebody takes it off. */
const TERMS: readonly (readonly [words: string, ms: number | null])[] = [
  ['an hour', HOUR_MS],
  ['a day', 24 * HOUR_MS],
  ['a week', 7 * 24 * HOUR_MS],
  ['30 days', 30 * 24 * HOUR_MS],
  ['until somebody takes it off', null],
]

const NOTE_CHARS_MAX = 500
const CODE_CHARS_MAX = 40

export interface BlacklistWishes {
  /** Something was changed: what is shown is to be asked for anew. */
  changed(): void
  /** The token is not taken. */
  refused(failure: Failure): void
}

export class BlacklistPanel {
  readonly element: HTMLElement
  readonly #wishes: BlacklistWishes
  readonly #id = make('input', {
    id: 'blacklist-id',
    autocomplete: 'off',
    autocapitalize: 'none',
    maxlength: '200',
  })
  readonly #reason = make('select', { id: 'blacklist-reason' })
  readonly #term = make('select', { id: 'blacklist-term' })
  readonly #note = make('input', {
    id: 'blacklist-note',
    autocomplete: 'off',
    maxlength: String(NOTE_CHARS_MAX),
  })
  readonly #problem = make('p', { class: 'problem', id: 'blacklist-problem', role: 'alert' })
  readonly #said = make('p', { class: 'empty', id: 'blacklist-said', role: 'status' }, 'Asking…')
  readonly #rows = make('tbody', { id: 'blacklist-rows' })
  #network = ''

  constructor(wishes: BlacklistWishes) {
    this.#wishes = wishes
    this.#id.spellcheck = false
    this.#id.setAttribute('aria-describedby', 'blacklist-problem')
    this.#reason.append(...Object.entries(REASONS).map(([code, words]) => new Option(words, code)))
    this.#term.append(...TERMS.map(([words], at) => new Option(words, String(at))))
    const heads = ['Peer', 'Reason', 'By', 'Since', 'Until', 'Offences', 'Note', 'Take it off']
    const table = make('table', {}, make('thead', {}, make('tr', {}, ...heads.map(columnHead))), this.#rows)
    this.element = make(
      'section',
      { class: 'panel', 'aria-labelledby': 'blacklist-title' },
      make('h2', { id: 'blacklist-title' }, 'Blacklist'),
      this.#form(),
      this.#problem,
      this.#said,
      scrolling('Who is on the blacklist', table),
    )
  }

  show(network: string, entries: readonly BlacklistEntry[]): void {
    this.#network = network
    setText(this.#said, saidOf(entries.length))
    this.#rows.replaceChildren(...entries.map((entry) => this.#row(entry)))
  }

  failed({ words }: Failure): void {
    setText(this.#said, `The list cannot be shown: ${words}`)
  }

  #form(): HTMLFormElement {
    const field = (label: string, input: HTMLElement) =>
      make('div', { class: 'field' }, make('label', { for: input.id }, label), input)
    const form = make(
      'form',
      { class: 'blacklist-form' },
      field('Peer’s id', this.#id),
      field('Reason', this.#reason),
      field('For how long', this.#term),
      field('Note, for other administrators', this.#note),
      make('button', { type: 'submit', class: 'primary' }, 'Put on the blacklist'),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#add()
    })
    return form
  }

  async #add(): Promise<void> {
    const id = this.#id.value.trim()
    if (!isPeerId(id)) {
      this.#id.setAttribute('aria-invalid', 'true')
      setText(
        this.#problem,
        'That is no peer’s id. It is shown whole where a peer is chosen on the page Network.',
      )
      return this.#id.focus()
    }
    this.#id.removeAttribute('aria-invalid')
    const term = TERMS[Number(this.#term.value)]?.[1] ?? null
    const note = this.#note.value.trim()
    const body = {
      network: this.#network,
      id,
      reason: this.#reason.value,
      ...(term === null ? {} : { untilMs: Date.now() + term }),
      ...(note === '' ? {} : { note }),
    }
    const answer = await askFor('/network/blacklist', readEntry, { method: 'POST', body })
    if ('failure' in answer) return this.#refused(answer.failure)
    this.#id.value = ''
    this.#note.value = ''
    this.#done(`${shortId(id)} is on the blacklist now`)
  }

  async #remove(id: string): Promise<void> {
    const path = `/network/blacklist/${encodeURIComponent(id)}?network=${encodeURIComponent(this.#network)}`
    const answer = await askFor(path, () => true, { method: 'DELETE' })
    if ('failure' in answer) return this.#refused(answer.failure)
    this.#done(`${shortId(id)} is off the blacklist now`)
    // The row that had the focus is about to go.
    this.#id.focus()
  }

  #done(text: string): void {
    setText(this.#problem, '')
    announce(text)
    this.#wishes.changed()
  }

  #refused(failure: Failure): void {
    setText(this.#problem, failure.words)
    if (failure.code.startsWith('admin-')) this.#wishes.refused(failure)
  }

  #row({ id, reason, source, sinceMs, untilMs, offences, note }: BlacklistEntry): HTMLTableRowElement {
    const cell = (text: string) => make('td', {}, make('bdi', {}, text))
    const known = Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined
    return make(
      'tr',
      {},
      make('th', { scope: 'row', title: id }, make('span', { class: 'id' }, shortId(id))),
      cell(known ?? tame(reason, CODE_CHARS_MAX)),
      cell(source === 'automatic' ? 'the edge' : 'an administrator'),
      cell(moment(sinceMs)),
      cell(untilMs === null ? 'for good' : moment(untilMs)),
      cell(count(offences)),
      cell(tame(note, NOTE_CHARS_MAX)),
      make('td', {}, this.#removal(id)),
    )
  }

  /** Asks back in its own place: the first press asks, the second does. */
  #removal(id: string): HTMLButtonElement {
    const button = make('button', { type: 'button' }, 'Take off')
    button.setAttribute('aria-label', `Take ${shortId(id)} off the blacklist`)
    let isAsked = false
    const calm = () => {
      isAsked = false
      setText(button, 'Take off')
      button.setAttribute('aria-label', `Take ${shortId(id)} off the blacklist`)
    }
    button.addEventListener('blur', calm)
    button.addEventListener('click', () => {
      if (isAsked) return void this.#remove(id)
      isAsked = true
      setText(button, 'Really?')
      button.setAttribute('aria-label', `Really take ${shortId(id)} off the blacklist?`)
    })
    return button
  }
}

function saidOf(many: number): string {
  if (many === 0) return 'Nobody is on the blacklist of this network.'
  return many === 1 ? 'One peer is on it.' : `${count(many)} peers are on it.`
}
