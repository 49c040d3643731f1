// Which network the pages speak of: named in the address after the page, so that a link or a reload shows the same one.

import { isNetworkName } from '../../protocol/names.ts'
import { find, make, setText } from './dom.ts'
import { addressOf, type PageName } from './pages.ts'

/** The network the README's examples use: whoever tries them meets the first page, and is seen on the second. */
export const NETWORK_SHOWN = 'demo'

/** What stands in an address may be anything; undefined where it names no network. */
export function networkIn(rest: string): string | undefined {
  if (rest === '') return NETWORK_SHOWN
  return isNetworkName(rest) ? rest : undefined
}

/** Where a visitor types which network they want to see; `onPage` is shown with it then. */
export class NetworkForm {
  readonly element: HTMLFormElement
  readonly #input: HTMLInputElement
  readonly #problem: HTMLElement

  constructor(onPage: PageName) {
    const id = `${onPage}-network`
    this.#input = make('input', { id, maxlength: '128', autocomplete: 'off', autocapitalize: 'none' })
    this.#input.spellcheck = false
    this.#input.setAttribute('aria-describedby', `${id}-problem`)
    this.#problem = make('p', { class: 'problem', id: `${id}-problem`, role: 'alert' })
    this.element = make(
      'form',
      { class: 'field network-form' },
      make('label', { for: id }, 'Network'),
      make('span', { class: 'joined-input' }, this.#input, make('button', { type: 'submit' }, 'Show')),
      this.#problem,
    )
    this.element.addEventListener('submit', (event) => {
      event.preventDefault()
      const name = this.#input.value.trim()
      if (!isNetworkName(name)) return this.refuse()
      const address = addressOf(onPage, name)
      if (address === location.hash) find(document, `#${id}`, HTMLInputElement).blur()
      else location.hash = address
    })
  }

  show(network: string): void {
    this.#input.value = network
    this.#input.removeAttribute('aria-invalid')
    setText(this.#problem, '')
  }

  refuse(): void {
    this.#input.setAttribute('aria-invalid', 'true')
    setText(
      this.#problem,
      'A network’s name is letters, digits and . _ ~ : @ - and begins with a letter or digit.',
    )
  }
}
