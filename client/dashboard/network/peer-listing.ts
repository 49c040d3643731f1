// What an administrator can do about the peer that is chosen: put it on the blacklist, or take it off. Shown to whoever has given the
// token on the page Administration.

import { isPeerId } from '../../../protocol/peer-id.ts'
import { confirmed } from '../confirmed.ts'
import { announce, make, setText } from '../dom.ts'
import type { Answer } from '../edge/ask.ts'
import { listPeer, termChoice, unlistPeer } from '../edge/blacklisting.ts'
import { adminToken } from '../edge/token.ts'
import { shortId } from '../words.ts'

export class PeerListing {
  readonly element = make('div', { class: 'peer-listing' })
  readonly #problem = make('p', { class: 'problem', role: 'alert' })
  readonly #term = termChoice('details-term')
  readonly #changed: () => void
  #shown = ''

  /** `changed`: what is known of the peer is to be asked for anew. */
  constructor(changed: () => void) {
    this.#changed = changed
    this.element.hidden = true
  }

  hide(): void {
    this.#shown = ''
    this.element.hidden = true
  }

  show(network: string, id: string, isListed: boolean): void {
    if (adminToken.value === undefined || !isPeerId(id)) return this.hide()
    const shown = `${network}/${id}/${isListed}`
    if (shown === this.#shown) return
    this.#shown = shown
    setText(this.#problem, '')
    const parts = isListed ? this.#takeOff(network, id) : this.#putOn(network, id)
    this.element.replaceChildren(...parts, this.#problem)
    this.element.hidden = false
  }

  #putOn(network: string, id: string): HTMLElement[] {
    const terms = { reason: 'admin', term: this.#term }
    const act = () => void this.#act(listPeer(network, id, terms), `${shortId(id)} is on the blacklist now`)
    return [
      make('label', { for: this.#term.id }, 'For how long'),
      this.#term,
      confirmed('Put on the blacklist', shortId(id), act),
    ]
  }

  #takeOff(network: string, id: string): HTMLElement[] {
    const act = () => void this.#act(unlistPeer(network, id), `${shortId(id)} is off the blacklist now`)
    return [confirmed('Take off the blacklist', shortId(id), act)]
  }

  async #act(asked: Promise<Answer<unknown>>, done: string): Promise<void> {
    const shown = this.#shown
    const answer = await asked
    if ('value' in answer) announce(done)
    // Another peer was chosen meanwhile.
    if (shown !== this.#shown) return
    if ('failure' in answer) return setText(this.#problem, answer.failure.words)
    this.#changed()
  }
}
