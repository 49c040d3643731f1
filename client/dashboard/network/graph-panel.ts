// The panel with the graph: picture, legend, list and details, kept to one chosen peer.

import { make, setText } from '../dom.ts'
import type { Failure } from '../edge/ask.ts'
import type { Topology } from '../edge/shapes.ts'
import { REGION_ORDER, regionName } from '../regions.ts'
import { count } from '../words.ts'
import { FAST_MS, SLOW_MS } from './graph/drawing.ts'
import { GraphView } from './graph/graph-view.ts'
import { PeerDetails } from './peer-details.ts'
import { NetworkPeerList } from './peer-list.ts'

export class GraphPanel {
  readonly element: HTMLElement
  readonly #view: GraphView
  readonly #list: NetworkPeerList
  readonly #details = new PeerDetails()
  readonly #legend = make('ul', { class: 'legend', 'aria-label': 'Regions' })
  readonly #summary = make('p', { class: 'graph-summary', id: 'graph-summary' }, 'Asking who is here…')
  readonly #problem = make('p', { class: 'problem', role: 'status' })
  readonly #empty = make(
    'p',
    { class: 'graph-empty empty' },
    'Nobody is in this network at the moment. Open the page “Try it” in a tab, and it appears here.',
  )

  constructor() {
    const listener = {
      chosen: (peer: string | undefined) => this.#choose(peer),
      pointed: (peer: string | undefined) => this.#view.pointTo(peer),
    }
    this.#list = new NetworkPeerList(listener)
    this.#view = new GraphView({ ...listener, pointed: (peer) => this.#hint(peer) })
    this.#view.canvas.setAttribute('aria-labelledby', 'graph-title')
    this.#view.canvas.setAttribute('aria-describedby', 'graph-summary graph-keys')
    this.#empty.hidden = true
    this.element = make(
      'section',
      { class: 'panel graph-panel', 'aria-labelledby': 'graph-title' },
      this.#head(),
      this.#problem,
      make(
        'div',
        { class: 'graph-body' },
        make('div', { class: 'graph-place' }, this.#view.canvas, this.#empty),
        make('div', { class: 'graph-side' }, this.#list.element, this.#details.element),
      ),
      make('div', { class: 'legends' }, this.#legend, linkLegend()),
      make(
        'p',
        { class: 'graph-keys', id: 'graph-keys' },
        'Drag to move (with two fingers on a touch screen), wheel or pinch to zoom; with the keyboard: arrows, + and −, 0 for all of it. The list has the same peers.',
      ),
    )
  }

  update(network: string, topology: Topology): void {
    const { peers, rooms, links, truncated } = topology
    setText(this.#problem, truncated ? 'There are more peers than are shown here.' : '')
    this.#empty.hidden = peers.length > 0
    const direct = links.filter(({ path }) => path === 'direct').length
    setText(
      this.#summary,
      `${counted(peers.length, 'peer')} in ${counted(rooms.length, 'room')}, ${counted(links.length, 'link')}: ` +
        `${count(direct)} direct, ${count(links.length - direct)} by the relay.`,
    )
    this.#showLegend(topology)
    this.#view.show(topology)
    this.#list.show(topology)
    this.#details.update(network, topology)
  }

  end(): void {
    this.#view.end()
  }

  failed({ words }: Failure): void {
    setText(this.#problem, `Who is connected with whom cannot be shown: ${words}`)
  }

  #head(): HTMLElement {
    const button = (text: string, act: () => void, label = text) => {
      const made = make('button', { type: 'button', 'aria-label': label }, text)
      made.addEventListener('click', act)
      return made
    }
    return make(
      'div',
      { class: 'panel-head' },
      make('h2', { id: 'graph-title' }, 'Who is connected with whom'),
      this.#summary,
      make(
        'div',
        { class: 'graph-buttons' },
        button('+', () => this.#view.zoomBy(1.5), 'Zoom in'),
        button('−', () => this.#view.zoomBy(1 / 1.5), 'Zoom out'),
        button('Show all', () => this.#view.fit()),
      ),
    )
  }

  #choose(peer: string | undefined): void {
    this.#view.choose(peer)
    this.#list.choose(peer)
    this.#details.choose(peer)
  }

  #hint(peer: string | undefined): void {
    this.#view.canvas.title = peer ?? ''
  }

  #showLegend({ peers }: Topology): void {
    const counts = new Map<string, number>()
    for (const { region } of peers) counts.set(region, (counts.get(region) ?? 0) + 1)
    const rank = (region: string) => REGION_ORDER.indexOf(region)
    const present = [...counts].sort(([one], [other]) => rank(one) - rank(other))
    for (const [at, [region, many]] of present.entries()) {
      const item = this.#legend.children[at] ?? this.#legend.appendChild(this.#legendItem())
      const [button] = item.children
      if (!(button instanceof HTMLButtonElement)) continue
      button.dataset.region = region
      setText(button, `${regionName(region)} ${count(many)}`)
    }
    while (this.#legend.childElementCount > present.length) this.#legend.lastElementChild?.remove()
  }

  /** Shows where its peers are, while it is pointed to or has the focus. */
  #legendItem(): HTMLLIElement {
    const button = make('button', { type: 'button', class: 'region' })
    for (const event of ['pointerenter', 'focus'])
      button.addEventListener(event, () => this.#view.emphasizeRegion(button.dataset.region))
    for (const event of ['pointerleave', 'blur'])
      button.addEventListener(event, () => this.#view.emphasizeRegion(undefined))
    return make('li', {}, button)
  }
}

const counted = (many: number, one: string): string => `${count(many)} ${many === 1 ? one : `${one}s`}`

function linkLegend(): HTMLElement {
  const entry = (path: string, speed: string, text: string) =>
    make('li', {}, make('span', { class: 'stroke', 'data-path': path, 'data-speed': speed }), text)
  return make(
    'ul',
    { class: 'legend', 'aria-label': 'Links' },
    entry('direct', 'fast', 'direct'),
    entry('relay', 'fast', 'by the relay'),
    entry('direct', 'fast', `up to ${FAST_MS} ms`),
    entry('direct', 'middle', `up to ${SLOW_MS} ms`),
    entry('direct', 'slow', 'slower, or not measured'),
  )
}
