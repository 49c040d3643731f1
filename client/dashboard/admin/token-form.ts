// Where the administrator types the token in, and takes it back.

import { announce, make, setText } from '../dom.ts'
import { adminToken } from '../edge/token.ts'

export class TokenForm {
  readonly element: HTMLElement
  readonly #input = make('input', {
    id: 'admin-token',
    type: 'password',
    autocomplete: 'off',
    autocapitalize: 'none',
    'aria-describedby': 'token-note token-problem',
  })
  readonly #keep = make('input', { type: 'checkbox', id: 'admin-keep' })
  readonly #form: HTMLFormElement
  readonly #inUse = make('p', { id: 'token-in-use', tabindex: '-1' })
  readonly #forget = make('button', { type: 'button' }, 'Forget the token')
  readonly #problem = make('p', { class: 'problem', id: 'token-problem', role: 'alert' })

  constructor() {
    this.#form = make(
      'form',
      { class: 'token-form' },
      make(
        'div',
        { class: 'field' },
        make('label', { for: 'admin-token' }, 'Admin token'),
        make(
          'span',
          { class: 'joined-input' },
          this.#input,
          make('button', { type: 'submit', class: 'primary' }, 'Use it'),
        ),
      ),
      make(
        'label',
        { class: 'check' },
        this.#keep,
        make(
          'span',
          {},
          'Keep it in this tab ',
          make('small', {}, 'until the tab is closed; otherwise until it is reloaded'),
        ),
      ),
    )
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#use()
    })
    this.#forget.addEventListener('click', () => {
      adminToken.forget()
      this.#input.focus()
      announce('The token is forgotten')
    })
    this.element = make(
      'section',
      { class: 'panel', 'aria-labelledby': 'token-title' },
      make('h2', { id: 'token-title' }, 'Who you are'),
      make(
        'p',
        { class: 'empty', id: 'token-note' },
        'The deployment’s secret ADMIN_TOKEN. It goes to this edge with each question, in a header, and is written nowhere else.',
      ),
      this.#form,
      this.#problem,
      make('div', { class: 'token-used' }, this.#inUse, this.#forget),
    )
    this.refresh()
  }

  refresh(): void {
    const has = adminToken.value !== undefined
    this.#form.hidden = has
    this.#inUse.hidden = !has
    this.#forget.hidden = !has
    setText(this.#problem, '')
    const kept = adminToken.isKept
      ? 'kept in this tab until it is closed'
      : 'kept until this page is reloaded'
    setText(this.#inUse, `A token is in use, ${kept}.`)
  }

  /** What was wrong with it, said where it can be mended. */
  refuse(words: string): void {
    adminToken.forget()
    setText(this.#problem, words)
    this.#input.focus()
  }

  #use(): void {
    const token = this.#input.value.trim()
    if (!/^[\x21-\x7e]+$/.test(token)) {
      setText(this.#problem, 'A token is letters, digits, - and _ without spaces between.')
      return this.#input.focus()
    }
    this.#input.value = ''
    adminToken.use(token, this.#keep.checked)
    this.#inUse.focus()
  }
}
