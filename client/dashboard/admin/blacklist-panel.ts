// The blacklist: who is on it, and putting somebody on it or taking them off.

import { isPeerId } from '../../../protocol/peer-id.ts'
import { confirmed } from '../confirmed.ts'
import { announce, make, setText } from '../dom.ts'
import type { Failure } from '../edge/ask.ts'
import { listPeer, termChoice, unlistPeer } from '../edge/blacklisting.ts'
import type { BlacklistEntry } from '../edge/shapes.ts'
import { columnHead, scrolling } from '../table.ts'
import { tame } from '../tame.ts'
import { count, moment, shortId } from '../words.ts'
import { REASONS, reasonWords, untilWords } from './reasons.ts'

const NOTE_CHARS_MAX = 500

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
  readonly #term = termChoice('blacklist-term')
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
    const answer = await listPeer(this.#network, id, {
      reason: this.#reason.value,
      term: this.#term,
      note: this.#note.value.trim(),
    })
    if ('failure' in answer) return this.#refused(answer.failure)
    this.#id.value = ''
    this.#note.value = ''
    this.#done(`${shortId(id)} is on the blacklist now`)
  }

  async #remove(id: string): Promise<void> {
    const answer = await unlistPeer(this.#network, id)
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
    return make(
      'tr',
      {},
      make('th', { scope: 'row', title: id }, make('span', { class: 'id' }, shortId(id))),
      cell(reasonWords(reason)),
      cell(source === 'automatic' ? 'the edge' : 'an administrator'),
      cell(moment(sinceMs)),
      cell(untilWords(untilMs)),
      cell(count(offences)),
      cell(tame(note, NOTE_CHARS_MAX)),
      make(
        'td',
        {},
        confirmed('Take off', shortId(id), () => void this.#remove(id)),
      ),
    )
  }
}

function saidOf(many: number): string {
  if (many === 0) return 'Nobody is on the blacklist of this network.'
  return many === 1 ? 'One peer is on it.' : `${count(many)} peers are on it.`
}
