// The peers as a list beside the graph: searched, walked with the arrow keys, and the same for those who see no graph.

import { make, setText } from '../dom.ts'
import type { Topology, TopologyPeer } from '../edge/shapes.ts'
import { regionName } from '../regions.ts'
import { tame } from '../tame.ts'
import { count, shortId } from '../words.ts'

export interface PeerListListener {
  chosen(peer: string | undefined): void
  pointed(peer: string | undefined): void
}

/** More at once is more than anybody reads; "Show more" has the rest. */
const SHOWN_AT_ONCE = 100
const ROOM_CHARS_MAX = 40

export class NetworkPeerList {
  readonly element: HTMLElement
  readonly #listener: PeerListListener
  readonly #search = make('input', {
    id: 'peer-search',
    type: 'search',
    autocomplete: 'off',
    placeholder: 'id, region or room',
  })
  readonly #list = make('ul', {
    class: 'peer-options',
    role: 'listbox',
    tabindex: '0',
    'aria-label': 'Peers',
  })
  readonly #note = make('p', { class: 'empty', role: 'status' })
  readonly #more = make('button', { type: 'button' }, 'Show more')
  #topology: Topology | undefined
  #found: readonly TopologyPeer[] = []
  #shownMax = SHOWN_AT_ONCE
  #chosen: string | undefined

  constructor(listener: PeerListListener) {
    this.#listener = listener
    this.#search.spellcheck = false
    this.#search.addEventListener('input', () => {
      this.#shownMax = SHOWN_AT_ONCE
      this.#refresh()
    })
    this.#search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'ArrowDown') return
      event.preventDefault()
      this.#list.focus()
      const [first] = this.#found
      if (first !== undefined) listener.chosen(first.id)
    })
    this.#more.addEventListener('click', () => {
      this.#shownMax += SHOWN_AT_ONCE
      this.#refresh()
    })
    this.#list.addEventListener('click', ({ target }) => {
      const id = target instanceof Element ? target.closest('li')?.dataset.id : undefined
      if (id !== undefined) listener.chosen(id)
    })
    this.#list.addEventListener('pointerover', ({ target }) => {
      listener.pointed(target instanceof Element ? target.closest('li')?.dataset.id : undefined)
    })
    this.#list.addEventListener('pointerleave', () => listener.pointed(undefined))
    this.#list.addEventListener('keydown', (event) => this.#key(event))
    this.element = make(
      'div',
      { class: 'peer-finder' },
      make('label', { for: 'peer-search' }, 'Find a peer'),
      this.#search,
      this.#note,
      this.#list,
      this.#more,
    )
    this.#more.hidden = true
  }

  show(topology: Topology): void {
    this.#topology = topology
    this.#refresh()
  }

  choose(peer: string | undefined): void {
    this.#chosen = peer
    this.#mark()
  }

  #refresh(): void {
    const { peers, rooms } = this.#topology ?? { peers: [], rooms: [] }
    const wanted = this.#search.value.trim().toLowerCase()
    const roomNames = rooms.map(({ name }) => (name ?? '').toLowerCase())
    const fits = ({ id, region, rooms: within }: TopologyPeer) =>
      id.toLowerCase().includes(wanted) ||
      region.includes(wanted) ||
      regionName(region).toLowerCase().includes(wanted) ||
      within.some((room) => roomNames[room]?.includes(wanted) === true)
    this.#found = wanted === '' ? peers : peers.filter(fits)
    const shown = this.#found.slice(0, this.#shownMax)
    setText(this.#note, noteOf(peers.length, this.#found.length, shown.length, wanted !== ''))
    this.#more.hidden = shown.length === this.#found.length
    for (const [at, peer] of shown.entries()) this.#fill(at, peer)
    while (this.#list.childElementCount > shown.length) this.#list.lastElementChild?.remove()
    this.#mark()
  }

  #fill(at: number, { id, region, rooms }: TopologyPeer): void {
    const option = this.#list.children[at] ?? this.#list.appendChild(newOption(at))
    if (!(option instanceof HTMLLIElement)) return
    option.dataset.id = id
    option.dataset.region = region
    const [name, where] = option.children
    const names = rooms.map((room) => tame(this.#topology?.rooms[room]?.name ?? '', ROOM_CHARS_MAX))
    const said = names.filter((each) => each !== '').join(', ')
    if (name !== undefined) setText(name, shortId(id))
    if (where !== undefined)
      setText(where, said === '' ? regionName(region) : `${regionName(region)} · ${said}`)
  }

  #mark(): void {
    this.#list.removeAttribute('aria-activedescendant')
    for (const option of this.#list.children) {
      const isChosen = option instanceof HTMLElement && option.dataset.id === this.#chosen
      option.setAttribute('aria-selected', String(isChosen))
      if (isChosen) this.#list.setAttribute('aria-activedescendant', option.id)
    }
  }

  #key(event: KeyboardEvent): void {
    const last = Math.min(this.#found.length, this.#shownMax) - 1
    const at = this.#found.findIndex(({ id }) => id === this.#chosen)
    const goals: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? last : at - 1,
      PageDown: at + 10,
      PageUp: at - 10,
      Home: 0,
      End: last,
    }
    if (event.key === 'Escape') return this.#listener.chosen(undefined)
    const goal = goals[event.key]
    if (goal === undefined || last < 0) return
    event.preventDefault()
    const place = Math.max(0, Math.min(last, goal))
    this.#listener.chosen(this.#found[place]?.id)
    this.#list.children[place]?.scrollIntoView({ block: 'nearest' })
  }
}

function newOption(at: number): HTMLLIElement {
  return make(
    'li',
    { role: 'option', id: `peer-option-${at}` },
    make('span', { class: 'id' }),
    make('bdi', { class: 'where' }),
  )
}

function noteOf(all: number, found: number, shown: number, isSearch: boolean): string {
  if (all === 0) return 'No peers at the moment.'
  if (found === 0) return 'No peer is called so.'
  const of = isSearch
    ? `${count(found)} of ${count(all)} peers`
    : `${count(all)} ${all === 1 ? 'peer' : 'peers'}`
  return shown < found ? `${of}, the first ${count(shown)} shown.` : `${of}.`
}
