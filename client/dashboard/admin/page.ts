// The page "Administration": the token, the blacklist of a network, and what administrators did.

import { find, make, setText } from '../dom.ts'
import { askFor, type Failure } from '../edge/ask.ts'
import { readAudit, readBlacklist } from '../edge/shapes.ts'
import { adminToken } from '../edge/token.ts'
import { NetworkForm, networkIn } from '../networks.ts'
import type { Page } from '../pages.ts'
import { AuditPanel } from './audit-panel.ts'
import { BlacklistPanel } from './blacklist-panel.ts'
import { TokenForm } from './token-form.ts'

export function open(place: HTMLElement): Page {
  return new AdminPage(place)
}

class AdminPage implements Page {
  readonly #networks = new NetworkForm('admin')
  readonly #token = new TokenForm()
  readonly #panels = make('div', { class: 'admin-panels' })
  readonly #why = make('p', { class: 'empty', id: 'admin-why' })
  readonly #audit = new AuditPanel()
  readonly #blacklist: BlacklistPanel
  #network: string | undefined
  #asked = new AbortController()

  constructor(place: HTMLElement) {
    this.#blacklist = new BlacklistPanel({
      changed: () => void this.#ask(),
      refused: (failure) => this.#token.refuse(failure.words),
    })
    const again = make('button', { type: 'button', id: 'admin-again' }, 'Ask again')
    again.addEventListener('click', () => void this.#ask())
    this.#panels.append(this.#blacklist.element, this.#audit.element, make('p', {}, again))
    place.append(
      make('div', { class: 'page-head' }, make('h2', {}, 'Administration'), this.#networks.element),
      this.#token.element,
      this.#why,
      this.#panels,
    )
    adminToken.listen(() => {
      this.#token.refresh()
      void this.#ask()
    })
  }

  show(rest: string): void {
    this.#network = networkIn(rest)
    if (this.#network === undefined) this.#networks.refuse()
    else this.#networks.show(this.#network)
    void this.#ask()
  }

  hide(): void {
    this.#asked.abort()
  }

  async #ask(): Promise<void> {
    this.#asked.abort()
    const asked = new AbortController()
    this.#asked = asked
    const network = this.#network
    const may = network !== undefined && adminToken.value !== undefined
    this.#panels.hidden = !may
    setText(this.#why, may ? '' : 'With the token you see here who is on the blacklist, and change it.')
    this.#why.hidden = may
    if (network === undefined || !may) return
    const query = `?network=${encodeURIComponent(network)}`
    const [list, audit] = await Promise.all([
      askFor(`/network/blacklist${query}`, readBlacklist, asked),
      askFor(`/network/audit${query}`, readAudit, asked),
    ])
    if (asked.signal.aborted) return
    const failure: Failure | undefined = 'failure' in list ? list.failure : undefined
    if (failure?.code.startsWith('admin-')) return this.#token.refuse(failure.words)
    if ('failure' in list) this.#blacklist.failed(list.failure)
    else this.#blacklist.show(network, list.value)
    if ('failure' in audit) this.#audit.failed(audit.failure)
    else this.#audit.show(audit.value)
    find(document, '#page-admin', HTMLElement).dataset.asked = network
  }
}
