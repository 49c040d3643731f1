// What administrators did, the newest first.

import { make, setText } from '../dom.ts'
import type { Failure } from '../edge/ask.ts'
import type { AuditEntry } from '../edge/shapes.ts'
import { columnHead, scrolling } from '../table.ts'
import { tame } from '../tame.ts'
import { count, moment, shortId } from '../words.ts'
import { reasonWords, untilWords } from './reasons.ts'

const ACTS: Readonly<Record<string, string>> = {
  list: 'Put on the blacklist',
  unlist: 'Taken off the blacklist',
}

const SHOWN_MAX = 100
const TEXT_CHARS_MAX = 500
const WORD_CHARS_MAX = 40

export class AuditPanel {
  readonly element: HTMLElement
  readonly #said = make('p', { class: 'empty', role: 'status' }, 'Asking…')
  readonly #rows = make('tbody', { id: 'audit-rows' })

  constructor() {
    const heads = ['Time', 'What was done', 'To', 'Reason', 'Until', 'By', 'Note'].map(columnHead)
    this.element = make(
      'section',
      { class: 'panel', 'aria-labelledby': 'audit-title' },
      make('h2', { id: 'audit-title' }, 'What administrators did'),
      this.#said,
      scrolling(
        'What administrators did',
        make('table', {}, make('thead', {}, make('tr', {}, ...heads)), this.#rows),
      ),
    )
  }

  show(entries: readonly AuditEntry[]): void {
    const more =
      entries.length > SHOWN_MAX ? `, the newest ${count(SHOWN_MAX)} of ${count(entries.length)}` : ''
    setText(this.#said, entries.length === 0 ? 'Nothing was done yet.' : `The newest first${more}.`)
    this.#rows.replaceChildren(...entries.slice(0, SHOWN_MAX).map(row))
  }

  failed({ words }: Failure): void {
    setText(this.#said, `This cannot be shown: ${words}`)
  }
}

function row({ atMs, act, id, by, note, terms }: AuditEntry): HTMLTableRowElement {
  const cell = (text: string, title = '') => make('td', title === '' ? {} : { title }, make('bdi', {}, text))
  const known = Object.hasOwn(ACTS, act) ? ACTS[act] : undefined
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, moment(atMs)),
    cell(known ?? tame(act, WORD_CHARS_MAX)),
    cell(id === '' ? '–' : shortId(id), id),
    cell(terms === undefined ? '–' : reasonWords(terms.reason)),
    cell(terms === undefined ? '–' : untilWords(terms.untilMs)),
    cell(by === 'admin' ? 'an administrator' : tame(by, WORD_CHARS_MAX)),
    cell(tame(note, TEXT_CHARS_MAX)),
  )
}
